"""The HTML report: one file that needs no other, made with Jinja2, which is an extra.

This module decides what the page says; ``page.html.jinja`` decides how it looks. The page can be
read without JavaScript, which only filters and searches.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.resources
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from pytest_portable_errors.diagnosis.findings import Fix, fix_outcome
from pytest_portable_errors.diagnosis.printable import plain
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.report.decision_lines import DECISIONS, decision_text, toml_setting
from pytest_portable_errors.report.defect_lines import SCOPE_TEXTS
from pytest_portable_errors.report.document import Document, Part
from pytest_portable_errors.report.rows import Verdict, is_own_item

_STATES = {
    "lossy": "lossy",
    "undecided": "undecided",
    "whole": "whole",
    "tests": "made by tests",
    "python": "not carried by Python itself",
    "unchecked": "not checked",
}
# Verdict -> state, and the note of a cell (None: the kinds of what was lost); the worst first.
_VERDICTS = {
    Verdict.DEFECT.value: ("lossy", None),
    Verdict.LACKS_PROJECT.value: ("undecided", "project is missing"),
    Verdict.DROPS_CHAIN.value: ("undecided", "chain is missing"),
    Verdict.OF_TESTS.value: ("tests", ""),
    Verdict.OF_PYTHON.value: ("python", ""),
    Verdict.WHOLE.value: ("whole", ""),
}
_WORST_FIRST = list(_VERDICTS)
# How the lines of a failure's text begin that the page shows in elements of their own.
_REASON_AND_FIXES = ("  why   ", "  fix   ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receiver:
    """A group of columns of the table of classes."""

    name: str
    serializers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """A cell of the table: the results of a class with one receiver and serializer."""

    state: str
    """A key of ``_STATES``; empty if no exception of the class was sent that way."""
    note: str = ""
    """What was lost, or what is missing; empty if the state says all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """A row of the table of classes."""

    cls: str
    state: str
    """A key of ``_STATES``."""
    scopes: str
    """Keys of ``SCOPE_TEXTS``, separated by spaces."""
    known: str
    """``new``, ``known`` or both, separated by a space; empty without a defect."""
    exceptions: int
    """How many were checked."""
    anchor: str
    """HTML ID of its first defect; empty without one."""
    cells: list[_Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Defect:
    """A defect as the page shows it."""

    anchor: str
    """Its HTML ID."""
    row: Mapping[str, object]
    """The defect as the document has it."""
    detail: Mapping[str, object] | None
    known: str
    """``new`` or ``known``."""
    headline: str
    """The headline without the class's name, with which it begins; empty without a detail."""
    lines: list[tuple[str, str]]
    """What was lost: (``sent``, ``received`` or empty, the line)."""
    fixes: list[tuple[Fix, str]]
    """(fix, what became of the exception with it), the best first."""
    tests: list[str]
    """Node IDs of the tests that met it, without this plugin's own items."""
    ways: list[str]
    """How the instances were built that showed it."""


def page(document: Document) -> str:
    """The HTML report of a document.

    Args:
        document: What ``document()`` gave, or a JSON report that was read from a file.
    """
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_printable,
    )
    environment.filters.update(short_name=short_name, content_hash=_content_hash)
    source = (
        importlib.resources.files(__package__)
        .joinpath("page.html.jinja")
        .read_text(encoding="utf-8")
    )
    defects, receivers = _defects(document), _receivers(document)
    classes = _classes(document, receivers, defects)
    return environment.from_string(source).render(
        document=document,
        defects=defects,
        receivers=receivers,
        classes=classes,
        decisions=_decisions(document),
        states=_STATES,
        scopes=SCOPE_TEXTS,
        shown_states=_present(
            _STATES,
            {row.state for row in classes}
            | ({"unchecked"} if document["not_checked"] or document["run"]["crashed"] else set()),
        ),
        shown_scopes=_present(
            SCOPE_TEXTS, {scope for row in classes for scope in row.scopes.split()}
        ),
    )


def _printable(value: object) -> object:
    """Clean what an expression of the template prints: the document may be read from a file."""
    return value if isinstance(value, Markup) else plain(value)


