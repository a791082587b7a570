"""The rows of a whole run, from one process or many, and what they add up to."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from pytest_portable_errors.report.baseline import Baseline, Entry, in_a_line
from pytest_portable_errors.report.rows import RAISED, Detail, Entries, Finding, Row, Verdict

SCOPES = ("everywhere", "receiver", "without-project", "chain")
"""In the order in which defects are told: what is broken everywhere first."""

_OF_POLICIES = (Verdict.LACKS_PROJECT.value, Verdict.DROPS_CHAIN.value)


@dataclass(slots=True, kw_only=True)
class Defect:
    """One class, one cause: what the reader repairs."""

    cls: str
    cause: str
    scope: str = SCOPES[-1]
    """The widest in which it was met."""
    kinds: set[str] = field(default_factory=set)
    serializers: dict[str, None] = field(default_factory=dict)
    receivers: dict[str, None] = field(default_factory=dict)
    tests: dict[str, None] = field(default_factory=dict)
    """Node IDs, sorted."""
    ways: dict[str, None] = field(default_factory=dict)
    """How the exceptions came about that showed it."""
    is_known: bool = True
    """Whether the baseline has all of it."""
    detail: Detail | None = None


def worst_first(defect: Defect) -> tuple[int, str, str]:
    """Sorts defects as they are told."""
    return SCOPES.index(defect.scope), defect.cls, defect.cause


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of classes and exceptions."""

    classes: int
    exceptions: int
    whole: int
    """Classes of which every exception arrived whole."""
    lossy: int
    """Classes with a defect."""
    undecided: int
    """Classes that are lost only where the project has not decided yet what is needed."""
    of_tests: int
    """Classes that tests define, or that hold what tests make."""
    of_python: int
    """Python's own classes that Python itself does not carry whole."""
    not_checked: int
    """Classes that no test raised and that could not be built."""
    ignored: int
    """Classes that settings leave out."""


