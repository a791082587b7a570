"""Our failures as pytest represents those of exceptions: what the short summary and JUnit quote is
their first line."""

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


class FailureRepr(ReprExceptionInfo):
    """A failure's text, which colours itself."""

    def __init__(self, text: str, path: str, line: int) -> None:
        """``line`` counts from 1. Where pytest finds itself on CI it prints the crash's message
        untrimmed, and the text is long."""
        crash = ReprFileLocation(path, line, text.partition("\n")[0])
        super().__init__(
            reprtraceback=ReprTraceback([ReprEntryNative([text])], None, style="native"),
            reprcrash=crash,
        )
        self.text = text

    def __str__(self) -> str:
        return self.text

    def toterminal(self, tw: TerminalWriter) -> None:
        """Called by pytest with its terminal writer."""
        for number, line in enumerate(self.text.splitlines()):
            markup = (
                {"red": True, "bold": True}
                if number == 0
                else next((markup for start, markup in _MARKUP if line.startswith(start)), {})
            )
            tw.line(line, **markup)
