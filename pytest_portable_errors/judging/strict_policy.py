"""The policy for markers, fixtures and suites: whatever is lost fails the test."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.expectations import unmet
from pytest_portable_errors.judging.failure_text import (
    brief_texts,
    credential_texts,
    trips_text,
)
from pytest_portable_errors.judging.policies import SendingPolicy, SentSubject, with_fixes_once
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.judging.shapes import Likeness
from pytest_portable_errors.judging.verdicts import (
    TripRequirements,
    judge,
)
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip


class StrictPolicy(SendingPolicy):
    """Fails the test for every loss; the baseline and open decisions are not asked."""

    def __init__(
        self,
        requirements: TripRequirements,
        receivers: Receivers,
        recorder: Recorder,
        declared: Declarations,
        *,
        credentials: str,
        is_told_once: bool = False,
    ) -> None:
        """Prepare for one test.

        ``credentials`` is ``off``, ``warn`` or ``error``; ``error`` fails tests. ``is_told_once``:
        the summary tells each defect, so that the test's own text is brief.
        """
        super().__init__(requirements, receivers, recorder, declared)
        self._credentials = credentials
        self._is_told_once = is_told_once
        self.trips: list[RoundTrip] = []
        """The trips that ``conclude`` has judged, in the order in which they were sent."""

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        not_sent: Sequence[Hashable] = (),
        no_time_for: Sequence[Likeness] = (),
        test: str = "",
    ) -> str | None:
        """See ``Policy``. Every exception was sent, and each test tells its losses."""
        del not_sent, no_time_for, test
        earlier = self._recorder.described
        with_fixes: set[tuple[object, ...]] = set()
        failing: list[tuple[str, RoundTrip]] = []
        unmet_texts: list[str] = []
        for subject in subjects:
            judged_trips = [
                with_fixes_once(judged, with_fixes)
                for judged in judge(subject.pending_trips, self._requirements)
            ]
            self._recorder.add(subject.how, judged_trips)
            self.trips += [judged.trip for judged in judged_trips]
            # Whoever marks a test asks for a check: one that was not made is no pass.
            failing += [
                (subject.how, judged.trip)
                for judged in judged_trips
                if judged.fails or judged.verdict is Verdict.NOT_CHECKED
            ]
            unmet_texts += unmet(judged_trips, self._requirements)
        of_credentials = credential_texts(self.trips) if self._credentials == "error" else []
        if self._is_told_once:
            texts = brief_texts(failing, earlier)
        else:
            texts = [trips_text(failing)] if failing else []
        between = "\n" if self._is_told_once else "\n\n"
        return between.join([*texts, *dict.fromkeys(unmet_texts), *of_credentials]) or None

    def trouble(self, error: PortableErrorsError) -> str | None:
        """See ``Policy``. The error fails every test that meets it."""
        return str(error)
