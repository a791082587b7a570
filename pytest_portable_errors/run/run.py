"""One pytest run that uses the plugin: its receivers, and what only pytest knows of the project
around the tests."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.policies import Policy
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.run import handled
from pytest_portable_errors.run.assertions import (
    AssertPrimitive,
    AssertRoundtrip,
    AssertValueRoundtrip,
)
from pytest_portable_errors.run.capture import CapturedExceptions
from pytest_portable_errors.run.capture_patch import CapturePatch, Sources
from pytest_portable_errors.run.checked_cases import CheckedCases
from pytest_portable_errors.run.marker import Mark, MarkerOptions, merge_markers
from pytest_portable_errors.run.monitored_test import MonitoredTest
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.run.run_policies import RunPolicies
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers

_PREPARED = 8
"""Modules with exception classes that a receiver imports while the tests begin, so that none waits
for that."""


class Run:
    """Made on first use, closed when pytest ends."""

    def __init__(
        self,
        *,
        python_files: Sequence[str],
        serializers: Serializers,
        declare: Callable[[], Declarations],
        baseline: Baseline,
        options: Options,
        pytest_api: PytestApi,
        controller: int | None,
    ) -> None:
        """``declare`` is asked when all is collected: a conftest further down may declare
        something.

        ``controller`` is the process id of pytest-xdist's controller in a worker of it.
        """
        context = ProjectContext(
            root=Path(options.root),
            python_files=tuple(python_files),
            receiver_setup=options.receiver_setup,
            installed=options.installed,
            absent=options.absent,
        )
        self.receivers = Receivers(context, serializers, controller=controller)
        self.recorder = Recorder(root=options.root, names_credentials=options.credentials != "off")
        self.policies = RunPolicies(
            options=options,
            receivers=self.receivers,
            recorder=self.recorder,
            baseline=baseline,
            declare=declare,
        )
        self.cases = CheckedCases(
            options=options,
            receivers=self.receivers,
            recorder=self.recorder,
            policies=self.policies,
            pytest_api=pytest_api,
        )
        self._options = options
        self._pytest_api = pytest_api
        self._patch: CapturePatch | None = None
        """What shows the exceptions that tests catch; made for the first test."""
        # check_round_trip, called in a test, is to know the project as well
        self._before = share(self.receivers)

    def close(self) -> None:
        """End the receivers and leave the process as it was."""
        if self._patch is not None:
            self._patch.close()
        share(self._before)
        self.receivers.close()

    def collected(self, files: Iterable[Path]) -> None:
        """Tell the receivers which modules are tests, because pytest has collected them."""
        self.receivers.exclude_tests(frozenset(os.path.realpath(file) for file in files))

    def start_receivers(self, marked: Iterable[MarkerOptions]) -> None:
        """Start the receivers that these tests will ask; those that cannot start will say so to
        them."""
        options = self._options
        wanted = list(options.receivers) if options.is_on else []
        if options.is_on and not options.receiver_is_chosen:
            wanted.append("with-project")
        of_markers = (name for marker_options in marked for name in marker_options.receivers)
        for receiver in dict.fromkeys([*wanted, *of_markers]):
            with contextlib.suppress(PortableErrorsError):
                self.receivers.start(receiver)
                modules = self.cases.surveyed_modules[:_PREPARED] if receiver in wanted else ()
                for module in modules:
                    self.receivers.prepare(receiver, [module])

    def marker_options(self, marks: Iterable[Mark]) -> MarkerOptions:
        """What the marks of a test demand, the closest first.

        Raises:
            PortableErrorsError: A mark cannot mean anything.
        """
        return merge_markers(marks, options=self._options, serializers=self.receivers.serializers)

    def marked_test(self, marker_options: MarkerOptions) -> MonitoredTest:
        """A test about to run under that marker."""
        captured = CapturedExceptions(
            serializers=marker_options.serializers,
            traceback="traceback" in marker_options.checks,
            primitive=marker_options.primitive,
            outcomes=self._pytest_api.outcomes,
        )
        policy = self.policies.strict(marker_options.requirements)
        return self._monitored(marker_options, policy, captured)

    def any_test(self) -> MonitoredTest:
        """A test about to run, in a run that checks all of them."""
        has_traceback = "traceback" in self._options.checks
        unmarked = self.marker_options(())
        captured = CapturedExceptions(
            serializers=unmarked.serializers,
            traceback=has_traceback,
            outcomes=self._pytest_api.outcomes,
            skips=self.policies.skips,
            settled_shapes=None if has_traceback else self.policies.repo_wide.settled_shapes,
        )
        # whatever it raises is judged, and it need not raise anything
        return self._monitored(replace(unmarked, at_least=0), self.policies.repo_wide, captured)

    def _monitored(
        self, marker_options: MarkerOptions, policy: Policy, captured: CapturedExceptions
    ) -> MonitoredTest:
        if self._patch is None:
            self._patch = self._new_patch()
        return MonitoredTest(marker_options, policy, captured, self._patch, self._pytest_api)

    def _new_patch(self) -> CapturePatch:
        sources = Sources(
            exception_info=self._pytest_api.exception_info,
            raises=self._pytest_api.raises,
            kinds=self._options.capture,
            is_ours=lambda file: self.receivers.project.holds(file),
        )
        patch = CapturePatch(sources)
        # that one costs while nobody looks
        if self._options.is_on and "handled" not in sources.kinds:
            patch.keep_open()
        return patch

    @property
    def warnings(self) -> list[str]:
        """What the summary should say. Never a Python warning, which ``filterwarnings = error``
        would turn into a failure."""
        warnings = []
        if self._patch is not None and self._patch.is_blind:
            warnings.append(
                "exceptions that pytest.raises catches were not seen, and not checked: this "
                "version of pytest is not known"
            )
        if "handled" in self._options.capture and not handled.can_watch_handled():
            needed = ".".join(map(str, handled.NEEDS))
            wanted = (
                f"Python {needed}"
                if sys.version_info < handled.NEEDS
                else "a free tool id (sys.monitoring)"
            )
            warnings.append(
                f"portable_errors_capture = handled needs {wanted}: exceptions that only "
                "except clauses catch were not seen"
            )
        return warnings

    def assert_roundtrip(self, marks: Iterable[Mark]) -> AssertRoundtrip:
        """The fixture, for a test with these marks."""
        return AssertRoundtrip(
            self.marker_options(marks), self.receivers, self.policies.strict, self._pytest_api
        )

    def assert_value_roundtrip(self, marks: Iterable[Mark]) -> AssertValueRoundtrip:
        """The same for values."""
        return AssertValueRoundtrip(
            self.marker_options(marks),
            self.receivers,
            self._pytest_api,
            credentials=self._options.credentials,
        )

    def assert_primitive(self) -> AssertPrimitive:
        """The fixture that needs no trip."""
        return AssertPrimitive(self._pytest_api)
