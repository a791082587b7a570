"""The table of classes on the page: what became of each, by receiver and serializer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.report.document import Document, Part
from pytest_portable_errors.report.rows import Verdict

STATES = {
    "lossy": "lossy",
    "undecided": "undecided",
    "whole": "whole",
    "tests": "made by tests",
    "python": "not carried by Python itself",
    "unchecked": "not checked",
}
"""Keys are the states of classes in a document; what the page calls each."""
# Verdict -> state, and the note of a cell (None: the kinds of what was lost); the worst first.
_VERDICTS = {
    Verdict.DEFECT.value: ("lossy", None),
    Verdict.LACKS_PROJECT.value: ("undecided", "project is missing"),
    Verdict.NOT_SET_UP.value: ("undecided", "receiver is not set up"),
    Verdict.DROPS_CHAIN.value: ("undecided", "chain is missing"),
    Verdict.OF_TESTS.value: ("tests", ""),
    Verdict.NOT_CHECKED.value: ("unchecked", ""),
    Verdict.OF_PYTHON.value: ("python", ""),
    Verdict.LOSES_ADDITIONS.value: ("whole", "without what was added later"),
    Verdict.OTHER_ARGS.value: ("whole", "with other args"),
    Verdict.WHOLE.value: ("whole", ""),
}
_WORST_FIRST = list(_VERDICTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReceiverColumns:
    """A group of columns of the table of classes."""

    name: str
    serializers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell of the table: the results of a class with one receiver and serializer."""

    state: str
    """A key of ``STATES``; empty if no exception of the class was sent that way."""
    note: str = ""
    """What was lost, or what is missing; empty if the state says all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRow:
    """A row of the table of classes."""

    cls: str
    state: str
    """A key of ``STATES``."""
    scopes: str
    """Keys of ``SCOPE_TEXTS``, separated by spaces."""
    known: str
    """``new``, ``known`` or both, separated by a space; empty without a defect."""
    exceptions: int
    """How many were checked."""
    anchor: str
    """HTML ID of its first defect; empty without one."""
    cells: list[Cell]


def receiver_columns(document: Document) -> list[ReceiverColumns]:
    """The groups of columns: named receivers in the documentation's order, then interpreters.

    Serializers are in the order of the findings.
    """
    serializers: dict[str, dict[str, None]] = {}
    for _, finding in _findings(document):
        serializers.setdefault(finding["receiver"], {})[finding["serializer"]] = None
    named = [name for name in NAMED_RECEIVERS if name in serializers]
    interpreters = sorted(set(serializers) - set(named))
    return [
        ReceiverColumns(name=name, serializers=list(serializers[name]))
        for name in (*named, *interpreters)
    ]


def class_rows(
    document: Document, receivers: list[ReceiverColumns], anchors: Mapping[str, str]
) -> list[ClassRow]:
    """The rows of the table, in the document's order.

    Args:
        document: The document.
        receivers: The columns that the cells are for.
        anchors: Class -> HTML ID of its first defect.
    """
    findings_of: dict[str, dict[tuple[str, str], list[Part]]] = {}
    for row, finding in _findings(document):
        findings_of.setdefault(row["cls"], {}).setdefault(
            (finding["receiver"], finding["serializer"]), []
        ).append(finding)
    counts: dict[str, int] = {}
    for row in _rows(document):
        counts[row["cls"]] = counts.get(row["cls"], 0) + row["count"]
    columns = [
        (receiver.name, serializer) for receiver in receivers for serializer in receiver.serializers
    ]
    rows = []
    for cls, state in document["classes"].items():
        by_column = findings_of[cls]
        lossy = [finding for cell in by_column.values() for finding in cell if finding["cause"]]
        of_defects = [finding for finding in lossy if finding["verdict"] == Verdict.DEFECT.value]
        rows.append(
            ClassRow(
                cls=cls,
                state=state,
                scopes=" ".join(sorted({finding["scope"] for finding in lossy})),
                known=" ".join(
                    sorted({"known" if finding["is_known"] else "new" for finding in of_defects})
                ),
                exceptions=counts[cls],
                anchor=anchors.get(cls, ""),
                cells=[_cell(by_column.get(column, [])) for column in columns],
            )
        )
    return rows


def _findings(document: Document) -> Iterator[tuple[Part, Part]]:
    for row in _rows(document):
        for finding in row["findings"]:
            yield row, finding


def _rows(document: Document) -> Iterator[Part]:
    for phases in document["tests"].values():
        for entries in phases.values():
            yield from entries["rows"]


def _cell(findings: list[Part]) -> Cell:
    """The cell for these findings: the worst verdict among them decides."""
    if not findings:
        return Cell(state="")
    worst = min((finding["verdict"] for finding in findings), key=_WORST_FIRST.index)
    state, note = _VERDICTS[worst]
    kinds = sorted(
        {kind for finding in findings if finding["verdict"] == worst for kind in finding["kinds"]}
    )
    return Cell(state=state, note=", ".join(kinds) if note is None else note)
