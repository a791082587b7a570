"""The cases of a run: those of its suites, and one for each exception class that it surveys."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Sequence
from pathlib import Path

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.policies import Policy, SentSubject
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.run.run_policies import RunPolicies
from pytest_portable_errors.sender.pending_trip import new_subject
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.survey import population
from pytest_portable_errors.survey.cases import Case, cases_of
from pytest_portable_errors.survey.packages import survey_package
from pytest_portable_errors.survey.project_modules import modules_not_imported

AHEAD = 12
"""Cases that are under way at once, so that the receivers always have something to do. No more than
the receivers keep processes for (``check_pool.PARKED``)."""


class CheckedCases:
    """Finds the cases, sends their exceptions, and has them judged."""

    def __init__(
        self,
        *,
        options: Options,
        receivers: Receivers,
        recorder: Recorder,
        policies: RunPolicies,
        pytest_api: PytestApi,
    ) -> None:
        """Find none yet.

        Args:
            options: Those of the run.
            receivers: What exceptions are sent to.
            recorder: What results are recorded in.
            policies: Judge the cases: strictly those of suites, repo-wide surveyed classes.
            pytest_api: Fails the running test.
        """
        self.surveyed_modules: list[str] = []
        """Names of the modules of the surveyed classes, each once; empty before ``surveyed``."""
        self._options = options
        self._receivers = receivers
        self._recorder = recorder
        self._policies = policies
        self._pytest_api = pytest_api
        self._of_suites: dict[str, list[Case]] = {}
        self._sent_ahead: dict[Case, list[SentSubject]] = {}

    def of_suite(self, suite: str, *, ahead: bool = False) -> list[Case]:
        """The cases of a suite, found on the first call.

        Args:
            suite: Its name.
            ahead: Whether each case is sent while the suite still raises the exceptions of others.
                True for the run's own cases; False for those of ``@portable_cases``, which may need
                what the test sets up.

        Raises:
            PortableErrorsError: There is no suite of that name, or its library is not installed.
        """
        if suite not in self._of_suites:
            self._of_suites[suite] = cases_of(
                suite,
                self._receivers,
                serializers=self._options.serializers,
                receiver_names=self._options.receivers,
                found=self._send_ahead if ahead else lambda _: None,
            )
        return self._of_suites[suite]

    def surveyed(self) -> list[Case]:
        """The cases of the exception classes that options survey, sorted by class name.

        They are of packages, which are imported now, and of the project, as far as they are loaded
        now. Classes that a setting ignores have no case.

        Raises:
            PortableErrorsError: A package cannot be imported, or has no exception class.
        """
        options = self._options
        classes: list[type[BaseException]] = []
        for name in options.survey:
            package = survey_package(name)
            classes += package.classes
            for module, why in package.failures.items():
                self._recorder.not_imported(module, why)
        if options.surveys_project:
            classes += population.classes_of_project(self._receivers.project)
            for module in modules_not_imported(Path(options.root)):
                self._recorder.not_imported(module, "")
        declared = self._policies.declared
        for cls in classes:
            self._recorder.expected(declared.expected_of(cls))
        surveyed = [cls for cls in classes if not self._policies.skips(cls)]
        self.surveyed_modules = list(dict.fromkeys(filter(None, map(module_of, surveyed))))
        return population.cases(surveyed, serializers=options.serializers, declared=declared)

    def sent_ahead(self, case: Case) -> list[SentSubject] | None:
        """Take what was sent of a case while the suite raised others; None if nothing was."""
        return self._sent_ahead.pop(case, None)

    def send(self, case: Case) -> list[SentSubject]:
        """Build the case's exceptions, and send them, without waiting for answers.

        Raises:
            CannotBuild: No instance of the class can be built; its text is the reason.
            PortableErrorsError: A receiver cannot start.
        """
        policy = self._policy_of(case)
        outgoing = case.outgoing(
            self._receivers.serializers, traceback="traceback" in self._options.checks
        )
        subject = new_subject()
        return [
            policy.begin(by_serializer, how=how, subject=subject) for how, by_serializer in outgoing
        ]

    def finish(self, case: Case, sent: Sequence[SentSubject]) -> None:
        """Wait for the case's trips, record them, and fail the running test if it has to.

        Args:
            case: The case.
            sent: What ``send`` returned for it.

        Raises:
            NotPortable: The policy fails the case.
            PortableErrorsError: A receiver cannot start.
        """
        text = self._policy_of(case).conclude(sent)
        if text is not None:
            self._pytest_api.fail_told_once(text)

    def trouble(self, case: Case, error: PortableErrorsError) -> str | None:
        """The failure's text of a case that could not be sent; None if the run tells it once."""
        return self._policy_of(case).trouble(error)

    def not_built(self, case: Case, reason: CannotBuild) -> None:
        """Record that a surveyed class was not checked, and why; a suite's case says it itself."""
        if case.is_surveyed:
            self._recorder.not_checked(case.subject.name, str(reason))

    def _send_ahead(self, case: Case) -> None:
        """Have the receiver check a case while the suite still raises others here."""
        if self._options.runs_no_tests and not self._sent_ahead:
            # The suite's library is loaded, and this run is about nothing else: the garbage
            # collector need not look at all of it again and again.
            gc.freeze()
        if self._options.runs_everything and len(self._sent_ahead) < AHEAD:
            # What goes wrong goes wrong again in the case's test, which tells it.
            with contextlib.suppress(CannotBuild, PortableErrorsError):
                self._sent_ahead[case] = self.send(case)

    def _policy_of(self, case: Case) -> Policy:
        return self._policies.repo_wide if case.is_surveyed else self._policies.of_suite()
