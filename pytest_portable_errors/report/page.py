"""The HTML report: one file that needs no other, made with Jinja2, which is an extra.

This module decides what the page says; ``page.html.jinja`` decides how it looks. The page can be
read without JavaScript, which only filters, searches and copies.
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

from pytest_portable_errors.diagnosis.cause_names import CAUSE_NAMES
from pytest_portable_errors.diagnosis.explain import first_sentence
from pytest_portable_errors.diagnosis.findings import Fix, tried
from pytest_portable_errors.diagnosis.printable import plain
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.decision_lines import (
    DECISIONS,
    decision_text,
    place_of_settings,
    shown_setting,
)
from pytest_portable_errors.report.defect_lines import SCOPE_TEXTS
from pytest_portable_errors.report.document import Document, Part
from pytest_portable_errors.report.fixes import fixes_of
from pytest_portable_errors.report.page_table import STATES, class_rows, receiver_columns
from pytest_portable_errors.report.rows import Verdict, is_own_item

# How the lines of a failure's text begin that the page shows in elements of their own.
_REASON_AND_FIXES = ("  why   ", "  fix   ")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cause:
    """The defects that have one cause, and are all new or all known."""

    name: str
    known: str
    """``new`` or ``known``."""
    says: list[str]
    """What one sees of it, in pieces: every second is code. [] for a cause that is not known."""
    defects: list[_Defect]


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
    defects, receivers = _defects(document), receiver_columns(document)
    anchors = {str(defect.row["cls"]): defect.anchor for defect in reversed(defects)}
    classes = class_rows(document, receivers, anchors)
    return environment.from_string(source).render(
        document=document,
        origin=_origin(document["run"]),
        defects=defects,
        causes=_by_cause(defects),
        receivers=receivers,
        classes=classes,
        decisions=_decisions(document),
        # Reports of versions before 0.2 have none.
        libraries=sorted(document.get("libraries", ()), key=lambda row: -row["lossy"]),
        states=STATES,
        scopes=SCOPE_TEXTS,
        shown_states=_present(
            STATES,
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


def _origin(run: Part) -> list[str]:
    """Project, time and commit, as far as they are known; older reports have none."""
    date, commit = run.get("date", ""), run.get("commit", "")
    return [
        *filter(None, [run.get("project", "")]),
        *([f"{date[:10]} {date[11:16]} UTC"] if date else []),
        *([f"commit {commit[:12]}"] if commit else []),
    ]


def _defects(document: Document) -> list[_Defect]:
    """The document's defects, the new ones first."""
    rows = sorted(document["defects"], key=lambda row: bool(row["is_known"]))
    return [_defect(f"defect-{number}", row) for number, row in enumerate(rows, start=1)]


def _by_cause(defects: list[_Defect]) -> list[_Cause]:
    """The defects by their cause, in the order in which causes are met: the new ones first."""
    groups: dict[tuple[str, str], list[_Defect]] = {}
    for defect in defects:
        groups.setdefault((str(defect.row["cause"]), defect.known), []).append(defect)
    return [
        _Cause(
            name=cause,
            known=known,
            says=first_sentence(cause).split("`") if cause in CAUSE_NAMES else [],
            defects=group,
        )
        for (cause, known), group in groups.items()
    ]


def _defect(anchor: str, row: Part) -> _Defect:
    detail = row["detail"]
    asked = "" if detail is None else detail["trip"]["receiver"]
    return _Defect(
        anchor=anchor,
        row=row,
        detail=detail,
        known="known" if row["is_known"] else "new",
        headline=""
        if detail is None
        else detail["headline"].removeprefix(short_name(row["cls"])).strip(),
        lines=[] if detail is None else list(_lines(detail["text"])),
        fixes=[(fix, tried(fix, asked)) for fix in fixes_of(detail)],
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
            run = document["run"]
            place = place_of_settings(run["toml_name"], run.get("toml_table", ""))
            shown = [(answer, shown_setting(setting, place)) for answer, setting in choices]
            text = decision_text(Verdict(value), classes).partition(" - ")[2]
            decisions.append(
                {
                    "text": text,
                    "question": question,
                    "place": place,
                    "choices": shown,
                    "classes": classes,
                }
            )
    return decisions
