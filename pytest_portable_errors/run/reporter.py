"""Collects what the tests' reports carry, and prints and writes it when the tests have ended.

The reporter lives in the process that the user started; workers of pytest-xdist have none. pytest
imports this module in every run, so functions import what only a used plugin needs.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.report_attributes import taken
from pytest_portable_errors.run.stash import OPTIONS, baseline_of
from pytest_portable_errors.run.told_once import without_told_once

if TYPE_CHECKING:
    from pytest_portable_errors.report.baseline import Baseline
    from pytest_portable_errors.report.libraries import LibraryCounts
    from pytest_portable_errors.report.outcome import Outcome
    from pytest_portable_errors.report.tally import Tally
    from pytest_portable_errors.run.repairing import Repairing
    from pytest_portable_errors.run.updating_goldens import UpdatingGoldens


def register_reporter(config: pytest.Config) -> None:
    """Register the reporter of this process.

    Raises:
        pytest.UsageError: The baseline cannot be read.
    """
    options = config.stash[OPTIONS]
    baseline = baseline_of(config) if options.is_on or options.surveys else None
    config.pluginmanager.register(Reporter(config, options, baseline), "portable_errors_reporting")


class Reporter:
    """The plugin that collects the rows of all reports, and prints the summary."""

    def __init__(self, config: pytest.Config, options: Options, baseline: Baseline | None) -> None:
        """Prepare for one run; nothing is loaded yet.

        Args:
            config: pytest's.
            options: Those of the run.
            baseline: The known defects; None where the run does not look at any.
        """
        self._config = config
        self._options = options
        self._baseline = baseline
        self._tally: Tally | None = None
        self._is_in_use = False
        self._crashed: list[str] = []
        self._stopped_early = False
        self._written: list[str] = []
        self._unwritten: list[str] = []  # which files could not be written, and why
        self._libraries: dict[str, LibraryCounts] = {}  # of the survey of dependencies
        self._tells_cases = False  # whether a test failed for what the summary tells
        self._goldens: UpdatingGoldens | None = None
        if options.updates_goldens and options.goldens is not None:
            from pytest_portable_errors.run.updating_goldens import UpdatingGoldens

            self._goldens = UpdatingGoldens(config, options, options.goldens)
        self._repairing: Repairing | None = None
        if options.fixes != "none":
            from pytest_portable_errors.run.repairing import Repairing

            self._repairing = Repairing(config, options)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Collect the rows that the report carries, and colour one of our failures."""
        if self._repairing is not None:
            from base64 import b64decode

            repaired = taken(report, "portable_errors_repaired") or ()
            self._repairing.add([(owner, b64decode(text)) for owner, text in repaired])
            self._repairing.add_fixes(taken(report, "portable_errors_fixes") or ())
        if self._goldens is not None:
            self._goldens.add(report.nodeid, taken(report, "portable_errors_goldens") or [])
        library = taken(report, "portable_errors_library")
        if library is not None:
            self._libraries[library["library"]] = library
        self._is_in_use = self._is_in_use or hasattr(report, "portable_errors_in_use")
        entries = taken(report, "portable_errors")
        if getattr(report, "portable_errors_told_once", False):
            self._tells_cases = True
            if entries and self._options.credentials != "error":
                from pytest_portable_errors.report.repeated import shortened

                text = str(report.longrepr)
                report.longrepr = shortened(self.tally(), report.nodeid, entries, text)
        if entries:
            self.tally().add(report.nodeid, report.when or "call", entries)
        if getattr(report, "portable_errors_text", False) and isinstance(report.longrepr, str):
            from pytest_portable_errors.run.failure_repr import FailureRepr

            path, line, _ = report.location
            report.longrepr = FailureRepr(report.longrepr, path, (line or 0) + 1)

    # Methods and no properties: before pytest 8 a plugin's properties are read when it is
    # registered.

    def tally(self) -> Tally:
        """What the reports so far add up to."""
        if self._tally is None:
            from pytest_portable_errors.report.tally import Tally

            self._tally = Tally()
        return self._tally

    def outcome(self) -> Outcome:
        """The outcome of the run so far."""
        from pytest_portable_errors.run.run_outcome import Seen, outcome_of

        seen = Seen(
            tally=self.tally(),
            baseline=self._baseline,
            stopped_early=self._stopped_early,
            crashed=tuple(self._crashed),
            written=tuple(self._written),
            tells_cases=self._tells_cases,
            libraries=tuple(self._libraries[name] for name in sorted(self._libraries)),
        )
        return outcome_of(self._config, self._options, seen)

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """A hook of pytest-xdist: a worker ended in the middle of the test ``crashitem``."""
        self._crashed.append(crashitem)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Fail the run for what fails beside the tests, as a coverage threshold does."""
        self._stopped_early = True
        result = yield
        self._stopped_early = False
        if self._is_repo_wide and self.outcome().fails_beside_tests:
            session.testsfailed += 1
        return result

    @property
    def _is_repo_wide(self) -> bool:
        """Whether the run checks more than what markers and fixtures ask for.

        Otherwise there may be credentials to tell of, but nothing else, and nothing is loaded.
        """
        return self._options.is_on or self._options.surveys

    @property
    def _reports_on_nothing(self) -> bool:
        """Whether the user asks for a report of a run in which nothing of this plugin is in use.

        A marker or a fixture is enough, and whether there is one is known when the tests have
        ended. From ``addopts`` the option comes with every run, also with those of a few tests.
        """
        is_typed = any(
            str(argument).startswith("--portable-errors-report")
            for argument in self._config.invocation_params.args
        )
        is_idle = not (self._is_repo_wide or self._options.suites or self._is_in_use)
        return bool(self._options.reports) and is_typed and is_idle

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the fixes, the baseline and the report files that options ask for."""
        if self._config.option.collectonly:
            return
        options = self._options
        is_usable = session.exitstatus not in (
            pytest.ExitCode.INTERNAL_ERROR,
            pytest.ExitCode.INTERRUPTED,
            pytest.ExitCode.USAGE_ERROR,
        )
        if self._goldens is not None and is_usable and not self._goldens.finish():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if self._repairing is not None and is_usable and self._repairing.finish(self.tally()):
            # As with ruff and pre-commit, what a run has changed is to be looked at.
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        if options.updates_baseline and options.baseline is not None:
            from pytest_portable_errors.report.baseline import write_baseline

            outcome = self.outcome()
            with self._telling_of(options.baseline, session):
                write_baseline(options.baseline, outcome.updated_baseline)
                self._written.append(f"{self._relative(options.baseline)}: {outcome.update_told}")
        if self._reports_on_nothing and is_usable:
            # The tests that ran are as they are; only a run that says nothing else says this.
            if session.exitstatus != pytest.ExitCode.TESTS_FAILED:
                session.exitstatus = pytest.ExitCode.USAGE_ERROR
        elif options.reports:
            from pytest_portable_errors.report.document import document
            from pytest_portable_errors.report.files import write_report
            from pytest_portable_errors.run.run_outcome import origin_of

            content = document(replace(self.outcome(), origin=origin_of(options)))
            for file in options.reports:
                with self._telling_of(file, session):
                    write_report(file, content)
                    self._written.append(self._relative(file))

    @contextlib.contextmanager
    def _telling_of(self, file: Path, session: pytest.Session) -> Iterator[None]:
        """Fail the run if the file cannot be written in the block, and let the summary say why."""
        try:
            yield
        except OSError as error:
            why = error.strerror or type(error).__name__
            self._unwritten.append(f"{self._relative(file)} cannot be written: {why}")
            if session.exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
                session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def _relative(self, file: Path) -> str:
        """A file's path from the folder in which pytest was started."""
        return os.path.relpath(file, self._config.invocation_params.dir)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Print the summary after pytest's own, which leaves out what this one tells."""
        with without_told_once(terminalreporter):
            yield
        self._print_summary(terminalreporter)

    def _print_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the summary, unless there is nothing to tell."""
        if self._reports_on_nothing and not self._config.option.collectonly:
            names = ", ".join(map(self._relative, self._options.reports))
            terminalreporter.write_line(
                f"ERROR: --portable-errors-report {names}: nothing is checked: add "
                "--portable-errors",
                red=True,
            )
        if self._unwritten:
            from pytest_portable_errors.diagnosis.printable import clean

            for problem in self._unwritten:
                terminalreporter.write_line(f"portable errors: {clean(problem)}", red=True)
        if self._config.option.collectonly or (
            self._tally is None and not self._is_repo_wide and not self._written
        ):
            return
        from pytest_portable_errors.report.summary import summary

        for line in summary(self.outcome(), verbosity=self._config.option.verbose):
            if line.is_title:
                terminalreporter.write_sep("=", line.text, **line.markup)
            else:
                terminalreporter.write_line(line.text, **line.markup)
        if self._goldens is not None:
            for text in self._goldens.lines(self._config.option.verbose):
                terminalreporter.write_line(text)
        if self._repairing is not None:
            for line in self._repairing.lines(self._config.option.verbose):
                terminalreporter.write_line(line.text, **line.markup)
        if self._is_repo_wide or self._options.suites:
            from pytest_portable_errors.run.github_actions import (
                add_to_step_summary,
                annotation_lines,
            )

            problem = add_to_step_summary(self.outcome())
            if problem:
                terminalreporter.write_line(f"portable errors: {problem}", yellow=True)
            if self._is_repo_wide:
                for text in annotation_lines(self.outcome(), root=self._options.root):
                    terminalreporter.write_line(text)
