"""The JSON report: the results of each test, and what they add up to.

All but ``tests``, ``run`` and the defects' details is derived from these, so that the documents of
several runs can be merged. The schema is in ``report/schema.json``; ``version`` changes when a
reader would have to.
"""

from __future__ import annotations

import shlex
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.defect_lines import selector
from pytest_portable_errors.report.origin import Origin, common_origin
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.tally import Tally

FORMAT = "pytest-portable-errors report"
VERSION = 1

Document = dict[str, Any]
"""A whole report, as ``report/schema.json`` describes it."""
Part = Mapping[str, Any]
"""A part of a document, such as a defect or a finding."""


def document(outcome: Outcome) -> Document:
    """The JSON report of one run, or of several that were merged, as plain data."""
    tally = outcome.tally
    return {
        "format": FORMAT,
        "version": VERSION,
        "python": sys.version.split()[0],
        "run": {
            "mode": outcome.mode,
            "surveys": outcome.surveys,
            "is_whole": outcome.is_whole,
            "updates_baseline": outcome.updates_baseline,
            "baseline": None
            if outcome.baseline is None
            else sorted(map(list, outcome.baseline.entries)),
            "baseline_name": outcome.baseline_name,
            "command": outcome.command,
            "names_credentials": outcome.names_credentials,
            "toml_name": outcome.toml_name,
            "toml_table": outcome.toml_table,
            "crashed": list(outcome.crashed),
            "suites": list(outcome.suites),
            "tells_cases": outcome.tells_cases,
            "not_carried": [[name, list(checks)] for name, checks in outcome.not_carried],
            **asdict(outcome.origin),
        },
        "fails": outcome.fails,
        "totals": asdict(tally.totals),
        "defects": [_defect(defect) for defect in tally.defects],
        "classes": tally.classes,
        "not_checked": tally.not_checked,
        "not_imported": tally.not_imported,
        "made_again": _sorted_counts(tally.made_again),
        "not_looked_at": _sorted_counts(tally.not_looked_at),
        "open_decisions": {
            verdict.value: classes for verdict, classes in outcome.open_decisions.items()
        },
        "gone": sorted(map(list, outcome.gone)),
        "credentials": [
            {"cls": cls, "path": path, "kind": kind} for cls, path, kind in tally.credentials
        ],
        "libraries": list(outcome.libraries),
        "tests": tally.tests,
    }


def _sorted_counts(counts: dict[str, Counter[str]]) -> dict[str, dict[str, int]]:
    return {key: dict(sorted(counts_of.items())) for key, counts_of in counts.items()}


def _defect(defect: Defect) -> dict[str, object]:
    return {
        "cls": defect.cls,
        "cause": defect.cause,
        "scope": defect.scope,
        "kinds": sorted(defect.kinds),
        "serializers": list(defect.serializers),
        "receivers": list(defect.receivers),
        "tests": list(defect.tests),
        "ways": list(defect.ways),
        "is_known": defect.is_known,
        "select": selector([defect]),
        "detail": defect.detail,
    }


def merge_documents(documents: Sequence[tuple[str, Part]]) -> Outcome:
    """Add up the documents of several runs as if they were one run.

    Open decisions and the baseline are judged on the whole. A test that several runs have counts
    once, as the last of them has it.

    Args:
        documents: ``(name of the file, its document)``; the name is for messages.

    Raises:
        PortableErrorsError: A document is no report of this version.
    """
    tally = Tally()
    runs = []
    for name, report in documents:
        ensure_known(name, report)
        runs.append(report["run"])
        for nodeid, phases in report["tests"].items():
            for when, entries in phases.items():
                tally.add(nodeid, when, entries)
        for defect in report["defects"]:
            if defect["detail"] is not None:
                tally.describe(defect["detail"])
    baselines = [Baseline.of(run["baseline"]) for run in runs if run["baseline"] is not None]
    return Outcome(
        tally=tally,
        mode="warn"
        if all(run["mode"] == "warn" for run in runs)
        else "error"
        if any(run["mode"] == "error" for run in runs)
        else "off",
        surveys=any(run["surveys"] for run in runs),
        baseline=Baseline(entries=frozenset().union(*(baseline.entries for baseline in baselines)))
        if baselines
        else None,
        baseline_name=next((run["baseline_name"] for run in runs if run["baseline_name"]), None),
        updates_baseline=all(run["updates_baseline"] for run in runs),
        is_whole=all(run["is_whole"] for run in runs),
        command=in_common([run["command"] for run in runs]),
        names_credentials=any(run["names_credentials"] for run in runs),
        toml_name=next((run["toml_name"] for run in runs if run["toml_name"]), None),
        toml_table=next((run["toml_table"] for run in runs if run.get("toml_table")), ""),
        crashed=tuple(node for run in runs for node in run["crashed"]),
        # Reports of versions before 0.2 lack these.
        suites=tuple(dict.fromkeys(name for run in runs for name in run.get("suites", ()))),
        tells_cases=any(run.get("tells_cases", False) for run in runs),
        libraries=tuple(
            {
                row["library"]: row
                for _, report in documents
                for row in report.get("libraries", ())
            }.values()
        ),
        not_carried=tuple(
            {
                name: tuple(checks) for run in runs for name, checks in run.get("not_carried", ())
            }.items()
        ),
        origin=common_origin([_origin(run) for run in runs]),
    )


def ensure_known(name: str, report: Part) -> None:
    """Refuse a document that is no report of this format and version.

    Raises:
        PortableErrorsError: It is none; ``name``, its file's, is in the message.
    """
    if report.get("format") != FORMAT or report.get("version") != VERSION:
        raise PortableErrorsError(f"{name}: this is no report of {FORMAT!r}, version {VERSION}")


def _origin(run: Part) -> Origin:
    """The origin of a run, which reports of versions before 0.2 lack."""
    return Origin(**{name: run.get(name, "") for name in ("project", "commit", "date")})


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:  # no closing quotation: no shell takes it
        return ["pytest"]


def in_common(commands: Sequence[str]) -> str:
    """One command for several runs: theirs if it is the same, else the options they share.

    Of options only those of this plugin are taken. There is at least one command.
    """
    first, *others = map(_words, commands)
    if all(words == first for words in others):
        return shlex.join(first)  # quoted anew: it is pasted into a shell
    shared = [
        word
        for word in first
        if word.startswith("--portable-errors") and all(word in words for words in others)
    ]
    return shlex.join(["pytest", *shared])
