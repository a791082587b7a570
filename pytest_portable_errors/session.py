"""One pytest run that uses the plugin: its receivers, and what only pytest knows of the project around the tests."""

from __future__ import annotations

import contextlib
import functools
import gc
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.exposure import Exposure
from pytest_portable_errors.fixtures import AssertRoundtrip
from pytest_portable_errors.host import Host
from pytest_portable_errors.journey import Journey, told
from pytest_portable_errors.marked import MarkedTest
from pytest_portable_errors.options import Options
from pytest_portable_errors.report.text import case_text
from pytest_portable_errors.requirement import Mark, Requirement, merged
from pytest_portable_errors.sender.capture import can_watch
from pytest_portable_errors.sender.project import Surroundings
from pytest_portable_errors.sender.receivers import Receivers, share
from pytest_portable_errors.sender.serializers import Serializers
from pytest_portable_errors.survey.build import CannotBuild
from pytest_portable_errors.survey.cases import Case, cases_of


class Session:
    """Made on first use, closed when pytest ends."""

    def __init__(
        self, *, python_files: Sequence[str], serializers: Serializers, options: Options, host: Host, controller: int | None
    ) -> None:
        """``controller`` is the process id of pytest-xdist's controller in a worker of it."""
        surroundings = Surroundings(root=Path(options.root), python_files=tuple(python_files), receiver_setup=options.receiver_setup)
        self.receivers = Receivers(surroundings, serializers, controller=controller)
        self.exposure = Exposure(options.credentials)
        self._options = options
        self._host = host
        self._cases: dict[str, list[Case]] = {}
        self._begun: dict[Case, list[tuple[str, Journey]]] = {}
        self._before = share(self.receivers)  # check_round_trip, called in a test, is to know the project as well

    def close(self) -> None:
        """End the receivers and leave the process as it was."""
        share(self._before)
        self.receivers.close()

    def collected(self, files: Iterable[Path]) -> None:
        """Tell the receivers which modules are tests, because pytest has collected them."""
        self.receivers.exclude_tests(frozenset(os.path.realpath(file) for file in files))

    def start_receivers(self, requirements: Iterable[Requirement]) -> None:
        """Start the receivers that these tests will ask; those that cannot start will say so to them."""
        for receiver in dict.fromkeys(name for requirement in requirements for name in requirement.receivers):
            with contextlib.suppress(PortableErrorsError):
                self.receivers.start(receiver)

    def requirement(self, marks: Iterable[Mark]) -> Requirement:
        """What the marks of a test demand, the closest first. Raises PortableErrorsError for what they cannot mean."""
        return merged(marks, options=self._options, serializers=self.receivers.serializers)

    def marked_test(self, requirement: Requirement) -> MarkedTest:
        """A test about to run under that requirement."""
        return MarkedTest(requirement, self.receivers, self._host, self.exposure, is_blind=self.is_blind)

    @functools.cached_property
    def is_blind(self) -> bool:
        """Whether this pytest is made otherwise than those that we know, so that what ``pytest.raises`` catches cannot be seen."""
        return not can_watch(self._host.exception_info, self._host.raises)

    @property
    def warnings(self) -> list[str]:
        """What the summary should say. Never a Python warning, which ``filterwarnings = error`` would turn into a failure."""
        if "is_blind" not in vars(self) or not self.is_blind:
            return []
        return ["exceptions that pytest.raises catches were not seen, and not checked: this version of pytest is not known"]

    def assert_roundtrip(self, marks: Iterable[Mark]) -> AssertRoundtrip:
        """The fixture, for a test with these marks."""
        return AssertRoundtrip(self.requirement(marks), self.receivers, self._host, self.exposure)

    def cases(self, suite: str) -> list[Case]:
        """The cases of a suite. Raises PortableErrorsError when there is none of that name, or its library is not installed."""
        if suite not in self._cases:
            serializers, receivers = self._options.serializers, self._options.receivers
            self._cases[suite] = cases_of(suite, self.receivers, serializers=serializers, receiver_names=receivers, found=self._found)
        return self._cases[suite]

    def _found(self, case: Case) -> None:
        """Have the receiver check a case while the suite still raises others here."""
        if self._options.runs_suites_alone and not self._begun:
            # The library is loaded, and this run is about nothing else: collecting garbage need not look at all of it again and again.
            gc.freeze()
        if self._options.runs_everything:
            with contextlib.suppress(CannotBuild, PortableErrorsError):  # which the test will tell
                self._begun[case] = self.begin(case)

    def begin(self, case: Case) -> list[tuple[str, Journey]]:
        """Begin the case's trips. Raises CannotBuild with the reason, and PortableErrorsError when a receiver cannot start."""
        if case in self._begun:
            return self._begun.pop(case)
        options = self._options
        return case.set_out(self.receivers, receiver_names=options.receivers, checks=options.checks, timeout=options.timeout)

    def finish(self, journeys: Sequence[tuple[str, Journey]]) -> None:
        """Wait for the case's trips, and fail the running test if something is lost."""
        made = [(how, journey, journey.arrive()) for how, journey in journeys]
        exposed = self.exposure.judge(trip for _, _, trip in made)
        lost = [(how, journey, trip) for how, journey, trip in made if not trip.arrived_whole]
        if exposed and not lost:
            self._host.fail(exposed)
        if lost:
            trips = told((journey, trip) for _, journey, trip in lost)
            self._host.fail(case_text([(how, trip) for (how, _, _), trip in zip(lost, trips, strict=True)], of=len(journeys)))
