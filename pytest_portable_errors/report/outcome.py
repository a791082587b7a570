"""What a run adds up to, and whether that fails it."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_portable_errors.report.baseline import Baseline, Entry
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.report.tally import Defect, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """A run, or several that were merged."""

    tally: Tally
    mode: str
    """``off``, ``warn`` or ``error``."""
    surveys: bool
    baseline: Baseline | None
    """None: no baseline is looked at."""
    baseline_name: str | None
    updates_baseline: bool
    is_whole: bool
    """Whether all tests ran: nothing selected among them, and nothing stopped them early."""
    command: str
    """How to ask for the same again: ``pytest --portable-errors``."""
    names_credentials: bool
    toml_name: str | None = None
    """Name of the file that settings are pasted into, where that is TOML; None where they are
    pasted as they are shown."""
    idle: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """Settings, and what of each names no class that this run met or found."""
    crashed: tuple[str, ...] = ()
    """Node IDs of tests that ended their worker's process."""
    written: tuple[str, ...] = ()
    """Files, and what was written to them."""

    @property
    def fails_for_decisions(self) -> bool:
        """Whether a decision that is still open fails the run."""
        return self._may_fail and any(self.open_decisions.values())

    @property
    def fails_beside_tests(self) -> bool:
        """Whether the run fails for what is no test's: an open decision, or that nothing could be
        sent."""
        return self.fails_for_decisions or (self._may_fail and bool(self.tally.troubles))

    @property
    def fails(self) -> bool:
        """Whether anything that was found fails the run: that, or defects, which have failed the
        tests that met them."""
        return self.fails_beside_tests or (self._may_fail and bool(self.new_defects))

    @property
    def _may_fail(self) -> bool:
        return self.mode != "warn" and not self.updates_baseline

    def against(self, baseline: Baseline) -> Outcome:
        """The same findings, judged by another baseline."""
        return replace(self, baseline=baseline, tally=self.tally.against(baseline))

    @property
    def open_decisions(self) -> dict[Verdict, list[str]]:
        """The classes that hang on each decision."""
        return {
            verdict: self.tally.undecided(verdict)
            for verdict in (Verdict.LACKS_PROJECT, Verdict.DROPS_CHAIN)
        }

    @property
    def new_defects(self) -> list[Defect]:
        """Those that the baseline does not have."""
        return [defect for defect in self.tally.defects if not defect.is_known]

    @property
    def known_defects(self) -> list[Defect]:
        """Those that it has."""
        return [defect for defect in self.tally.defects if defect.is_known]

    @property
    def gone(self) -> frozenset[Entry]:
        """Entries of the baseline that this run shows to be repaired."""
        return (
            self.tally.gone(self.baseline)
            if self.baseline is not None and self.is_whole
            else frozenset()
        )

    @property
    def updated_baseline(self) -> Baseline:
        """What is known after this run: with what it met, and without what is gone."""
        before = self.baseline.entries if self.baseline is not None else frozenset()
        return Baseline(entries=(before - self.gone) | self.tally.baseline_entries())

    @property
    def update_told(self) -> str:
        """What an update changes."""
        before = self.baseline.entries if self.baseline is not None else frozenset()
        after = self.updated_baseline.entries
        return f"{len(after)} known, {len(after - before)} added, {len(before - after)} gone"
