"""The policies of one run, as its options and declarations make them."""

from __future__ import annotations

import functools
from collections.abc import Callable

from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.policies import RepoWidePolicy, StrictPolicy
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.judging.verdicts import TripRequirements
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender.receivers import Receivers


class RunPolicies:
    """What the run's policies share: receivers, recorder, declarations, baseline."""

    def __init__(
        self,
        *,
        options: Options,
        receivers: Receivers,
        recorder: Recorder,
        baseline: Baseline,
        declare: Callable[[], Declarations],
    ) -> None:
        """``declare`` is asked when all is collected: a conftest further down may declare
        something."""
        self._options = options
        self._receivers = receivers
        self._recorder = recorder
        self._baseline = baseline
        self._declare = declare

    @functools.cached_property
    def declared(self) -> Declarations:
        """What the project says of its classes."""
        return self._declare()

    @functools.cached_property
    def repo_wide(self) -> RepoWidePolicy:
        """The policy of a run that checks all tests."""
        options = self._options
        return RepoWidePolicy(
            TripRequirements(
                receivers=options.receivers,
                checks=options.checks,
                timeout=options.timeout,
                receiver_is_undecided=not options.receiver_is_chosen,
                chain_is_undecided=not options.checks_are_chosen,
                ignores_test_classes=True,
            ),
            self._receivers,
            self._recorder,
            self.declared,
            baseline=self._baseline,
            fails=options.mode != "warn" and not options.updates_baseline,
            credentials=options.credentials,
        )

    def strict(self, requirements: TripRequirements | None = None) -> StrictPolicy:
        """The policy of a marker, a fixture or a suite; without requirements, as options say."""
        options = self._options
        return StrictPolicy(
            requirements
            or TripRequirements(
                receivers=options.receivers, checks=options.checks, timeout=options.timeout
            ),
            self._receivers,
            self._recorder,
            self.declared,
            credentials=options.credentials,
        )

    def skips(self, cls: type[BaseException]) -> bool:
        """Whether the project wants nothing of a class to be checked; that is recorded."""
        if not self.declared.ignore or not self.declared.ignores(cls):
            return False
        self._recorder.ignored(type_name(cls))
        return True
