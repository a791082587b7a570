"""Receives what the tests found, in the process that the user started, and tells it when they have
ended.

Registered in every run, so it loads the rest when there is something to tell.
"""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.options import Options, gave_no_paths, is_narrowed

if TYPE_CHECKING:
    from pytest_portable_errors.report.baseline import Baseline
    from pytest_portable_errors.report.outcome import Outcome
    from pytest_portable_errors.report.tally import Tally


class Reporter:
    """Plugin of the process that prints the summary."""

    def __init__(self, config: pytest.Config, options: Options, baseline: Baseline | None) -> None:
        """``baseline`` is None where the run does not look at one."""
        self._config = config
        self._options = options
        self._baseline = baseline
        self._tally: Tally | None = None
        self._crashed: list[str] = []
        self._stopped_early = False
        self._written: list[str] = []

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take what the report carries, and colour our own failures."""
        entries = getattr(report, "portable_errors", None)
        if entries:
            self.tally().add(report.nodeid, report.when or "call", entries)
        if getattr(report, "portable_errors_text", False) and isinstance(report.longrepr, str):
            from pytest_portable_errors.run.failure_repr import FailureRepr

            path, line, _ = report.location
            report.longrepr = FailureRepr(report.longrepr, path, (line or 0) + 1)

    # Methods and no properties: before pytest 8 a plugin's properties are read when it is
    # registered.

    def tally(self) -> Tally:
        """All that was found so far."""
        if self._tally is None:
            from pytest_portable_errors.report.tally import Tally

            self._tally = Tally()
        return self._tally

    def outcome(self) -> Outcome:
        """What it adds up to."""
        from pytest_portable_errors.report.outcome import Outcome
        from pytest_portable_errors.run.rerun_command import command

        options, inifile = self._options, self._config.inipath
        is_whole = not (is_narrowed(self._config) or self._stopped_early or self._crashed)
        return Outcome(
            tally=self.tally(),
            mode=options.mode,
            surveys=options.surveys,
            baseline=self._baseline,
            baseline_name=None if options.baseline is None else options.baseline.name,
            updates_baseline=options.updates_baseline,
            is_whole=is_whole,
            command=command(
                self._config,
                mode=options.mode,
                paths=() if gave_no_paths(self._config) else self._config.args,
            ),
            names_credentials=options.credentials == "warn",
            idle=tuple(self._idle())
            if is_whole and options.surveys_project and gave_no_paths(self._config)
            else (),
            toml_name=inifile.name if inifile is not None and inifile.suffix == ".toml" else None,
            crashed=tuple(self._crashed),
            written=tuple(self._written),
        )

    def _idle(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        """What settings name and this run met nowhere: it may be misspelt."""
        options, tally, ini = self._options, self.tally(), Ini(self._config)
        ignored = tuple(
            name
            for name in options.ignore
            if not any(fnmatch.fnmatchcase(cls, name) for cls in tally.ignored)
        )
        expected = tuple(name for name, _ in options.expect if name not in tally.expected)
        for key, names in (
            ("portable_errors_ignore", ignored),
            ("portable_errors_expect", expected),
        ):
            if names:
                yield ini.origin(key), names

    @pytest.hookimpl(optionalhook=True)
    def pytest_handlecrashitem(self, crashitem: str) -> None:
        """Of pytest-xdist: a worker's process ended in the middle of a test."""
        self._crashed.append(crashitem)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """A decision that is still open fails the run, as a coverage threshold does."""
        self._stopped_early = True
        result = yield
        self._stopped_early = False
        if self._tells and self.outcome().fails_beside_tests:
            session.testsfailed += 1
        return result

    @property
    def _tells(self) -> bool:
        """Whether there is more to tell than credentials: otherwise nothing is loaded for it."""
        return self._options.is_on or self._options.surveys

    def pytest_sessionfinish(self) -> None:
        """Write the files that were asked for."""
        if self._config.option.collectonly:
            return
        options = self._options
        if options.updates_baseline and options.baseline is not None:
            outcome = self.outcome()
            options.baseline.write_text(outcome.updated_baseline.text(), encoding="utf-8")
            self._written.append(
                f"{os.path.relpath(options.baseline, self._config.invocation_params.dir)}: "
                f"{outcome.update_told}"
            )
        if options.reports:
            from pytest_portable_errors.report.document import document
            from pytest_portable_errors.report.files import write_report

            found = document(self.outcome())
            for file in options.reports:
                write_report(file, found)
                self._written.append(os.path.relpath(file, self._config.invocation_params.dir))

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Tell it, unless there is nothing to tell."""
        if self._config.option.collectonly or (
            self._tally is None and not self._tells and not self._written
        ):
            return
        from pytest_portable_errors.report.summary import summary

        for line in summary(self.outcome(), verbosity=self._config.option.verbose):
            if line.is_title:
                terminalreporter.write_sep("=", line.text, **line.markup)
            else:
                terminalreporter.write_line(line.text, **line.markup)
        for text in self._annotations():
            terminalreporter.write_line(text)

    def _annotations(self) -> Iterator[str]:
        if os.environ.get("GITHUB_ACTIONS") == "true" and self._tells:
            from pytest_portable_errors.report.github import commands

            yield from commands(
                self.outcome(),
                root=self._options.root,
                workspace=os.environ.get("GITHUB_WORKSPACE"),
            )
