"""Rows, documents and outcomes of runs that nobody made, for the tests of what is told of them."""

from __future__ import annotations

from typing import Any

from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.document import Document, document
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.rows import Detail, Entries, Finding, Row
from pytest_portable_errors.report.tally import Tally


def finding(
    verdict: str = "defect",
    *,
    cause: str = "init-does-not-fit-args",
    known: bool = False,
    **more: Any,
) -> Finding:
    whole = verdict == "whole"
    found: Finding = {
        "verdict": verdict,
        "cause": "" if whole else cause,
        "kinds": [] if whole else ["arrival"],
        "serializer": "pickle",
        "receiver": "without-project",
        "scope": "everywhere",
        "is_known": known,
        "whole_with_project": False,
    }
    return {**found, **more}  # type: ignore[typeddict-item]  # of a test's own


def detail(cls: str, *, cause: str = "init-does-not-fit-args", **more: Any) -> Detail:
    fix = {
        "title": "add __reduce__",
        "code": "def __reduce__(self):\n    return FIXED\n",
        "receiver": "without-project",
    }
    found: Detail = {
        "cls": cls,
        "cause": cause,
        "how": "raised",
        "test": "test_a.py::test_it",
        "headline": f"{cls} does not arrive: loads raised TypeError",
        "why": "loads calls it with one argument",
        "fixes": [
            {
                **fix,
                "arrives_whole": True,
                "gives_up": [],
                "still_lost": [],
                "limits": ["carries no chain"],
                "instances": 1,
                "unrepaired": 0,
                "owner": "shop.errors:PaymentError",
                "method": "__reduce__",
                "expect": "",
                "file": "shop/errors.py",
                "lines": [],
            }
        ],
        "file": "shop/errors.py",
        "line": 12,
        "owner": "",
        "is_held": False,
        "text": (
            f"{cls} does not arrive      [pickle; receiver: without-project]\n\n  - exc.a   "
            "1\n  + exc.a   missing\n\n"
            "  why   loads calls it\n  fix   add __reduce__\n        def __reduce__(self):"
        ),
        "trip": {"serializer": "pickle", "receiver": "without-project", "evidence": []},
    }
    return {**found, **more}  # type: ignore[typeddict-item]  # of a test's own


def entries(
    *rows: Row,
    details: list[Detail] | None = None,
    not_checked: list[list[str]] | None = None,
    troubles: list[str] | None = None,
) -> Entries:
    return {
        "rows": list(rows),
        "details": details or [],
        "not_checked": not_checked or [],
        "ignored": [],
        "expected": [],
        "troubles": troubles or [],
    }


def row(
    cls: str,
    *findings: Finding,
    how: str = "raised",
    count: int = 1,
    credentials: list[list[str]] | None = None,
) -> Row:
    return {
        "cls": cls,
        "how": how,
        "count": count,
        "findings": list(findings),
        "credentials": credentials or [],
    }


def outcome(
    tests: dict[str, Entries],
    *,
    baseline: Baseline | None = None,
    crashed: tuple[str, ...] = (),
    **changes: Any,
) -> Outcome:
    """The outcome of a run with these entries, in which the calls of tests added them."""
    tally = Tally()
    for nodeid, added in tests.items():
        tally.add(nodeid, "call", added)
    given: dict[str, Any] = {
        "mode": "error",
        "surveys": True,
        "baseline": baseline,
        "baseline_name": None if baseline is None else "errors-baseline.txt",
        "updates_baseline": False,
        "is_whole": True,
        "command": "pytest --portable-errors",
        "names_credentials": True,
        "crashed": crashed,
        **changes,
    }
    return Outcome(tally=tally, **given)


def found(tests: dict[str, Entries], **changes: Any) -> Document:
    """The document of such a run."""
    return document(outcome(tests, **changes))
