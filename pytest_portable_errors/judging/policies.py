"""Who decides whether a test fails for its exceptions: strictly, as markers and fixtures ask, or as
one checks a whole repository."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.expectations import unmet
from pytest_portable_errors.judging.failure_text import credential_texts, reference, trips_text
from pytest_portable_errors.judging.recorder import Recorder, defect_of, entries_of, way_of
from pytest_portable_errors.judging.shapes import LARGE_LOOKS, Outline, SettledShapes
from pytest_portable_errors.judging.verdicts import (
    JudgedTrip,
    TripRequirements,
    judge,
    pending_trips,
)
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.rows import RAISED, Verdict
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip

if TYPE_CHECKING:
    from pytest_portable_errors.sender.trip import RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSubject:
    """One exception on its way, by all serializers and to all receivers."""

    how: str
    """``raised``, or how it was built."""
    pending_trips: Sequence[PendingTrip]
    shape: Hashable | None = None


class Policy(Protocol):
    """Sends exceptions, and says what to fail the test with."""

    def begin(
        self, outgoing: Iterable[Outgoing], *, how: str = RAISED, arrives_as: str | None = None
    ) -> SentSubject:
        """Send one exception, which departed once by each serializer. Raises PortableErrorsError
        when a receiver cannot start."""

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        skipped_shapes: Sequence[Hashable] = (),
        not_looked_at: Sequence[str] = (),
        test: str = "",
    ) -> str | None:
        """Wait for them, keep what became of them for the report, and give the failure's text; None
        if the test may pass.

        ``skipped_shapes`` are shapes of exceptions that did not travel, because enough of their
        shape had; ``not_looked_at`` the types of those for which there was no time. ``test`` is the
        node ID.
        """

    def trouble(self, error: PortableErrorsError) -> str | None:
        """Nothing could be sent: what to fail the test with; None if that is told once for all
        tests."""


class StrictPolicy:
    """Whatever is lost fails the test."""

    def __init__(
        self,
        requirements: TripRequirements,
        receivers: Receivers,
        recorder: Recorder,
        declared: Declarations,
        *,
        credentials: str,
    ) -> None:
        """``credentials`` is ``off``, ``warn`` or ``error``."""
        self._requirements = requirements
        self._receivers = receivers
        self._recorder = recorder
        self._declared = declared
        self._credentials = credentials
        self.trips: list[RoundTrip] = []
        """Those that were concluded, in their order."""

    def begin(
        self, outgoing: Iterable[Outgoing], *, how: str = RAISED, arrives_as: str | None = None
    ) -> SentSubject:
        """See ``Policy``."""
        return _begin(
            outgoing,
            how,
            arrives_as,
            self._requirements,
            self._receivers,
            self._declared,
            self._recorder,
        )

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        skipped_shapes: Sequence[Hashable] = (),
        not_looked_at: Sequence[str] = (),
        test: str = "",
    ) -> str | None:
        """See ``Policy``. Here each has travelled, and each test tells in full what it met."""
        del skipped_shapes, not_looked_at, test
        known: set[tuple[object, ...]] = set()
        lost = []
        demanded: list[str] = []
        for subject in subjects:
            judged = [_told(one, known) for one in judge(subject.pending_trips, self._requirements)]
            self._recorder.add(subject.how, judged)
            self.trips += [one.trip for one in judged]
            lost += [(subject.how, one.trip) for one in judged if one.fails]
            demanded += unmet(judged, self._requirements)
        texts = [*([trips_text(lost)] if lost else []), *dict.fromkeys(demanded)]
        texts += credential_texts(self.trips) if self._credentials == "error" else []
        return "\n\n".join(texts) or None

    def trouble(self, error: PortableErrorsError) -> str | None:
        """See ``Policy``."""
        return str(error)


class RepoWidePolicy:
    """Defects fail the tests that meet them, each told in full once; what is known already, or a
    decision of the project, does not."""

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
        """``fails`` says whether defects fail tests at all."""
        self._requirements = requirements
        self._receivers = receivers
        self._recorder = recorder
        self._declared = declared
        self._baseline = baseline
        found = baseline.entries if requirements.receiver_is_undecided else ()
        self._lost_with_project = {
            (entry.cls, entry.serializer) for entry in found if entry.receiver == "with-project"
        }
        self._fails = fails
        self._told_by: dict[tuple[str, str], str] = {}
        self.settled_shapes = SettledShapes()
        self._credentials = credentials

    def begin(
        self, outgoing: Iterable[Outgoing], *, how: str = RAISED, arrives_as: str | None = None
    ) -> SentSubject:
        """See ``Policy``."""
        return _begin(
            outgoing,
            how,
            arrives_as,
            self._requirements,
            self._receivers,
            self._declared,
            self._recorder,
        )

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
        # A test that runs again, because it failed, tells again what its first run told.
        before = frozenset(
            defect
            for defect in self._recorder.described
            if self._told_by.get(defect, test) != test or not test
        )
        known: set[tuple[object, ...]] = set()
        failing: list[tuple[str, RoundTrip]] = []
        exposed: list[str] = []
        for subject in subjects:
            judged = [
                self._informed(one, before, known)
                for one in judge(subject.pending_trips, self._requirements)
            ]
            self._recorder.add(subject.how, judged)
            self.settled_shapes.learn(subject.shape, judged)
            failing += [(subject.how, one.trip) for one in judged if one.fails]
            exposed += (
                credential_texts(one.trip for one in judged) if self._credentials == "error" else []
            )
        for shape in skipped_shapes:
            if isinstance(shape, Outline):
                self._recorder.not_looked_at(
                    shape.cls.name,
                    (
                        "what they hold: judged by others of their class before them, which hold "
                        "as much"
                    ),
                )
            self._recorder.add(RAISED, self.settled_shapes.known(shape))
            failing += [(RAISED, one.trip) for one in self.settled_shapes.known(shape) if one.fails]
        fresh = [(how, trip) for how, trip in failing if defect_of(trip) not in before]
        for _, trip in fresh:
            self._told_by.setdefault(defect_of(trip), test)
        again = [trip for _, trip in failing if defect_of(trip) in before]
        texts = [*([trips_text(fresh)] if fresh else []), *map(reference, again), *exposed]
        return "\n\n".join(dict.fromkeys(texts)) or None if self._fails else None

    def trouble(self, error: PortableErrorsError) -> None:
        """See ``Policy``. It is the run's, and none of the tests'."""
        self._recorder.trouble(str(error))

    def _informed(
        self, judged: JudgedTrip, before: frozenset[tuple[str, str]], known: set[tuple[object, ...]]
    ) -> JudgedTrip:
        """With what the baseline knows of it; and with fixes, if it is the first of its defect."""
        judged = self._sent_elsewhere(judged)
        if judged.verdict is Verdict.WHOLE:
            return judged
        judged = replace(judged, is_known=self._baseline.knows(entries_of(judged)))
        return judged if defect_of(judged.trip) in before else _told(judged, known)

    def _sent_elsewhere(self, judged: JudgedTrip) -> JudgedTrip:
        """While the receiver is open, what is lost everywhere is known as lost where the project is
        installed: is it gone there?"""
        asks = (
            judged.verdict in (Verdict.WHOLE, Verdict.DEFECT)
            and judged.trip.receiver != "with-project"
        )
        if not asks or judged.pending is None or way_of(judged.trip) not in self._lost_with_project:
            return judged
        return replace(
            judged, whole_with_project=arrive(judged.pending.with_project()).trip.arrived_whole
        )


def _begin(
    each: Iterable[Outgoing],
    how: str,
    arrives_as: str | None,
    requirements: TripRequirements,
    receivers: Receivers,
    declared: Declarations,
    recorder: Recorder,
) -> SentSubject:
    begun: list[PendingTrip] = []
    shape = None
    for outgoing in each:
        shape = outgoing.shape
        recorder.expected(declared.expected_of(outgoing.cls))
        begun += pending_trips(
            outgoing,
            requirements,
            receivers,
            arrives_as=arrives_as or declared.arrives_as(outgoing.cls),
        )
    return SentSubject(how=how, pending_trips=begun, shape=shape)


def _told(judged: JudgedTrip, known: set[tuple[object, ...]]) -> JudgedTrip:
    """With fixes, if it is the first of its defect."""
    if judged.verdict is not Verdict.DEFECT or judged.trip.defect in known:
        return judged
    known.add(judged.trip.defect)
    return judged.with_fixes()