def _content_hash(content: str) -> str:
    """The hash by which a Content-Security-Policy allows this script or style, and no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _present(words: Mapping[str, str], keys: set[str]) -> dict[str, str]:
    return {key: word for key, word in words.items() if key in keys}


def _defects(document: Document) -> list[_Defect]:
    """The document's defects, the new ones first."""
    rows = sorted(document["defects"], key=lambda row: bool(row["is_known"]))
    return [_defect(f"defect-{number}", row) for number, row in enumerate(rows, start=1)]


def _defect(anchor: str, row: Part) -> _Defect:
    detail = row["detail"]
    fixes = [] if detail is None else [Fix(**fix) for fix in detail["fixes"]]
    return _Defect(
        anchor=anchor,
        row=row,
        detail=detail,
        known="known" if row["is_known"] else "new",
        headline=""
        if detail is None
        else detail["headline"].removeprefix(short_name(row["cls"])).strip(),
        lines=[] if detail is None else list(_lines(detail["text"])),
        fixes=[(fix, fix_outcome(fix, detail["trip"]["receiver"])) for fix in fixes],
        tests=[node for node in row["tests"] if not is_own_item(node)],
        ways=[way for way in row["ways"] if way != "raised"],
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The differences in a failure's text: after its headline, before the reason and the fixes."""
    differences = itertools.takewhile(
        lambda line: not line.startswith(_REASON_AND_FIXES), text.split("\n")[1:]
    )
    for line in "\n".join(differences).strip("\n").split("\n"):
        yield {"  - ": "sent", "  + ": "received"}.get(line[:4], ""), line.removeprefix("  ")


def _decisions(document: Document) -> list[dict[str, object]]:
    decisions: list[dict[str, object]] = []
    for value, classes in document["open_decisions"].items():
        if classes:
            _, _, question, choices = DECISIONS[Verdict(value)]
            toml_name = document["run"]["toml_name"]
            shown = [
                (answer, setting if toml_name is None else toml_setting(setting))
                for answer, setting in choices
            ]
            text = decision_text(Verdict(value), classes).partition(" - ")[2]
            decisions.append(
                {"text": text, "question": question, "choices": shown, "classes": classes}
            )
    return decisions


def _findings(document: Document) -> Iterator[tuple[Part, Part]]:
    for row in _rows(document):
        for finding in row["findings"]:
            yield row, finding


def _rows(document: Document) -> Iterator[Part]:
    for phases in document["tests"].values():
        for entries in phases.values():
            yield from entries["rows"]


def _receivers(document: Document) -> list[_Receiver]:
    """The groups of columns: named receivers in the documentation's order, then interpreters.

    Serializers are in the order of the findings.
    """
    serializers: dict[str, dict[str, None]] = {}
    for _, finding in _findings(document):
        serializers.setdefault(finding["receiver"], {})[finding["serializer"]] = None
    named = [name for name in NAMED_RECEIVERS if name in serializers]
    interpreters = sorted(set(serializers) - set(named))
    return [
        _Receiver(name=name, serializers=list(serializers[name]))
        for name in (*named, *interpreters)
    ]


def _classes(
    document: Document, receivers: list[_Receiver], defects: list[_Defect]
) -> list[_Class]:
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
    first_anchors = {defect.row["cls"]: defect.anchor for defect in reversed(defects)}
    rows = []
    for cls, state in document["classes"].items():
        by_column = findings_of[cls]
        lossy = [finding for cell in by_column.values() for finding in cell if finding["cause"]]
        of_defects = [finding for finding in lossy if finding["verdict"] == Verdict.DEFECT.value]
        rows.append(
            _Class(
                cls=cls,
                state=state,
                scopes=" ".join(sorted({finding["scope"] for finding in lossy})),
                known=" ".join(
                    sorted({"known" if finding["is_known"] else "new" for finding in of_defects})
                ),
                exceptions=counts[cls],
                anchor=first_anchors.get(cls, ""),
                cells=[_cell(by_column.get(column, [])) for column in columns],
            )
        )
    return rows


def _cell(findings: list[Part]) -> _Cell:
    """The cell for these findings: the worst verdict among them decides."""
    if not findings:
        return _Cell(state="")
    worst = min((finding["verdict"] for finding in findings), key=_WORST_FIRST.index)
    state, note = _VERDICTS[worst]
    kinds = sorted(
        {kind for finding in findings if finding["verdict"] == worst for kind in finding["kinds"]}
    )
    return _Cell(state=state, note=", ".join(kinds) if note is None else note)
