"""Policies decide whether a test fails for its exceptions.

``StrictPolicy`` is for markers, fixtures and suites, ``RepoWidePolicy`` for a run that checks all
tests of a repository.
"""

from __future__ import annotations

from collections.abc import Container, Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.expectations import unmet
from pytest_portable_errors.judging.failure_text import (
    brief_text,
    credential_texts,
    reference,
    trips_text,
)
from pytest_portable_errors.judging.recorder import Recorder, defect_of, is_known, way_of
from pytest_portable_errors.judging.shapes import LARGE_LOOKS, Outline, SettledShapes
from pytest_portable_errors.judging.verdicts import (
    JudgedTrip,
    TripRequirements,
    judge,
    pending_trips,
)
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.rows import ADDED_LATER, RAISED, Verdict
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSubject:
    """One exception that was sent by all serializers to all receivers."""

    how: str
    """``raised``, or how it was built."""
    pending_trips: Sequence[PendingTrip]
    """One for each serializer and receiver."""
    shape: Hashable | None = None
    """See ``judging/shapes.py``; None if no other exception can be judged by this one."""


class Policy(Protocol):
    """Sends exceptions, judges what arrives, and decides whether the test fails."""

    def begin(
        self, outgoing: Iterable[Outgoing], *, how: str = RAISED, arrives_as: str | None = None
    ) -> SentSubject:
        """Send one exception to each receiver, without waiting for an answer.

        Args:
            outgoing: The exception as each serializer pickled it.
            how: ``raised``, or how it was built.
            arrives_as: Dotted name of the type that it may arrive as; None: as declared.

        Raises:
            PortableErrorsError: A receiver cannot start.
        """

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        skipped_shapes: Sequence[Hashable] = (),
        not_looked_at: Sequence[str] = (),
        test: str = "",
    ) -> str | None:
        """Wait for the trips of these subjects, judge them, and record them for the report.

        Args:
            subjects: What ``begin`` gave.
            skipped_shapes: Shapes of exceptions that were not sent, because enough of their shape
                were; one entry for each exception.
            not_looked_at: Dotted class names of exceptions for which there was no time.
            test: Node ID; empty if the caller has none.

        Returns:
            The text to fail the test with; None if the test may pass.

        Raises:
            PortableErrorsError: A receiver cannot start.
        """

    def trouble(self, error: PortableErrorsError) -> str | None:
        """Handle an error that kept exceptions from being sent.

        Returns:
            The text to fail the test with; None if the summary tells the error, once for all tests.
        """


class _SendingPolicy:
    """Sends exceptions as ``Policy.begin`` says; both policies do that alike."""

    def __init__(
        self,
        requirements: TripRequirements,
        receivers: Receivers,
        recorder: Recorder,
        declared: Declarations,
    ) -> None:
        self._requirements = requirements
        self._receivers = receivers
        self._recorder = recorder
        self._declared = declared

    def begin(
        self, outgoing: Iterable[Outgoing], *, how: str = RAISED, arrives_as: str | None = None
    ) -> SentSubject:
        """See ``Policy``."""
        trips: list[PendingTrip] = []
        shape = None
        for pickled in outgoing:
            shape = pickled.shape
            self._recorder.expected(self._declared.expected_of(pickled.cls))
            trips += pending_trips(
                pickled,
                self._requirements,
                self._receivers,
                arrives_as=arrives_as or self._declared.arrives_as(pickled.cls),
                without=self._declared.may_lose(pickled.cls),
            )
        return SentSubject(how=how, pending_trips=trips, shape=shape)


