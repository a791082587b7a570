"""One pytest run that uses the plugin: its receivers, and what only pytest knows of the project
around the tests."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.policies import (
    Policy,
    RepoWidePolicy,
    SentSubject,
    StrictPolicy,
)
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver.fields import module_of, type_name
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.run import handled
from pytest_portable_errors.run.capture import CapturedExceptions, CapturePatch, Sources, can_watch
from pytest_portable_errors.run.fixtures import (
    AssertPrimitive,
    AssertRoundtrip,
    AssertValueRoundtrip,
)
from pytest_portable_errors.run.marker import Mark, MarkerOptions, merged
from pytest_portable_errors.run.monitored_test import WatchedTest
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.survey import population
from pytest_portable_errors.survey.build import CannotBuild
from pytest_portable_errors.survey.cases import Case, cases_of

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
        self._options = options
        self._pytest_api = pytest_api
        self._declare = declare
        self._baseline = baseline
        # Whether this pytest is made otherwise than those that we know, so that what pytest.raises
        # catches cannot be seen.
        self._is_blind = False
        self._cases: dict[str, list[Case]] = {}
        self._begun: dict[Case, list[SentSubject]] = {}
        self._surveyed_modules: list[str] = []
        # check_round_trip, called in a test, is to know the project as well
        self._before = share(self.receivers)

    def close(self) -> None:
        """End the receivers and leave the process as it was."""
        if "_watch" in vars(self):
            self._watch.close()
        share(self._before)
        self.receivers.close()

    def collected(self, files: Iterable[Path]) -> None:
        """Tell the receivers which modules are tests, because pytest has collected them."""
        self.receivers.exclude_tests(frozenset(os.path.realpath(file) for file in files))

    def start_receivers(self, requirements: Iterable[MarkerOptions]) -> None:
        """Start the receivers that these tests will ask; those that cannot start will say so to
        them."""
        options = self._options
        wanted = list(options.receivers) if options.is_on else []
        if options.is_on and not options.receiver_is_chosen:
            wanted.append("with-project")
        for receiver in dict.fromkeys(
            [*wanted, *(name for requirement in requirements for name in requirement.receivers)]
        ):
            with contextlib.suppress(PortableErrorsError):
                self.receivers.start(receiver)
                for module in self._surveyed_modules[:_PREPARED] if receiver in wanted else ():
                    self.receivers.prepare(receiver, [module])

    def requirement(self, marks: Iterable[Mark]) -> MarkerOptions:
        """What the marks of a test demand, the closest first. Raises PortableErrorsError for what
        they cannot mean."""
        return merged(marks, options=self._options, serializers=self.receivers.serializers)

    def marked_test(self, requirement: MarkerOptions) -> WatchedTest:
        """A test about to run under that requirement."""
        captured = CapturedExceptions(
            serializers=requirement.serializers,
            traceback="traceback" in requirement.checks,
            primitive=requirement.primitive,
            outcomes=self._pytest_api.outcomes,
        )
        return self._watched(requirement, self._strict(requirement.requirements), captured)

    def any_test(self) -> WatchedTest:
        """A test about to run, in a run that checks all of them."""
        captured = CapturedExceptions(
            serializers=self._serializers,
            traceback="traceback" in self._options.checks,
            outcomes=self._pytest_api.outcomes,
            skips=self._skips,
            settled_shapes=None
            if "traceback" in self._options.checks
            else self._repo_wide.settled_shapes,
        )
        return self._watched(self._no_requirement, self._repo_wide, captured)

    @functools.cached_property
    def _declared(self) -> Declarations:
        return self._declare()

    @functools.cached_property
    def _repo_wide(self) -> RepoWidePolicy:
        options = self._options
        return RepoWidePolicy(
            _repo_wide_terms(options),
            self.receivers,
            self.recorder,
            self._declared,
            baseline=self._baseline,
            fails=options.mode != "warn" and not options.updates_baseline,
            credentials=options.credentials,
        )

    def _watched(
        self, requirement: MarkerOptions, judge: Policy, captured: CapturedExceptions
    ) -> WatchedTest:
        watch = self._watch
        return WatchedTest(
            requirement, judge, captured, watch, self._pytest_api, is_blind=self._is_blind
        )

    @functools.cached_property
    def _serializers(self) -> tuple[Serializer, ...]:
        return tuple(map(self.receivers.serializers.find, self._options.serializers))

    @functools.cached_property
    def _no_requirement(self) -> MarkerOptions:
        options = self._options
        return MarkerOptions(
            raises=(),
            arrives_as=None,
            receivers=options.receivers,
            serializers=self._serializers,
            checks=options.checks,
            at_least=0,
            reason="",
            timeout=options.timeout,
            chain=(),
            primitive=False,
        )

    @functools.cached_property
    def _watch(self) -> CapturePatch:
        sources = Sources(
            exception_info=self._pytest_api.exception_info,
            raises=self._pytest_api.raises,
            kinds=self._options.capture,
            is_ours=lambda file: self.receivers.project.holds(file),
        )
        self._is_blind = "raises" in sources.kinds and not can_watch(sources)
        watch = CapturePatch(sources)
        # that one costs while nobody looks
        if self._options.is_on and "handled" not in sources.kinds:
            watch.keep_open()
        return watch

    def _strict(self, requirements: TripRequirements) -> StrictPolicy:
        return StrictPolicy(
            requirements,
            self.receivers,
            self.recorder,
            self._declared,
            credentials=self._options.credentials,
        )

    def _skips(self, cls: type[BaseException]) -> bool:
        if not self._declared.ignore or not self._declared.ignores(cls):
            return False
        self.recorder.ignored(type_name(cls))
        return True

    @property
    def warnings(self) -> list[str]:
        """What the summary should say. Never a Python warning, which ``filterwarnings = error``
        would turn into a failure."""
        told = []
        if self._is_blind:
            told.append(
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
            told.append(
                f"portable_errors_capture = handled needs {wanted}: exceptions that only "
                "except clauses catch were not seen"
            )
        return told

    def assert_roundtrip(self, marks: Iterable[Mark]) -> AssertRoundtrip:
        """The fixture, for a test with these marks."""
        return AssertRoundtrip(
            self.requirement(marks), self.receivers, self._strict, self._pytest_api
        )

    def assert_value_roundtrip(self, marks: Iterable[Mark]) -> AssertValueRoundtrip:
        """The same for values."""
        return AssertValueRoundtrip(
            self.requirement(marks),
            self.receivers,
            self._pytest_api,
            credentials=self._options.credentials,
        )

    def assert_primitive(self) -> AssertPrimitive:
        """The fixture that needs no trip."""
        return AssertPrimitive(self._pytest_api)

    def cases(self, suite: str, *, ahead: bool = False) -> list[Case]:
        """The cases of a suite. ``ahead``: they are the run's own, and nothing that a test sets up
        belongs to them.

        Raises PortableErrorsError when there is no suite of that name, or its library is not
        installed.
        """
        if suite not in self._cases:
            found = self._begin_ahead if ahead else lambda _: None
            serializers, receivers = self._options.serializers, self._options.receivers
            self._cases[suite] = cases_of(
                suite,
                self.receivers,
                serializers=serializers,
                receiver_names=receivers,
                found=found,
            )
        return self._cases[suite]

    def surveyed(self) -> list[Case]:
        """The exception classes to check whether they are raised or not. Raises PortableErrorsError
        if a package cannot be imported."""
        options = self._options
        found: list[type[BaseException]] = []
        for package in options.survey:
            found += population.classes_of_package(package)
        if options.surveys_project:
            found += population.classes_of_project(self.receivers.project)
        for cls in found:
            self.recorder.expected(self._declared.expected_of(cls))
        wanted = [cls for cls in found if not self._skips(cls)]
        self._surveyed_modules = list(dict.fromkeys(filter(None, map(module_of, wanted))))
        return population.cases(wanted, serializers=options.serializers, declared=self._declared)

    def _begin_ahead(self, case: Case) -> None:
        """Have the receiver check a case while the suite still raises others here."""
        if self._options.runs_no_tests and not self._begun:
            # The library is loaded, and this run is about nothing else: collecting garbage need not
            # look at all of it again and again.
            gc.freeze()
        if self._options.runs_everything:
            with contextlib.suppress(CannotBuild, PortableErrorsError):  # which the test will tell
                self._begun[case] = self.begin(case)

    def begun_ahead(self, case: Case) -> list[SentSubject] | None:
        """The case's trips, if they have begun while the suite raised others."""
        return self._begun.pop(case, None)

    def begin(self, case: Case) -> list[SentSubject]:
        """Begin the case's trips. Raises CannotBuild with the reason, and PortableErrorsError when
        a receiver cannot start."""
        judge = self._judge_of(case)
        outgoing = case.outgoing(
            self.receivers.serializers, traceback="traceback" in self._options.checks
        )
        return [judge.begin(by_serializer, how=how) for how, by_serializer in outgoing]

    def finish(self, case: Case, begun: Sequence[SentSubject]) -> None:
        """Wait for the case's trips, and fail the running test if it has to."""
        text = self._judge_of(case).conclude(begun)
        if text is not None:
            self._pytest_api.fail(text)

    def trouble(self, case: Case, error: PortableErrorsError) -> str | None:
        """What to fail a case with that could not be sent; None if that is told once for the
        run."""
        return self._judge_of(case).trouble(error)

    def not_built(self, case: Case, reason: CannotBuild) -> None:
        """Keep that a class was not checked."""
        if case.is_surveyed:
            self.recorder.not_checked(case.subject.name, str(reason))

    def _judge_of(self, case: Case) -> Policy:
        options = self._options
        if case.is_surveyed:
            return self._repo_wide
        return self._strict(
            TripRequirements(
                receivers=options.receivers, checks=options.checks, timeout=options.timeout
            )
        )


def _repo_wide_terms(options: Options) -> TripRequirements:
    return TripRequirements(
        receivers=options.receivers,
        checks=options.checks,
        timeout=options.timeout,
        receiver_is_undecided=not options.receiver_is_chosen,
        chain_is_undecided=not options.checks_are_chosen,
        ignores_test_classes=True,
    )
