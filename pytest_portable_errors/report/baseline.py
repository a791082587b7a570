"""The baseline: a file of known defects, so that only new ones fail.

Each line has a class, a cause, what is lost, the serializer and the receiver; or an open decision
in place of the class. Lines are sorted and have no paths or line numbers, so the file changes only
when a defect does. To merge two branches
that each changed it, keep the lines of both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.whole_files import write_whole

_TITLE = "# Known defects of exceptions, by pytest-portable-errors; format 1."
_EXPLANATION = (
    (
        "# Written by `pytest --portable-errors --portable-errors-update-baseline`. Merge "
        "conflicts: keep the lines of both sides."
    ),
    "# class, cause, what is lost, serializer, receiver",
)
_DECISION = "portable-errors::"
_LARGEST = 50_000_000  # characters of a baseline; a line has a hundred
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>", "|||||||")


def in_a_line(text: str) -> str:
    """A text as a field of a line, whatever a class, a serializer or an interpreter is called.

    Fields end at blanks, so these become ``_``; that also stands before what would begin a comment,
    a conflict or a decision, and for nothing at all.
    """
    field = re.sub(r"[ \t]", "_", text)
    return f"_{field}" if not field or field.startswith(("#", _DECISION, *_CONFLICT)) else field


class Entry(NamedTuple):
    """One line of the baseline: one kind of loss that is known; its texts are ``in_a_line``."""

    cls: str
    """Dotted name."""
    cause: str
    """A name of ``CAUSE_NAMES``; ``unexplained`` if no rule explains the loss."""
    kind: str
    """What is lost: ``arrival``, ``message``..."""
    serializer: str
    receiver: str
    """Its name; of an interpreter's path the last part, as the rest is one machine's."""

    @classmethod
    def of(cls, *texts: str) -> Entry:
        """An entry with these fields, each as it stands in a line."""
        return cls(*map(in_a_line, texts))

    @property
    def is_decision(self) -> bool:
        """Whether it holds an open decision, and no defect of a class."""
        return self.cls.startswith(_DECISION)


def decision_entry(decision: str) -> Entry:
    """The entry for an open decision: it holds for all classes, so that new ones do not fail."""
    return Entry(f"{_DECISION}{decision}", "undecided", "*", "*", "*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Baseline:
    """The known defects; without entries none are known."""

    entries: frozenset[Entry] = frozenset()

    @classmethod
    def of(cls, rows: Iterable[Sequence[str]]) -> Baseline:
        """A baseline from rows with the fields of ``Entry``, such as a JSON report has."""
        return cls(entries=frozenset(Entry(*row) for row in rows))

    def knows(self, entries: Iterable[Entry]) -> bool:
        """Whether all of these entries are known; True for none."""
        return self.entries.issuperset(entries)

    def text(self) -> str:
        """The content of the file, ending in a line feed."""
        return (
            "\n".join([_TITLE, *_EXPLANATION, *(" ".join(entry) for entry in sorted(self.entries))])
            + "\n"
        )


def parse(text: str, *, origin: str) -> Baseline:
    """Read the text of a baseline.

    Args:
        text: The content of the file.
        origin: The name of the file, for messages.

    Raises:
        PortableErrorsError: The text is no baseline of this format; the message names the line.
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
        # Not split(): a name may hold other blanks, such as \xa0.
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


def write_baseline(file: Path, baseline: Baseline) -> None:
    """Write the known defects to a file.

    Raises:
        OSError: It cannot be written; it is as it was.
    """
    write_whole(file, baseline.text().encode(), or_in_place=True)


def read_baseline(file: Path | None) -> Baseline:
    """Read the known defects of a file.

    Args:
        file: The file; for None, and for a file that does not exist yet, nothing is known.

    Raises:
        PortableErrorsError: The file cannot be read, or is no baseline.
    """
    if file is None or not file.exists():
        return Baseline()
    try:
        with open(file, encoding="utf-8") as stream:
            text = stream.read(_LARGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise PortableErrorsError(f"{file}: {error}") from error
    if len(text) > _LARGEST:
        raise PortableErrorsError(f"{file}: over the limit of {_LARGEST:,} characters")
    return parse(text, origin=file.name)