class StrictPolicy(_SendingPolicy):
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
        skipped_shapes: Sequence[Hashable] = (),
        not_looked_at: Sequence[str] = (),
        test: str = "",
    ) -> str | None:
        """See ``Policy``. Every exception was sent, and each test tells its losses."""
        del skipped_shapes, not_looked_at, test
        earlier = self._recorder.described
        with_fixes: set[tuple[object, ...]] = set()
        failing: list[tuple[str, RoundTrip]] = []
        unmet_texts: list[str] = []
        for subject in subjects:
            judged_trips = [
                _with_fixes_once(judged, with_fixes)
                for judged in judge(subject.pending_trips, self._requirements)
            ]
            self._recorder.add(subject.how, judged_trips)
            self.trips += [judged.trip for judged in judged_trips]
            failing += [(subject.how, judged.trip) for judged in judged_trips if judged.fails]
            unmet_texts += unmet(judged_trips, self._requirements)
        of_credentials = credential_texts(self.trips) if self._credentials == "error" else []
        if self._is_told_once:
            return "\n".join([*_told_once(failing, earlier), *of_credentials]) or None
        texts = [*([trips_text(failing)] if failing else []), *dict.fromkeys(unmet_texts)]
        return "\n\n".join([*texts, *of_credentials]) or None

    def trouble(self, error: PortableErrorsError) -> str | None:
        """See ``Policy``. The error fails every test that meets it."""
        return str(error)


class RepoWidePolicy(_SendingPolicy):
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
    ) -> None:
        """``fails`` says whether anything fails tests; if not, results are recorded only.

        ``credentials`` is ``off``, ``warn`` or ``error``; ``error`` fails tests.
        """
        super().__init__(requirements, receivers, recorder, declared)
        self._baseline = baseline
        entries = baseline.entries if requirements.receiver_is_undecided else ()
        self._lost_with_project = {
            (entry.cls, entry.serializer) for entry in entries if entry.receiver == "with-project"
        }
        self._fails = fails
        self._told_by: dict[tuple[str, str], str] = {}  # defect -> test that told it in full
        self.settled_shapes = SettledShapes()
        """The shapes of which enough were sent; ``conclude`` adds to it."""
        self._credentials = credentials

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        skipped_shapes: Sequence[Hashable] = (),
        not_looked_at: Sequence[str] = (),
        test: str = "",
    ) -> str | None:
        """See ``Policy``."""
        for cls in not_looked_at:
            self._recorder.not_looked_at(
                cls, f"exceptions that hold much, past the first {LARGE_LOOKS} of the run"
            )
        if not subjects and not skipped_shapes:
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
            self.settled_shapes.learn(subject.shape, judged_trips)
            failing += [(subject.how, judged.trip) for judged in judged_trips if judged.fails]
            if self._credentials == "error":
                of_credentials += credential_texts(judged.trip for judged in judged_trips)
        for shape in skipped_shapes:
            if isinstance(shape, Outline):
                self._recorder.not_looked_at(
                    shape.cls.name,
                    (
                        "what they hold: judged by others of their class before them, which hold "
                        "as much"
                    ),
                )
            examples = self.settled_shapes.known(shape)
            self._recorder.add(RAISED, examples)
            failing += [(RAISED, judged.trip) for judged in examples if judged.fails]
        for _, trip in failing:
            if defect_of(trip) not in earlier:
                self._told_by.setdefault(defect_of(trip), test)
        texts = [*_told_once(failing, earlier), *of_credentials]
        return "\n".join(dict.fromkeys(texts)) or None if self._fails else None

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
        return judged if defect_of(judged.trip) in earlier else _with_fixes_once(judged, with_fixes)

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


def _told_once(
    failing: Sequence[tuple[str, RoundTrip]], earlier: Container[tuple[str, str]]
) -> list[str]:
    """The texts of a test: one for the defects that it is the first to meet, a line for others."""
    new = [(how, trip) for how, trip in failing if defect_of(trip) not in earlier]
    repeated = [reference(trip) for _, trip in failing if defect_of(trip) in earlier]
    return [*([brief_text(new)] if new else []), *dict.fromkeys(repeated)]


def _with_fixes_once(judged: JudgedTrip, with_fixes: set[tuple[object, ...]]) -> JudgedTrip:
    """Add fixes to the first trip of each defect; ``with_fixes`` has the defects that have them."""
    if judged.verdict is not Verdict.DEFECT or judged.trip.defect in with_fixes:
        return judged
    with_fixes.add(judged.trip.defect)
    return judged.with_fixes()
