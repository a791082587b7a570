"""The outcome: what a run adds up to, and whether that fails it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from pytest_portable_errors.report.baseline import Baseline, Entry
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.libraries import LibraryCounts
from pytest_portable_errors.report.origin import Origin
from pytest_portable_errors.report.rows import DECISIONS, Verdict
from pytest_portable_errors.report.tally import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The outcome of a run, or of several that were merged."""

    tally: Tally
    mode: str
    """``off``, ``warn`` or ``error``."""
    surveys: bool
    """Whether classes that no test raised were checked as well."""
    baseline: Baseline | None
    """None if the run uses no baseline."""
    baseline_name: str | None
    """Name of its file; None if the run uses no baseline."""
    keeps_decisions: bool = False
    """Whether the command line took a decision for this run alone, so that the baseline keeps what
    it has of decisions."""
    updates_baseline: bool
    """Whether the run writes what it met to the baseline; then nothing fails."""
    is_whole: bool
    """Whether all tests ran: none were deselected, and nothing stopped the run early."""
    command: str
    """The command that makes the same run again: ``pytest --portable-errors``."""
    names_credentials: bool
    """Whether the summary names credentials (``portable_errors_credentials = warn``)."""
    toml_name: str | None = None
    """Name of the configuration file if it is TOML; None otherwise: then settings are shown as an
    INI file has them."""
    toml_table: str = ""
    """The table of that file for pytest's settings: ``[tool.pytest.ini_options]``; empty without
    one."""
    idle: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(setting with its origin, its names that match no class which was raised or surveyed)."""
    suites: tuple[str, ...] = ()
    """The suites whose cases were checked, each with the version of its library: ``litellm 1.80``.
    """
    tells_cases: bool = False
    """Whether there are cases of suites, also in tests of the user's, whose defects are told."""
    not_carried: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """(serializer, checks for what it never carries, which were not compared)."""
    repairs: bool = False
    """Whether the run writes or shows fixes."""
    unimported: str = ""
    """The module of reducers, if no module of the project imports it; otherwise empty."""
    libraries: tuple[LibraryCounts, ...] = ()
    """The rows of the survey of dependencies, sorted by name."""
    atlas: str = ""
    """What the atlas says of the project's dependencies; "" if nothing, or nobody asked."""
    crashed: tuple[str, ...] = ()
    """Node IDs of tests that ended their worker's process."""
    written: tuple[str, ...] = ()
    """A line for each file that was written, beginning with its name."""
    origin: Origin = field(default_factory=Origin)
    """What the run was about; only reports tell it."""

    @property
    def fails_for_decisions(self) -> bool:
        """Whether an open decision fails the run."""
        return self._may_fail and any(self.open_decisions.values())

    @property
    def fails_beside_tests(self) -> bool:
        """Whether the run fails although no test does: for an open decision, or a trouble."""
        return self.fails_for_decisions or (
            self._may_fail and bool(self.tally.troubles or self.unimported)
        )

    @property
    def fails(self) -> bool:
        """Whether the run fails: for an open decision, a trouble, or a defect that is not known."""
        return self.fails_beside_tests or (self._may_fail and bool(self.new_defects))

    @property
    def _may_fail(self) -> bool:
        return self.mode != "warn" and not self.updates_baseline

    def against(self, baseline: Baseline) -> Outcome:
        """An outcome of the same findings, compared with another baseline."""
        return replace(self, baseline=baseline, tally=self.tally.against(baseline))

    @property
    def open_decisions(self) -> dict[Verdict, list[str]]:
        """Decision -> classes that are lost only because it is open, sorted; [] if none are."""
        return {verdict: self.tally.classes_with(verdict) for verdict in DECISIONS}

    @property
    def new_defects(self) -> list[Defect]:
        """Defects that the baseline lacks, or has in part, the worst first."""
        return [defect for defect in self.tally.defects if not defect.is_known]

    @property
    def known_defects(self) -> list[Defect]:
        """Defects of which the baseline has all, the worst first."""
        return [defect for defect in self.tally.defects if defect.is_known]

    @property
    def gone(self) -> frozenset[Entry]:
        """Entries of the baseline that this run shows to be repaired; none if it is not whole."""
        if self.baseline is None or not self.is_whole:
            return frozenset()
        gone = self.tally.gone(self.baseline)
        return frozenset(one for one in gone if not (one.is_decision and self.keeps_decisions))

    @property
    def updated_baseline(self) -> Baseline:
        """The baseline with what this run met, and without what is gone."""
        before = self.baseline.entries if self.baseline is not None else frozenset()
        return Baseline(entries=(before - self.gone) | self.tally.baseline_entries())

    @property
    def update_told(self) -> str:
        """What an update changes: ``12 known, 2 added, 1 gone``."""
        before = self.baseline.entries if self.baseline is not None else frozenset()
        after = self.updated_baseline.entries
        return f"{len(after)} known, {len(after - before)} added, {len(before - after)} gone"
