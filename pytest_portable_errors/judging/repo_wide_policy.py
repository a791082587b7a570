"""The policy for a run that checks all tests: what is new fails tests, and is told once."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import replace

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.failure_text import (
    brief_texts,
    credential_texts,
)
from pytest_portable_errors.judging.outlines import Outline
from pytest_portable_errors.judging.policies import SendingPolicy, SentSubject, with_fixes_once
from pytest_portable_errors.judging.recorder import Recorder, defect_of, is_known, way_of
from pytest_portable_errors.judging.shapes import (
    LARGE_LOOKS,
    MOST_OF_A_CLASS,
    Likeness,
    SettledExceptions,
)
from pytest_portable_errors.judging.verdicts import (
    JudgedTrip,
    TripRequirements,
    judge,
)
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.rows import ADDED_LATER, RAISED, Verdict
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip

_NO_TIME = (
    f"past the first {MOST_OF_A_CLASS} of a class, or {LARGE_LOOKS} of those that hold much; "
    "portable_errors_thorough = true sends each"
)
_JUDGED_BY_OTHERS = (
    "judged by others of their class before them; portable_errors_thorough = true sends each"
)


class RepoWidePolicy(SendingPolicy):
    """Fails tests for new defects only, and tells each defect in full once.

    Defects of the baseline and decisions of the project fail no test.
    """

    def __init__(
        self,
        requirements: TripRequirements,
        receivers: Receivers,
        recorder: Recorder,
        declared: Declarations,
        *,
        baseline: Baseline,
        fails: bool,
        credentials: str,
        wants_fixes: Callable[[type[BaseException]], bool] = lambda _: True,
    ) -> None:
        """``fails`` says whether anything fails tests; if not, results are recorded only.

        ``credentials`` is ``off``, ``warn`` or ``error``; ``error`` fails tests. ``wants_fixes``
        says whether fixes are tried for a class, which costs more than all else.
        """
        super().__init__(requirements, receivers, recorder, declared)
        self._baseline = baseline
        entries = baseline.entries if requirements.receiver_is_undecided else ()
        self._lost_with_project = {
            (entry.cls, entry.serializer) for entry in entries if entry.receiver == "with-project"
        }
        self._fails = fails
        self._wants_fixes = wants_fixes
        self._told_by: dict[tuple[str, str], str] = {}  # defect -> test that told it in full
        self.settled = SettledExceptions()
        """What enough were sent of; ``conclude`` adds to it."""
        self._credentials = credentials

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        not_sent: Sequence[Hashable] = (),
        no_time_for: Sequence[Likeness] = (),
        test: str = "",
    ) -> str | None:
        """See ``Policy``."""
        if not subjects and not not_sent and not no_time_for:
            return None
        # A test that is run again, because it failed, tells again what its first run told.
        earlier = frozenset(
            defect
            for defect in self._recorder.described
            if self._told_by.get(defect, test) != test or not test
        )
        with_fixes: set[tuple[object, ...]] = set()
        failing: list[tuple[str, RoundTrip]] = []
        of_credentials: list[str] = []
        defects: set[tuple[str, str]] = set()
        for subject in subjects:
            judged_trips = [
                self._informed(judged, earlier, with_fixes)
                for judged in self._judged(subject, defects)
            ]
            self._recorder.add(subject.how, judged_trips)
            # One that was not checked says nothing of those that are like it.
            if all(judged.verdict is not Verdict.NOT_CHECKED for judged in judged_trips):
                self.settled.learn(subject.likeness, judged_trips)
            failing += [(subject.how, judged.trip) for judged in judged_trips if judged.fails]
            if self._credentials == "error":
                of_credentials += credential_texts(judged.trip for judged in judged_trips)
        for key in (*not_sent, *self._settled_or_told(no_time_for)):
            if isinstance(key, Outline):
                self._recorder.not_looked_at(key.cls.name, _JUDGED_BY_OTHERS)
            examples = self.settled.settling(key) or []
            self._recorder.add(RAISED, examples)
            failing += [(RAISED, judged.trip) for judged in examples if judged.fails]
        for _, trip in failing:
            if defect_of(trip) not in earlier:
                self._told_by.setdefault(defect_of(trip), test)
        texts = [*brief_texts(failing, earlier), *of_credentials]
        return "\n".join(dict.fromkeys(texts)) or None if self._fails else None

    def _settled_or_told(self, no_time_for: Sequence[Likeness]) -> Iterator[Hashable]:
        """The shapes and outlines that settle exceptions for which there was no time.

        An exception that is like none that was sent is told of.
        """
        for likeness in no_time_for:
            key = next(filter(self.settled.settling, likeness.keys), None)
            if key is None:
                self._recorder.not_looked_at(likeness.cls.name, _NO_TIME)
            else:
                yield key

    def trouble(self, error: PortableErrorsError) -> None:
        """See ``Policy``. The error is the run's and no test's: the summary tells it once."""
        self._recorder.trouble(str(error))

    def _judged(self, subject: SentSubject, defects: set[tuple[str, str]]) -> list[JudgedTrip]:
        """Judge the trips of a subject; ``defects`` are those of earlier ones, to be added to.

        What a class loses only when something was added to it is no defect, unless asked for.
        """
        judged_trips = judge(subject.pending_trips, self._requirements)
        if subject.how.endswith(ADDED_LATER) and "additions" not in self._requirements.checks:
            return [
                replace(judged, verdict=Verdict.LOSES_ADDITIONS)
                if judged.verdict is Verdict.DEFECT and defect_of(judged.trip) not in defects
                else judged
                for judged in judged_trips
            ]
        defects |= {
            defect_of(judged.trip) for judged in judged_trips if judged.verdict is Verdict.DEFECT
        }
        return judged_trips

    def _informed(
        self,
        judged: JudgedTrip,
        earlier: frozenset[tuple[str, str]],
        with_fixes: set[tuple[object, ...]],
    ) -> JudgedTrip:
        """Add what the baseline knows; and fixes, if the trip is the first of its defect."""
        judged = self._checked_with_project(judged)
        if judged.verdict is Verdict.WHOLE:
            return judged
        judged = replace(judged, is_known=is_known(judged, self._baseline))
        wants = judged.pending is None or self._wants_fixes(judged.pending.outgoing.cls)
        if not wants or defect_of(judged.trip) in earlier:
            return judged
        return with_fixes_once(judged, with_fixes)

    def _checked_with_project(self, judged: JudgedTrip) -> JudgedTrip:
        """With no receiver chosen, baseline entries use with-project; check whether they can go."""
        asks = (
            judged.verdict in (Verdict.WHOLE, Verdict.DEFECT)
            and judged.trip.receiver != "with-project"
        )
        if not asks or judged.pending is None or way_of(judged.trip) not in self._lost_with_project:
            return judged
        return replace(
            judged, whole_with_project=arrive(judged.pending.with_project()).trip.arrived_whole
        )
