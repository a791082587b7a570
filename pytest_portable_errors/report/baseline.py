"""The file of known defects: a repository adopts the plugin today, and only what is new fails.

A line for each defect: the class, the cause, what is lost, the serializer and the receiver. Sorted,
without paths or line numbers, so that it changes only when a defect does. Two branches that each
changed it are merged by keeping the lines of both.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pytest_portable_errors.errors import PortableErrorsError

_TITLE = "# Known defects of exceptions, by pytest-portable-errors; format 1."
_EXPLANATION = (
    (
        "# Written by `pytest --portable-errors --portable-errors-update-baseline`. Merge "
        "conflicts: keep the lines of both sides."
    ),
    "# class, cause, what is lost, serializer, receiver",
)
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


def in_a_line(cls: str) -> str:
    """A class's name as a field of a line."""
    return cls.replace(" ", "_")


class Entry(NamedTuple):
    """What is known to be lost."""

    cls: str
    """Dotted name."""
    cause: str
    """A diagnosis's name, ``unexplained`` where there is none."""
    kind: str
    """Of the loss: ``arrival``, ``message``..."""
    serializer: str
    receiver: str
    """Of an interpreter given by path only its name is kept: the path is one machine's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """Known defects."""

    entries: frozenset[Entry] = frozenset()

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]]) -> Baseline:
        """From the fields of its entries."""
        return cls(entries=frozenset(Entry(*row) for row in rows))

    def knows(self, entries: Iterable[Entry]) -> bool:
        """Whether all of these are known."""
        return self.entries.issuperset(entries)

    def text(self) -> str:
        """The file's content."""
        return (
            "\n".join([_TITLE, *_EXPLANATION, *(" ".join(entry) for entry in sorted(self.entries))])
            + "\n"
        )


def parse(text: str, *, origin: str) -> Baseline:
    """What a file holds; ``origin`` is its name.

    Raises PortableErrorsError that names the line which is wrong.
    """
    lines = text.splitlines()
    if not lines or not any(line == _TITLE for line in lines):
        raise PortableErrorsError(
            f'{origin}: this is no baseline that is known here: expected the line "{_TITLE}"'
        )
    entries = set()
    for number, line in enumerate(lines, start=1):
        if line.startswith(_CONFLICT):
            raise PortableErrorsError(
                f"{origin}:{number}: a merge conflict: keep the lines of both sides, and "
                "delete this one"
            )
        # a name may hold other blanks, such as \xa0
        fields = list(filter(None, line.replace("\t", " ").split(" ")))
        if not fields or line.startswith("#"):
            continue
        if len(fields) != len(Entry._fields):
            raise PortableErrorsError(
                f"{origin}:{number}: expected class, cause, what is lost, serializer and "
                f"receiver, got {line!r}"
            )
        entries.add(Entry(*fields))
    return Baseline(entries=frozenset(entries))


def read_baseline(file: Path | None) -> Baseline:
    """The known defects of a file. None, and a file that is not there yet: none are known.

    Raises PortableErrorsError for a file that cannot be read, or is no baseline.
    """
    if file is None or not file.exists():
        return Baseline()
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise PortableErrorsError(f"{file}: {error}") from error
    return parse(text, origin=file.name)
