"""What happens in production where an error does not arrive, or not as it was."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Where = Literal["not sent", "dumps", "loads", "replaced", "ends"]
"""Where a trip ended: the worker never sends such an exception; it could not be pickled; it could
not be rebuilt; something of another class arrived in its place; or it arrived, and ends a process.
"""
_NUMBER = re.compile(r"\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Consequence:
    """What was seen to happen with real workers and clients."""

    where: Where
    """Where the trip ended."""
    says: str
    """What then happens, in words: ``the worker process ends, the task stays RUNNING``."""
    seen: tuple[str, str]
    """The oldest and the newest version that this was seen with: ``("0.27", "0.28")``."""
    raises: str = ""
    """Dotted name of the class that the caller is given; empty if the caller gets nothing, or what
    dumps or loads raised."""
    is_answered: bool = True
    """Whether the caller is given anything, soon and always the same."""
    only: tuple[type[BaseException], ...] = (BaseException,)
    """The exceptions of which it is true."""


def consequence(
    table: Iterable[Consequence], where: Where, cls: type[BaseException]
) -> Consequence | None:
    """Return what happens to an exception of a class; None if nobody has seen it.

    Args:
        table: A carrier's; of several that apply the first counts.
        where: Where the trip ended.
        cls: The class that was sent.
    """
    return next(
        (row for row in table if row.where == where and issubclass(cls, row.only)),
        None,
    )


def consequence_text(row: Consequence, distribution: str, version: str) -> str:
    """Return a consequence with the versions that it was seen with.

    Args:
        row: The consequence.
        distribution: What brings the carrier; ``CPython`` for the standard library.
        version: The version that is installed. One outside of the range is said to be unknown.
    """
    oldest, newest = row.seen
    seen = oldest if oldest == newest else f"{oldest}-{newest}"
    if _minor(oldest) <= _minor(version) <= _minor(newest):
        return f"{row.says} ({distribution} {seen})"
    return f"{row.says} (seen with {distribution} {seen}, not seen with {version})"


def _minor(version: str) -> tuple[int, ...]:
    """The first two numbers of a version: what differs in the third is taken for the same."""
    return tuple(map(int, _NUMBER.findall(version)[:2]))
