"""A line of a summary, with its colour."""

from __future__ import annotations

from dataclasses import dataclass, field

NAMES = 3  # classes of a decision, likewise
RED, YELLOW, GREEN, BOLD = (
    {"red": True, "bold": True},
    {"yellow": True},
    {"green": True},
    {"bold": True},
)


@dataclass(frozen=True, slots=True)
class Line:
    """A line, and how the terminal shows it."""

    text: str
    markup: dict[str, bool] = field(default_factory=dict)
    is_title: bool = False


def count(number: int, one: str, more: str | None = None) -> str:
    return f"{number:,} {one if number == 1 else more or one + 's'}"
