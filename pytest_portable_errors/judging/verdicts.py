"""What a trip means: that all is well, a defect of a class, or one of two decisions that a project
takes once.

The two decisions: whether those who read the errors have the project installed, and whether they
need the chain. Until they are taken, an exception that is lost for them alone is no defect of its
class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_portable_errors.diagnosis.cause_names import (
    CHAIN_DROPPED,
    CLASS_NOT_IMPORTABLE,
    DROPPED_BY_PYTHON,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.arrival import arrive, lacks_project
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip, TripSettings, send
from pytest_portable_errors.sender.proposed_fixes import with_fixes
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import ExplainedTrip, RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRequirements:
    """What is asked of a trip."""

    receivers: tuple[str, ...]
    checks: tuple[str, ...]
    timeout: float
    """Seconds of processor time."""
    receiver_is_undecided: bool = False
    """Whether nobody has said yet who reads the errors."""
    chain_is_undecided: bool = False
    """Whether nobody has said yet whether the chain is needed."""
    ignores_test_classes: bool = False
    """Whether classes that tests define are left alone."""
    chain: tuple[str, ...] = ()
    """Dotted names of the types that the printed chain has to have, the outermost first; () if
    nothing is said of it."""
    primitive: bool = False
    """Whether all that is sent has to be primitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTrip:
    """A trip and its verdict."""

    pending: PendingTrip | None
    """Where it comes from; None if it is known from others of its shape."""
    facts: Facts | None
    """What its fixes are proposed from; None likewise."""
    trip: RoundTrip
    verdict: Verdict
    is_known: bool = False
    """Whether the baseline has it."""
    whole_with_project: bool = False
    """Whether it was sent to where the project is installed besides, and arrived whole there."""

    @property
    def fails(self) -> bool:
        """Whether it is a reason for the test to fail."""
        return self.verdict is Verdict.DEFECT and not self.is_known

    def with_fixes(self) -> JudgedTrip:
        """The same, with fixes."""
        if self.pending is None or self.facts is None:
            return self
        explained = ExplainedTrip(trip=self.trip, facts=self.facts)
        return replace(self, trip=with_fixes(self.pending, explained))

    def as_example(self) -> JudgedTrip:
        """The same for others of its shape: nothing keeps the exception alive."""
        return replace(self, pending=None, facts=None)


def pending_trips(
    outgoing: Outgoing,
    requirements: TripRequirements,
    receivers: Receivers,
    *,
    arrives_as: str | None,
) -> list[PendingTrip]:
    """Send an outgoing exception to each receiver.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    checks = requirements.checks
    if requirements.chain_is_undecided:
        checks = tuple(check for check in checks if check != "chain")
    settings = TripSettings(checks=checks, arrives_as=arrives_as, timeout=requirements.timeout)
    pending = [
        send(outgoing, receivers=receivers, settings=replace(settings, receiver=name))
        for name in requirements.receivers
    ]
    is_of_project = receivers.project.owns(module_of(outgoing.cls) or "?")
    if requirements.receiver_is_undecided and is_of_project and outgoing.payload is not None:
        pending[0].with_project()  # it will be asked for, and travels while the other does
    return pending


def judge(pending: Sequence[PendingTrip], requirements: TripRequirements) -> list[JudgedTrip]:
    """Wait for one exception's trips, and say what each means.

    One trip may mean two things: while nobody has said whether the chain is needed, the chain is
    judged by itself.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    return [judged for each in pending for judged in _judged(each, requirements)]


def _judged(pending: PendingTrip, requirements: TripRequirements) -> Iterator[JudgedTrip]:
    itself = _judged_itself(pending, requirements)
    assert itself.pending is not None  # just made
    chain = _judged_chain(itself.pending, itself, requirements)
    if chain is not None:
        yield chain
    if chain is None or itself.verdict is not Verdict.WHOLE:
        yield itself


def _judged_itself(pending: PendingTrip, requirements: TripRequirements) -> JudgedTrip:
    """The exception, apart from an undecided chain."""
    verdict = Verdict.WHOLE
    if requirements.receiver_is_undecided and lacks_project(pending):
        # Who reads the errors is not said yet; what is broken even where the project is installed
        # is broken everywhere.
        pending, verdict = pending.with_project(), Verdict.LACKS_PROJECT
    explained = arrive(pending)
    if not explained.trip.arrived_whole:
        verdict = verdict_of(explained.trip, requirements)
        if verdict is Verdict.DEFECT and requirements.receiver_is_undecided:
            pending, explained = _at_its_worst(pending, explained)
    return _judged_trip(pending, explained, verdict)


def _judged_chain(
    pending: PendingTrip, itself: JudgedTrip, requirements: TripRequirements
) -> JudgedTrip | None:
    """An undecided chain; None if it arrives, or is not asked for."""
    has_arrived = itself.trip.received is not None and itself.verdict is not Verdict.OF_TESTS
    if not (requirements.chain_is_undecided and has_arrived and pending.has_chain):
        return None
    pending = pending.comparing(("chain",))
    explained = arrive(pending)
    if explained.trip.arrived_whole:
        return None
    diagnosis = explained.trip.diagnosis
    is_dropped = diagnosis is not None and diagnosis.cause == CHAIN_DROPPED
    verdict = Verdict.DROPS_CHAIN if is_dropped else Verdict.DEFECT
    return _judged_trip(pending, explained, verdict)


def _judged_trip(pending: PendingTrip, explained: ExplainedTrip, verdict: Verdict) -> JudgedTrip:
    return JudgedTrip(pending=pending, facts=explained.facts, trip=explained.trip, verdict=verdict)


def _at_its_worst(
    pending: PendingTrip, explained: ExplainedTrip
) -> tuple[PendingTrip, ExplainedTrip]:
    """A defect as it is met where the project is installed, if it is met there.

    So the same is told before and after the receiver is chosen.
    """
    with_project = pending.with_project()
    worst = arrive(with_project)
    return (pending, explained) if worst.trip.arrived_whole else (with_project, worst)


def verdict_of(trip: RoundTrip, requirements: TripRequirements) -> Verdict:
    """What a trip that lost something means."""
    cause = "" if trip.diagnosis is None else trip.diagnosis.cause
    is_python_s = trip.type_name.startswith("builtins.")
    if requirements.ignores_test_classes and is_python_s and cause == DROPPED_BY_PYTHON:
        return Verdict.OF_PYTHON
    if requirements.ignores_test_classes and trip.is_of_tests:
        # A class that a test defines hangs on who reads the errors, as the project's do; what else
        # a test makes does not.
        return (
            Verdict.LACKS_PROJECT
            if requirements.receiver_is_undecided and cause == CLASS_NOT_IMPORTABLE
            else Verdict.OF_TESTS
        )
    return Verdict.DEFECT
