"""The plugin's failures in the form in which pytest represents exceptions.

So the short summary and JUnit's XML quote their first line.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

# pytest has no public way to make one. The names are those of all versions from 7.4 on.
from _pytest._code.code import ReprEntryNative, ReprExceptionInfo, ReprFileLocation, ReprTraceback

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

_MARKUP = (
    ("  - ", {"red": True}),
    ("  + ", {"green": True}),
    ("  why ", {"bold": True}),
    ("  fix ", {"bold": True}),
    ("  received  nothing", {"red": True}),
)
"""Beginning of a line -> the markup that pytest's terminal writer gives it."""


class FailureRepr(ReprExceptionInfo):
    """A failure's text, printed in colour."""

    def __init__(self, text: str, path: str, line: int) -> None:
        """Make pytest's parts of it.

        Args:
            text: The text, one line or several; the first is its title.
            path: The test's file.
            line: The test's line in it, counted from 1.
        """
        # The message is the title alone: on CI pytest prints it untrimmed, and the text is long.
        crash = ReprFileLocation(path, line, text.partition("\n")[0])
        super().__init__(
            reprtraceback=ReprTraceback([ReprEntryNative([text])], None, style="native"),
            reprcrash=crash,
        )
        self.text = text

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Print the text: the title bold and red, other lines as they begin. pytest calls this."""
        for number, line in enumerate(self.text.splitlines()):
            markup = (
                {"red": True, "bold": True}
                if number == 0
                else next((markup for start, markup in _MARKUP if line.startswith(start)), {})
            )
            tw.line(line, **markup)
