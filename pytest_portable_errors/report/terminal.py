"""The failure text in colour, where the terminal has it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _pytest._io import TerminalWriter

_MARKUP = (
    ("  - ", {"red": True}),
    ("  + ", {"green": True}),
    ("  why ", {"bold": True}),
    ("  fix ", {"bold": True}),
    ("  received  nothing", {"red": True}),
)


class FailureText(str):
    """A failure's text that colours itself; everywhere else the text that it is."""

    __slots__ = ()

    def toterminal(self, out: TerminalWriter) -> None:
        """Called by pytest with its terminal writer."""
        for number, line in enumerate(self.splitlines()):
            markup = (
                {"red": True, "bold": True} if number == 0 else next((markup for start, markup in _MARKUP if line.startswith(start)), {})
            )
            out.line(line, **markup)
