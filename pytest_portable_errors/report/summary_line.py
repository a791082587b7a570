"""Lines of the summary, with their colours."""

from __future__ import annotations

from dataclasses import dataclass, field

NAMES = 3
"""Classes of a decision, or past a limit, that are named without -v."""
RED, YELLOW, GREEN, BOLD = (
    {"red": True, "bold": True},
    {"yellow": True},
    {"green": True},
    {"bold": True},
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the summary, and how the terminal shows it."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)
    """Keyword arguments of ``TerminalReporter.write_line``."""
    is_title: bool = False
    """Whether it is written in the middle of a rule of ``=``."""


def count(number: int, singular: str, plural: str | None = None) -> str:
    """``1 defect``, ``1,200 classes``; without a plural, it is the singular with an s."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
