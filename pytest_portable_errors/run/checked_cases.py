"""The cases of a run: those of suites, and of the exception classes that are surveyed."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Sequence

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.policies import Policy, SentSubject
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.run.run_policies import RunPolicies
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.survey import population
from pytest_portable_errors.survey.build import CannotBuild
from pytest_portable_errors.survey.cases import Case, cases_of


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
        self.surveyed_modules: list[str] = []
        """Modules of the classes that are surveyed."""
        self._options = options
        self._receivers = receivers
        self._recorder = recorder
        self._policies = policies
        self._pytest_api = pytest_api
        self._of_suites: dict[str, list[Case]] = {}
        self._sent_ahead: dict[Case, list[SentSubject]] = {}

    def of_suite(self, suite: str, *, ahead: bool = False) -> list[Case]:
        """The cases of a suite.

        Args:
            suite: Its name.
            ahead: Whether they are the run's own, and nothing that a test sets up belongs to them:
                then their exceptions are sent while the suite still raises others.

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
        """The exception classes to check whether they are raised or not.

        Raises:
            PortableErrorsError: A package cannot be imported.
        """
        options = self._options
        classes: list[type[BaseException]] = []
        for package in options.survey:
            classes += population.classes_of_package(package)
        if options.surveys_project:
            classes += population.classes_of_project(self._receivers.project)
        declared = self._policies.declared
        for cls in classes:
            self._recorder.expected(declared.expected_of(cls))
        wanted = [cls for cls in classes if not self._policies.skips(cls)]
        self.surveyed_modules = list(dict.fromkeys(filter(None, map(module_of, wanted))))
        return population.cases(wanted, serializers=options.serializers, declared=declared)

    def sent_ahead(self, case: Case) -> list[SentSubject] | None:
        """What was sent of a case while the suite raised others; None if nothing was."""
        return self._sent_ahead.pop(case, None)

    def send(self, case: Case) -> list[SentSubject]:
        """Build the case's exceptions, and send them.

        Raises:
            CannotBuild: There is no instance of the class; the reason is its text.
            PortableErrorsError: A receiver cannot start.
        """
        policy = self._policy_of(case)
        outgoing = case.outgoing(
            self._receivers.serializers, traceback="traceback" in self._options.checks
        )
        return [policy.begin(by_serializer, how=how) for how, by_serializer in outgoing]

    def finish(self, case: Case, sent: Sequence[SentSubject]) -> None:
        """Wait for the case's trips, and fail the running test if it has to."""
        text = self._policy_of(case).conclude(sent)
        if text is not None:
            self._pytest_api.fail(text)

    def trouble(self, case: Case, error: PortableErrorsError) -> str | None:
        """What to fail a case with that could not be sent; None if that is told once for the
        run."""
        return self._policy_of(case).trouble(error)

    def not_built(self, case: Case, reason: CannotBuild) -> None:
        """Keep that a class was not checked."""
        if case.is_surveyed:
            self._recorder.not_checked(case.subject.name, str(reason))

    def _send_ahead(self, case: Case) -> None:
        """Have the receiver check a case while the suite still raises others here."""
        if self._options.runs_no_tests and not self._sent_ahead:
            # The library is loaded, and this run is about nothing else: collecting garbage need not
            # look at all of it again and again.
            gc.freeze()
        if self._options.runs_everything:
            with contextlib.suppress(CannotBuild, PortableErrorsError):  # which the test will tell
                self._sent_ahead[case] = self.send(case)

    def _policy_of(self, case: Case) -> Policy:
        return self._policies.repo_wide if case.is_surveyed else self._policies.strict()
