"""The policies of one run, made of its options and declarations."""

from __future__ import annotations

import functools
from collections.abc import Callable

from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.judging.repo_wide_policy import RepoWidePolicy
from pytest_portable_errors.judging.strict_policy import StrictPolicy
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender.receivers import Receivers


class RunPolicies:
    """Makes the run's policies, which share receivers, recorder, declarations and baseline."""

    def __init__(
        self,
        *,
        options: Options,
        receivers: Receivers,
        recorder: Recorder,
        baseline: Baseline,
        declare: Callable[[], Declarations],
    ) -> None:
        """Make none yet.

        Args:
            options: Those of the run.
            receivers: What the policies send exceptions to.
            recorder: What they record results in.
            baseline: The known defects, for the repo-wide policy.
            declare: Gives what the project declares. It is called once, on first use, when all
                tests are collected: a conftest further down may declare something.
        """
        self._options = options
        self._receivers = receivers
        self._recorder = recorder
        self._baseline = baseline
        self._declare = declare

    @functools.cached_property
    def declared(self) -> Declarations:
        """What the project declares about its classes; read on first use."""
        return self._declare()

    @functools.cached_property
    def repo_wide(self) -> RepoWidePolicy:
        """The one policy for tests without a marker and for surveyed classes."""
        options = self._options
        return RepoWidePolicy(
            TripRequirements(
                receivers=options.receivers,
                checks=options.checks,
                timeout=options.timeout,
                receiver_is_undecided=not options.receiver_is_chosen,
                chain_is_undecided=not options.checks_are_chosen,
                is_repo_wide=True,
                setup_is_undecided=not options.needs_no_setup,
                hops=options.hops,
            ),
            self._receivers,
            self._recorder,
            self.declared,
            baseline=self._baseline,
            fails=options.mode != "warn" and not options.updates_baseline,
            credentials=options.credentials,
        )

    def strict(self, requirements: TripRequirements) -> StrictPolicy:
        """Make a policy for one test that has a marker or uses a fixture.

        Args:
            requirements: What is asked of each trip.
        """
        return StrictPolicy(
            requirements,
            self._receivers,
            self._recorder,
            self.declared,
            credentials=self._options.credentials,
        )

    def of_suite(self) -> StrictPolicy:
        """Make a policy for one case of a suite: whatever is lost fails it."""
        options = self._options
        return StrictPolicy(
            TripRequirements(
                receivers=options.receivers,
                checks=options.checks,
                timeout=options.timeout,
                spares_python=not options.checks_are_chosen,
                hops=options.hops,
            ),
            self._receivers,
            self._recorder,
            self.declared,
            credentials=options.credentials,
            is_told_once=True,
        )

    def skips(self, cls: type[BaseException]) -> bool:
        """Whether a setting ignores a class. If so, that is recorded."""
        if not self.declared.ignore or not self.declared.ignores(cls):
            return False
        self._recorder.ignored(type_name(cls))
        return True
