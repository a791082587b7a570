"""One pytest run that uses the plugin, in one process: its receivers, policies and cases."""

from __future__ import annotations

import contextlib
import functools
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

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
from pytest_portable_errors.sender.process_receivers import current, share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers

if TYPE_CHECKING:
    from pytest_portable_errors.goldens.offered import Offered
    from pytest_portable_errors.run.dependency_items import Dependencies

_PREPARED = 8
"""Modules with surveyed classes that each receiver imports when the tests begin, so that their
checks need not wait for that."""


class Run:
    """One pytest run that uses the plugin; made on first use, closed when pytest ends."""

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
        hub: str | None,
        is_nested: bool = False,
    ) -> None:
        """Make the run, and let ``check_round_trip`` use its receivers; no receiver starts yet.

        Args:
            python_files: pytest's patterns for names of test files.
            serializers: Those that can be named.
            declare: Gives what the project declares; see ``RunPolicies``.
            baseline: The known defects.
            options: Those of the run.
            pytest_api: What of pytest the run needs.
            controller: The process id of pytest-xdist's controller; None in a process that is no
                worker of it.
            hub: Path of the socket by which the workers of pytest-xdist share receivers; None:
                this process has its own.
            is_nested: Whether another run of pytest in this process has begun and not ended.
        """
        context = ProjectContext(
            root=Path(options.root),
            python_files=tuple(python_files),
            receiver_setup=options.receiver_setup,
            django_setup=options.django_setup,
            installed=options.installed,
            absent=options.absent,
            is_nested=is_nested,
        )
        self.receivers = Receivers(context, serializers, controller=controller, hub=hub)
        self.offered: Offered | None = None
        """What goldens can be made of; None where the run writes none."""
        if options.updates_goldens:
            from pytest_portable_errors.goldens.offered import Offered

            self.offered = Offered(root=options.root)
        self.recorder = Recorder(
            root=options.root,
            names_credentials=options.credentials != "off",
            also_for=None if self.offered is None else self.offered.offer,
        )
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
        self._baseline, self._controller = baseline, controller
        self._pytest_api = pytest_api
        self._patch: CapturePatch | None = None
        """What shows the exceptions that tests catch; None before the first watched test."""
        # A check_round_trip in a test is to know the project as well.
        self._shared_before = share(self.receivers)
        self._shared = current()

    def close(self) -> None:
        """Undo all patches, share what was shared before, end the receivers and wait for them."""
        if self._patch is not None:
            self._patch.close()
        share(self._shared_before)
        self.receivers.close()

    def collected(self, files: Iterable[Path]) -> None:
        """Tell the receivers which files pytest has collected: their modules are tests."""
        self.receivers.exclude_tests(frozenset(os.path.realpath(file) for file in files))

    def start_receivers(self, marked: Iterable[MarkerOptions]) -> None:
        """Start the receivers that the tests will ask, without waiting for them.

        One that cannot start raises nothing here: the tests that ask it will fail.

        Args:
            marked: The options of the tests that use a marker or fixture. A run that checks all
                tests starts its own receivers too, and with-project if none was chosen.
        """
        options, marked = self._options, list(marked)
        of_options = list(options.receivers) if options.is_on else []
        if options.is_on and not options.receiver_is_chosen:
            of_options.append("with-project")
        of_markers = (name for marker_options in marked for name in marker_options.receivers)
        # Of tests without a marker nobody knows whether they raise anything.
        waits = not (marked or options.suites or self.cases.surveyed_modules)
        for receiver in dict.fromkeys([*of_options, *of_markers]):
            with contextlib.suppress(PortableErrorsError):
                self.receivers.start(receiver, waits=waits)
                modules = self.cases.surveyed_modules[:_PREPARED] if receiver in of_options else ()
                for module in modules:
                    self.receivers.prepare(receiver, [module])

    def marker_options(self, marks: Iterable[Mark]) -> MarkerOptions:
        """Merge a test's markers with the settings; the closest marker comes first, and wins.

        Raises:
            PortableErrorsError: A marker is used wrongly; see ``merge_markers``.
        """
        return merge_markers(marks, options=self._options, serializers=self.receivers.serializers)

    def marked_test(self, marker_options: MarkerOptions) -> MonitoredTest:
        """Prepare to watch a test that has a marker: whatever is lost fails it."""
        captured = CapturedExceptions(
            serializers=marker_options.serializers,
            traceback="traceback" in marker_options.checks,
            primitive=marker_options.primitive,
            outcomes=self._pytest_api.outcomes,
        )
        policy = self.policies.strict(marker_options.requirements)
        return self._monitored(marker_options, policy, captured, is_told_once=False)

    def any_test(self) -> MonitoredTest:
        """Prepare to watch a test without a marker, in a run that checks all tests."""
        return self._monitored(
            self._unmarked, self.policies.repo_wide, self._new_captured(), is_told_once=True
        )

    @functools.cached_property
    def _unmarked(self) -> MarkerOptions:
        """What holds for each test without a marker: it need not raise anything."""
        return replace(self.marker_options(()), at_least=0)

    @functools.cached_property
    def _new_captured(self) -> Callable[[], CapturedExceptions]:
        """Makes what captures the exceptions of a test without a marker: there are many tests."""
        has_traceback = "traceback" in self._options.checks
        return functools.partial(
            CapturedExceptions,
            serializers=self._unmarked.serializers,
            traceback=has_traceback,
            outcomes=self._pytest_api.outcomes,
            skips=self.policies.skips,
            settled=None
            if has_traceback or self._options.is_thorough
            else self.policies.repo_wide.settled,
        )

    def _monitored(
        self,
        marker_options: MarkerOptions,
        policy: Policy,
        captured: CapturedExceptions,
        *,
        is_told_once: bool,
    ) -> MonitoredTest:
        if self._patch is None:
            self._patch = self._new_patch()
        return MonitoredTest(
            marker_options,
            policy,
            captured,
            self._patch,
            self._pytest_api,
            is_told_once=is_told_once,
        )

    def _new_patch(self) -> CapturePatch:
        sources = Sources(
            exception_info=self._pytest_api.exception_info,
            raises=self._pytest_api.raises,
            kinds=self._options.capture,
            is_ours=lambda file: self.receivers.project.holds(file),
        )
        patch = CapturePatch(sources, is_on_top=lambda: current() is self._shared)
        # Kept open, "handled" would cost time between tests, too.
        if self._options.is_on and "handled" not in sources.kinds:
            patch.keep_open()
        return patch

    @functools.cached_property
    def dependencies(self) -> Dependencies:
        """What the items share that survey the project's dependencies."""
        from pytest_portable_errors.run.dependency_items import Dependencies
        from pytest_portable_errors.run.libraries import Libraries

        return Dependencies(
            Libraries(
                self._options,
                lambda: self.policies.declared,
                at_once=None if self._controller is None else 1,
            ),
            self.recorder,
            self._pytest_api,
            baseline=self._baseline,
            fails=self._options.mode != "warn" and not self._options.updates_baseline,
        )

    @property
    def warnings(self) -> list[str]:
        """Why exceptions were not seen, a line each for the summary; empty if nothing was missed.

        They are no Python warnings, which ``filterwarnings = error`` would turn into failures.
        """
        warnings = []
        if self._patch is not None and self._patch.is_blind:
            warnings.append(
                "exceptions that pytest.raises catches were not seen, and not checked: this "
                "version of pytest is not known"
            )
        if "handled" in self._options.capture and not handled.can_watch_handled():
            needed = ".".join(map(str, handled.NEEDS))
            requirement = (
                f"Python {needed}"
                if sys.version_info < handled.NEEDS
                else "a free tool id (sys.monitoring)"
            )
            warnings.append(
                f"portable_errors_capture = handled needs {requirement}: exceptions that only "
                "except clauses catch were not seen"
            )
        return warnings

    def assert_roundtrip(self, marks: Iterable[Mark]) -> AssertRoundtrip:
        """The value of the fixture, for a test with these markers.

        Raises:
            PortableErrorsError: A marker is used wrongly; see ``merge_markers``.
        """
        return AssertRoundtrip(
            self.marker_options(marks), self.receivers, self.policies.strict, self._pytest_api
        )

    def assert_value_roundtrip(self, marks: Iterable[Mark]) -> AssertValueRoundtrip:
        """The value of the fixture, for a test with these markers.

        Raises:
            PortableErrorsError: A marker is used wrongly; see ``merge_markers``.
        """
        return AssertValueRoundtrip(
            self.marker_options(marks),
            self.receivers,
            self._pytest_api,
            credentials=self._options.credentials,
            offer=None if self.offered is None else self.offered.offer_value,
        )

    def assert_primitive(self) -> AssertPrimitive:
        """The value of the fixture, which makes no trip."""
        return AssertPrimitive(self._pytest_api)