class Tally:
    """Collects what tests add. Everything else is derived, so that the order in which they came
    makes no difference."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Entries]] = {}
        """By node ID and phase; what a test adds when it runs again, on another worker or because
        it failed, replaces what it said."""
        self._details: dict[tuple[str, str], Detail] = {}

    def add(self, nodeid: str, when: str, entries: Entries) -> None:
        """Keep what one phase of a test came to."""
        for detail in entries["details"]:
            self.describe({**detail, "test": nodeid})
        self.tests.setdefault(nodeid, {})[when] = {**entries, "details": []}
        for name in ("rows", "defects", "totals", "not_checked", "classes"):
            vars(self).pop(name, None)

    def describe(self, detail: Detail) -> None:
        """Keep how a defect is told: best of what a test raised, and then of the first by name,
        whichever came first."""
        key = (detail["cls"], detail["cause"])
        self._details[key] = min(
            self._details.get(key, detail),
            detail,
            key=lambda one: (one["how"] != RAISED, one["test"]),
        )

    def against(self, baseline: Baseline) -> Tally:
        """The same findings, with what this baseline knows of them."""
        judged = Tally()
        judged._details = self._details
        for nodeid, phases in self.tests.items():
            for when, entries in phases.items():
                rows = [_judged_by(baseline, row) for row in entries["rows"]]
                judged.add(nodeid, when, {**entries, "rows": rows})
        return judged

    def __bool__(self) -> bool:
        return bool(self.tests)

    @functools.cached_property
    def rows(self) -> list[tuple[str, Row]]:
        """With the node IDs of their tests."""
        return [(nodeid, row) for nodeid, entries in self._entries() for row in entries["rows"]]

    @functools.cached_property
    def defects(self) -> list[Defect]:
        """The worst first, then by class."""
        found: dict[tuple[str, str], Defect] = {}
        for nodeid, row, finding in self._findings():
            if finding["verdict"] == Verdict.DEFECT.value:
                key = (row["cls"], finding["cause"])
                _extend(
                    found.setdefault(key, Defect(cls=key[0], cause=key[1])), nodeid, row, finding
                )
        for key, defect in found.items():
            defect.detail = self._details.get(key)
            defect.tests = dict.fromkeys(sorted(defect.tests))
        return sorted(found.values(), key=worst_first)

    def undecided(self, verdict: Verdict) -> list[str]:
        """Classes that are lost only because a decision is open, sorted; without those that the
        baseline has."""
        found = {
            row["cls"]
            for _, row, finding in self._findings()
            if finding["verdict"] == verdict.value and not finding["is_known"]
        }
        return sorted(cls for cls in found if self.classes[cls] != "lossy")

    @functools.cached_property
    def not_checked(self) -> dict[str, str]:
        """Classes that no test raised and that could not be built, with the reason."""
        reasons = {
            cls: reason for _, entries in self._entries() for cls, reason in entries["not_checked"]
        }
        return {cls: reasons[cls] for cls in sorted(reasons) if cls not in self.classes}

    @property
    def troubles(self) -> list[str]:
        """Why what was raised could not be sent, sorted."""
        return sorted(
            {trouble for _, entries in self._entries() for trouble in entries["troubles"]}
        )

    @property
    def not_looked_at(self) -> dict[str, Counter[str]]:
        """What there was too much of to look at: of which classes, and of how many of their
        exceptions."""
        found: dict[str, Counter[str]] = {}
        for _, entries in self._entries():
            for cls, what in entries.get("not_looked_at", ()):
                found.setdefault(what, Counter())[cls] += 1
        return {what: found[what] for what in sorted(found)}

    @functools.cached_property
    def classes(self) -> dict[str, str]:
        """Classes that were checked: ``lossy``, ``undecided``, ``tests``, ``python`` or ``whole``.
        Sorted."""
        verdicts: dict[str, set[str]] = {}
        for _, row, finding in self._findings():
            verdicts.setdefault(row["cls"], set()).add(finding["verdict"])
        return {cls: _state(verdicts[cls]) for cls in sorted(verdicts)}

    @functools.cached_property
    def totals(self) -> Totals:
        """The counts."""
        states = list(self.classes.values())
        return Totals(
            classes=len(states) + len(self.not_checked),
            exceptions=sum(row["count"] for _, row in self.rows),
            whole=states.count("whole"),
            lossy=states.count("lossy"),
            undecided=states.count("undecided"),
            of_tests=states.count("tests"),
            of_python=states.count("python"),
            not_checked=len(self.not_checked),
            ignored=len(self.ignored),
        )

    @property
    def ignored(self) -> frozenset[str]:
        """Classes that settings leave out."""
        return frozenset(cls for _, entries in self._entries() for cls in entries["ignored"])

    @property
    def expected(self) -> frozenset[str]:
        """Names of declared changes of type that covered some class."""
        return frozenset(name for _, entries in self._entries() for name in entries["expected"])

    @property
    def credentials(self) -> list[tuple[str, str, str]]:
        """Class, path and kind, each once."""
        return list(
            dict.fromkeys(
                (row["cls"], path, kind)
                for _, row in self.rows
                for path, kind in row["credentials"]
            )
        )

    def baseline_entries(self) -> frozenset[Entry]:
        """What a baseline would have to know for nothing to fail."""
        return frozenset(
            entry
            for _, row, finding in self._findings()
            if finding["verdict"] in (Verdict.DEFECT.value, *_OF_POLICIES)
            for entry in _baseline_entries(row, finding)
        )

    def gone(self, baseline: Baseline) -> frozenset[Entry]:
        """Entries whose class was checked in the same way and arrived whole each time.

        A receiver that this run did not ask says nothing, so that its entries stay.
        """
        states: dict[tuple[str, str, str], set[str]] = {}
        for _, row, finding in self._findings():
            cls, serializer = in_a_line(row["cls"]), finding["serializer"]
            states.setdefault((cls, serializer, finding["receiver"]), set()).add(finding["verdict"])
            if finding["whole_with_project"]:
                states.setdefault((cls, serializer, "with-project"), set()).add(Verdict.WHOLE.value)
        return frozenset(
            entry
            for entry in baseline.entries
            if _is_gone(entry, states.get((entry.cls, entry.serializer, entry.receiver)))
        )

    def _entries(self) -> Iterator[tuple[str, Entries]]:
        for nodeid, phases in self.tests.items():
            for entries in phases.values():
                yield nodeid, entries

    def _findings(self) -> Iterator[tuple[str, Row, Finding]]:
        for nodeid, row in self.rows:
            for finding in row["findings"]:
                yield nodeid, row, finding


def _baseline_entries(row: Row, finding: Finding) -> list[Entry]:
    cls = in_a_line(row["cls"])
    return [
        Entry(cls, finding["cause"], kind, finding["serializer"], finding["receiver"])
        for kind in finding["kinds"]
    ]


def _is_gone(entry: Entry, verdicts: set[str] | None) -> bool:
    # Whether the chain is needed is a question of its own: without it, what lost its chain alone
    # arrived whole.
    whole = (
        {Verdict.WHOLE.value}
        if entry.kind == "chain"
        else {Verdict.WHOLE.value, Verdict.DROPS_CHAIN.value}
    )
    return verdicts is not None and verdicts <= whole


def _judged_by(baseline: Baseline, row: Row) -> Row:
    findings: list[Finding] = [
        {
            **finding,
            "is_known": bool(finding["kinds"]) and baseline.knows(_baseline_entries(row, finding)),
        }
        for finding in row["findings"]
    ]
    return {**row, "findings": findings}


def _extend(defect: Defect, nodeid: str, row: Row, finding: Finding) -> None:
    defect.scope = min(defect.scope, finding["scope"], key=SCOPES.index)
    defect.kinds.update(finding["kinds"])
    defect.serializers[finding["serializer"]] = None
    defect.receivers[finding["receiver"]] = None
    defect.tests[nodeid] = None
    defect.ways[row["how"]] = None
    defect.is_known = defect.is_known and finding["is_known"]


def _state(verdicts: Iterable[str]) -> str:
    found = set(verdicts)
    if Verdict.DEFECT.value in found:
        return "lossy"
    if not found.isdisjoint(_OF_POLICIES):
        return "undecided"
    if Verdict.OF_TESTS.value in found:
        return "tests"
    return "python" if Verdict.OF_PYTHON.value in found else "whole"
