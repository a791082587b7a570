"""The tally adds up the rows of a whole run, from one process or many."""

from __future__ import annotations

import functools
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.cause_names import CRASHES_THE_RECEIVER
from pytest_portable_errors.receiver.deadlines import FORKED_FROM_ENDED
from pytest_portable_errors.report.baseline import Baseline, Entry, decision_entry, in_a_line
from pytest_portable_errors.report.defect import Defect, is_built, worst_first
from pytest_portable_errors.report.known import (
    DECISION_VALUES,
    baseline_entries,
    is_gone,
    with_known,
)
from pytest_portable_errors.report.rows import (
    RAISED,
    Detail,
    Entries,
    Finding,
    Row,
    Verdict,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Counts of classes and exceptions."""

    classes: int
    """All that were checked, and those of ``not_checked``."""
    exceptions: int
    """Exceptions that were checked."""
    whole: int
    """Classes of which every exception arrived whole."""
    lossy: int
    """Classes with a defect."""
    undecided: int
    """Classes that are lost only where the project has a decision to take."""
    of_tests: int
    """Classes that tests define, or that hold what tests make."""
    of_python: int
    """Python's own classes of which Python itself drops a field."""
    not_checked: int
    """Classes that no test raised and that could not be built."""
    ignored: int
    """Classes that settings leave out."""


class Tally:
    """Collects the entries of tests; the rest is derived from them, whatever their order."""

    def __init__(self) -> None:
        self.tests: dict[str, dict[str, Entries]] = {}
        """Node ID -> phase -> entries. When a test runs again, on another worker or because it
        failed, its new entries replace the old. Tests with equal entries share them."""
        self._distinct: dict[str, dict[str, Entries]] = {}
        self._details: dict[tuple[str, str], Detail] = {}

    def add(self, nodeid: str, when: str, entries: Entries) -> None:
        """Add the entries of one phase of a test, in place of earlier ones of that phase.

        ``when`` is ``setup``, ``call`` or ``teardown``; details are kept apart (``describe``).
        """
        for detail in entries["details"]:
            self.describe({**detail, "test": nodeid})
        without_details: Entries = {**entries, "details": []}
        phases = {**self.tests.get(nodeid, {}), when: without_details}
        # Most of thousands of tests have met the same, so that each keeps next to nothing.
        self.tests[nodeid] = self._distinct.setdefault(repr(phases), phases)
        for name in ("rows", "defects", "totals", "not_checked", "classes"):
            vars(self).pop(name, None)

    def describe(self, detail: Detail) -> None:
        """Keep a detail of a defect, unless a better one is kept already.

        Raised beats built, also where a suite raised it; then the smallest node ID. The order of
        arrival does not matter.
        """
        key = (detail["cls"], detail["cause"])
        self._details[key] = min(
            self._details.get(key, detail),
            detail,
            key=lambda candidate: (
                candidate["how"] != RAISED,
                is_built(candidate["how"]),
                candidate["test"],
            ),
        )

    def is_told(self, detail: Detail, nodeid: str) -> bool:
        """Whether a test of another node ID has told this defect."""
        other = self._details.get((detail["cls"], detail["cause"]))
        return other is not None and other["test"] != nodeid

    def against(self, baseline: Baseline) -> Tally:
        """A tally of the same findings, of which those are known that this baseline has."""
        tally = Tally()
        tally._details = self._details
        for nodeid, phases in self.tests.items():
            for when, entries in phases.items():
                rows = [with_known(row, baseline) for row in entries["rows"]]
                tally.add(nodeid, when, {**entries, "rows": rows})
        return tally

    def __bool__(self) -> bool:
        return bool(self.tests)

    @functools.cached_property
    def rows(self) -> list[tuple[str, Row]]:
        """All rows, each with the node ID of its test."""
        return [(nodeid, row) for nodeid, entries in self._entries() for row in entries["rows"]]

    @functools.cached_property
    def defects(self) -> list[Defect]:
        """All defects, known ones as well, in the order of ``worst_first``."""
        by_key: dict[tuple[str, str], Defect] = {}
        for nodeid, row, finding in self._findings():
            if finding["verdict"] == Verdict.DEFECT.value:
                key = (row["cls"], finding["cause"])
                defect = by_key.setdefault(key, Defect(cls=key[0], cause=key[1]))
                defect.add(nodeid, row, finding)
        for key, defect in by_key.items():
            defect.detail = self._details.get(key)
            defect.tests = dict.fromkeys(sorted(defect.tests))
        return sorted(by_key.values(), key=worst_first)

    def classes_with(self, verdict: Verdict) -> list[str]:
        """Classes of which a trip has this verdict, sorted; without lossy ones and known findings.

        Args:
            verdict: One of ``DECISIONS`` or ``HARMLESS``.
        """
        classes = {
            row["cls"]
            for _, row, finding in self._findings()
            if finding["verdict"] == verdict.value and not finding["is_known"]
        }
        return sorted(cls for cls in classes if self.classes[cls] != "lossy")

    @functools.cached_property
    def not_checked(self) -> dict[str, str]:
        """Class -> reason, sorted: classes that no test raised and that could not be built."""
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
        """What lies past a limit -> class -> how many of its exceptions; sorted by the former."""
        counts: dict[str, Counter[str]] = {}
        for _, entries in self._entries():
            for cls, limit in entries.get("not_looked_at", ()):
                if self.not_checked.get(cls) != limit:  # that says it already
                    counts.setdefault(limit, Counter())[cls] += 1
        return {limit: counts[limit] for limit in sorted(counts)}

    @property
    def made_again(self) -> dict[str, Counter[str]]:
        """How the process of a check ended -> class -> how many of its checks were made again.

        Sorted by the former. Where a payload of this run has ended the process above its own, those
        that were checked there at the same time are not among them: that was no somebody else.
        """
        counts: dict[str, Counter[str]] = {}
        is_explained = any(defect.cause == CRASHES_THE_RECEIVER for defect in self.defects)
        for _, entries in self._entries():
            for cls, how in entries.get("made_again", ()):
                if not (is_explained and how == FORKED_FROM_ENDED):
                    counts.setdefault(how, Counter())[cls] += 1
        return {how: counts[how] for how in sorted(counts)}

    @property
    def not_imported(self) -> dict[str, str]:
        """Module -> why it could not be imported, "" where nothing imports it; sorted."""
        modules = {
            module: why
            for _, entries in self._entries()
            for module, why in entries.get("not_imported", ())
        }
        return {module: modules[module] for module in sorted(modules)}

    @functools.cached_property
    def classes(self) -> dict[str, str]:
        """Class -> ``lossy``, ``undecided``, ``tests``, ``python`` or ``whole``; sorted."""
        verdicts: dict[str, set[str]] = {}
        for _, row, finding in self._findings():
            verdicts.setdefault(row["cls"], set()).add(finding["verdict"])
        return {cls: _state(verdicts[cls]) for cls in sorted(verdicts)}

    @functools.cached_property
    def totals(self) -> Totals:
        """The counts of classes and exceptions."""
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
    def declared_lost(self) -> dict[str, list[str]]:
        """Class -> paths of what it leaves behind on purpose; both sorted."""
        paths: dict[str, set[str]] = {}
        for _, entries in self._entries():
            for cls, path in entries.get("declared_lost", ()):
                paths.setdefault(cls, set()).add(path)
        return {cls: sorted(paths[cls]) for cls in sorted(paths)}

    @property
    def ignored(self) -> frozenset[str]:
        """Classes that settings leave out."""
        return frozenset(cls for _, entries in self._entries() for cls in entries["ignored"])

    @property
    def expected(self) -> frozenset[str]:
        """Names under which changes of type are declared that covered a class."""
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
        """The entries with which a baseline makes nothing of this tally fail."""
        return frozenset(
            entry
            for _, row, finding in self._findings()
            for entry in baseline_entries(row, finding)
        )

    def gone(self, baseline: Baseline) -> frozenset[Entry]:
        """Entries whose class was checked in the same way and arrived whole each time.

        An entry of a receiver that this run did not ask stays.
        """
        verdicts: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        for _, row, finding in self._findings():
            cls, serializer = in_a_line(row["cls"]), in_a_line(finding["serializer"])
            receiver = in_a_line(finding["receiver"])
            verdicts[cls, serializer, receiver].add(finding["verdict"])
            if finding["whole_with_project"]:
                verdicts[cls, serializer, "with-project"].add(Verdict.WHOLE.value)
        open_decisions = {finding["verdict"] for _, _, finding in self._findings()}
        return frozenset(
            entry
            for entry in baseline.entries
            if (
                entry not in map(decision_entry, open_decisions)
                if entry.is_decision
                else is_gone(entry, verdicts.get((entry.cls, entry.serializer, entry.receiver)))
            )
        )

    def _entries(self) -> Iterator[tuple[str, Entries]]:
        for nodeid, phases in self.tests.items():
            for entries in phases.values():
                yield nodeid, entries

    def _findings(self) -> Iterator[tuple[str, Row, Finding]]:
        for nodeid, row in self.rows:
            for finding in row["findings"]:
                yield nodeid, row, finding


def _state(verdicts: set[str]) -> str:
    if Verdict.DEFECT.value in verdicts:
        return "lossy"
    if not verdicts.isdisjoint(DECISION_VALUES):
        return "undecided"
    if Verdict.OF_TESTS.value in verdicts:
        return "tests"
    return "python" if Verdict.OF_PYTHON.value in verdicts else "whole"
