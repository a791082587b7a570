"""The HTML report: one file that needs nothing else. Made by Jinja2, which is an extra.

Here is what the page says; ``page.html.jinja`` is how it looks. All of it is readable without
JavaScript, which only filters and searches.
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
from pytest_portable_errors.report.decision_lines import DECISIONS, decision_text, toml_choice
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
# the worst first: state, and what is to be said of it where that is not what was lost
_VERDICTS = {
    Verdict.DEFECT.value: ("lossy", None),
    Verdict.LACKS_PROJECT.value: ("undecided", "project is missing"),
    Verdict.DROPS_CHAIN.value: ("undecided", "chain is missing"),
    Verdict.OF_TESTS.value: ("tests", ""),
    Verdict.OF_PYTHON.value: ("python", ""),
    Verdict.WHOLE.value: ("whole", ""),
}
_WORST_FIRST = list(_VERDICTS)
# begins of lines in a failure's text; from there on it is shown in parts of its own
_TOLD_APART = ("  why   ", "  fix   ")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Receiver:
    """A group of the table's columns."""

    name: str
    serializers: list[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cell:
    """What became of a class with one receiver and serializer."""

    state: str
    """A key of ``_STATES``; empty if it was not sent that way."""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Class:
    """A row of the table."""

    cls: str
    state: str
    """A key of ``_STATES``."""
    scopes: str
    """Keys of ``SCOPE_TEXTS``, separated by spaces."""
    known: str
    """``new`` and ``known``, likewise."""
    exceptions: int
    anchor: str
    """ID of its first defect; empty without one."""
    cells: list[_Cell]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Defect:
    """A defect as it is shown."""

    anchor: str
    row: Mapping[str, object]
    """The document's."""
    detail: Mapping[str, object] | None
    known: str
    """``new`` or ``known``."""
    what: str
    """What became of it: the headline, without the name that it begins with."""
    lines: list[tuple[str, str]]
    """What was lost: ``sent``, ``received`` or empty, and the line."""
    fixes: list[tuple[Fix, str]]
    """With what became of each."""
    tests: list[str]
    """Node IDs of the project's own tests."""
    ways: list[str]
    """How instances were built that showed it."""


def page(document: Document) -> str:
    """The page."""
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
    """What an expression of the template prints: a report can be read from a file, so its texts are
    cleaned here again."""
    return value if isinstance(value, Markup) else plain(value)


def _content_hash(content: str) -> str:
    """What a Content-Security-Policy calls a script or style, so that the browser runs this one and
    no other."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()}'"


def _present(words: Mapping[str, str], found: set[str]) -> dict[str, str]:
    return {key: word for key, word in words.items() if key in found}


def _defects(document: Document) -> list[_Defect]:
    """Those that nobody knew of first."""
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
        what=""
        if detail is None
        else detail["headline"].removeprefix(short_name(row["cls"])).strip(),
        lines=[] if detail is None else list(_lines(detail["text"])),
        fixes=[(fix, fix_outcome(fix, detail["trip"]["receiver"])) for fix in fixes],
        tests=[node for node in row["tests"] if not is_own_item(node)],
        ways=[way for way in row["ways"] if way != "raised"],
    )


def _lines(text: str) -> Iterator[tuple[str, str]]:
    """The differences, out of the failure's text: after its headline, and before the reason and the
    fixes."""
    told = itertools.takewhile(lambda line: not line.startswith(_TOLD_APART), text.split("\n")[1:])
    for line in "\n".join(told).strip("\n").split("\n"):
        yield {"  - ": "sent", "  + ": "received"}.get(line[:4], ""), line.removeprefix("  ")


def _decisions(document: Document) -> list[dict[str, object]]:
    found = []
    for value, classes in document["open_decisions"].items():
        if classes:
            _, _, question, choices = DECISIONS[Verdict(value)]
            toml_name = document["run"]["toml_name"]
            shown = (
                choices if toml_name is None else (*choices, toml_choice(Verdict(value), toml_name))
            )
            text = decision_text(Verdict(value), classes).partition(" - ")[2]
            found.append({"text": text, "question": question, "choices": shown, "classes": classes})
    return found


def _findings(document: Document) -> Iterator[tuple[Part, Part]]:
    for row in _rows(document):
        for finding in row["findings"]:
            yield row, finding


def _rows(document: Document) -> Iterator[Part]:
    for phases in document["tests"].values():
        for entries in phases.values():
            yield from entries["rows"]


def _receivers(document: Document) -> list[_Receiver]:
    """The columns: named receivers in the order in which the documentation has them, then
    interpreters; serializers as they came."""
    found: dict[str, dict[str, None]] = {}
    for _, finding in _findings(document):
        found.setdefault(finding["receiver"], {})[finding["serializer"]] = None
    named = [name for name in NAMED_RECEIVERS if name in found]
    others = sorted(set(found) - set(named))
    return [_Receiver(name=name, serializers=list(found[name])) for name in (*named, *others)]


def _classes(
    document: Document, receivers: list[_Receiver], defects: list[_Defect]
) -> list[_Class]:
    met: dict[str, dict[tuple[str, str], list[Part]]] = {}
    for row, finding in _findings(document):
        met.setdefault(row["cls"], {}).setdefault(
            (finding["receiver"], finding["serializer"]), []
        ).append(finding)
    counts: dict[str, int] = {}
    for row in _rows(document):
        counts[row["cls"]] = counts.get(row["cls"], 0) + row["count"]
    columns = [
        (receiver.name, serializer) for receiver in receivers for serializer in receiver.serializers
    ]
    first = {one.row["cls"]: one.anchor for one in reversed(defects)}
    found = []
    for cls, state in document["classes"].items():
        lost = [
            finding for findings in met[cls].values() for finding in findings if finding["cause"]
        ]
        decided = [finding for finding in lost if finding["verdict"] == Verdict.DEFECT.value]
        found.append(
            _Class(
                cls=cls,
                state=state,
                scopes=" ".join(sorted({finding["scope"] for finding in lost})),
                known=" ".join(
                    sorted({"known" if finding["is_known"] else "new" for finding in decided})
                ),
                exceptions=counts[cls],
                anchor=first.get(cls, ""),
                cells=[_cell(met[cls].get(column, [])) for column in columns],
            )
        )
    return found


def _cell(findings: list[Part]) -> _Cell:
    """The worst of what became of it."""
    if not findings:
        return _Cell(state="")
    worst = min((finding["verdict"] for finding in findings), key=_WORST_FIRST.index)
    state, note = _VERDICTS[worst]
    kinds = sorted(
        {kind for finding in findings if finding["verdict"] == worst for kind in finding["kinds"]}
    )
    return _Cell(state=state, note=", ".join(kinds) if note is None else note)
