"""What a trip means: that all is well, a defect of a class, or one of two decisions that a project
takes once.

The two decisions: whether those who read the errors have the project installed, and whether they
need the chain. Until they are taken, an exception that is lost for them alone is no defect of its
class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip


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
    """None if it is known from others of its shape."""
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

    def repaired(self) -> JudgedTrip:
        """The same, with fixes."""
        return (
            self if self.pending is None else replace(self, trip=self.pending.repaired(self.trip))
        )


def pending_trips(
    outgoing: Outgoing,
    requirements: TripRequirements,
    receivers: Receivers,
    *,
    arrives_as: str | None,
) -> list[PendingTrip]:
    """Send what departed to each receiver. Raises PortableErrorsError when one cannot start."""
    checks = (
        tuple(check for check in requirements.checks if check != "chain")
        if requirements.chain_is_undecided
        else requirements.checks
    )
    begun = [
        send(
            outgoing,
            receivers=receivers,
            receiver=name,
            checks=checks,
            arrives_as=arrives_as,
            timeout=requirements.timeout,
        )
        for name in requirements.receivers
    ]
    if (
        requirements.receiver_is_undecided
        and receivers.project.owns(module_of(outgoing.cls) or "?")
        and begun[0].pending_answer is not None
    ):
        begun[0].with_project()  # it will be asked for, and this one travels while the other does
    return begun


def judge(begun: Sequence[PendingTrip], requirements: TripRequirements) -> list[JudgedTrip]:
    """Wait for one exception's trips, and say what each means. One trip may mean two things: the
    chain is a question of its own."""
    return [judged for pending in begun for judged in _judge(pending, requirements)]


def _judge(pending: PendingTrip, requirements: TripRequirements) -> Iterator[JudgedTrip]:
    verdict = Verdict.WHOLE
    if requirements.receiver_is_undecided and pending.lacks_project():
        # Who reads the errors is not said yet; what is broken even where the project is installed
        # is broken everywhere.
        pending, verdict = pending.with_project(), Verdict.LACKS_PROJECT
    trip = pending.arrive()
    if not trip.arrived_whole:
        verdict = _verdict(trip, requirements)
        if verdict is Verdict.DEFECT and requirements.receiver_is_undecided:
            pending, trip = _at_its_worst(pending, trip)
    if (
        requirements.chain_is_undecided
        and trip.received is not None
        and pending.has_chain
        and verdict is not Verdict.OF_TESTS
    ):
        linked = pending.comparing(("chain",))
        chain = linked.arrive()
        if not chain.arrived_whole:
            dropped = chain.diagnosis is not None and chain.diagnosis.cause == "chain-dropped"
            yield JudgedTrip(
                pending=linked,
                trip=chain,
                verdict=Verdict.DROPS_CHAIN if dropped else Verdict.DEFECT,
            )
            if verdict is Verdict.WHOLE:
                return
    yield JudgedTrip(pending=pending, trip=trip, verdict=verdict)


def _at_its_worst(pending: PendingTrip, trip: RoundTrip) -> tuple[PendingTrip, RoundTrip]:
    """A defect as it is met where the project is installed, if it is met there: so it is told alike
    once the receiver is chosen."""
    there = pending.with_project()
    return (pending, trip) if there.arrive().arrived_whole else (there, there.arrive())


def _verdict(trip: RoundTrip, requirements: TripRequirements) -> Verdict:
    cause = "" if trip.diagnosis is None else trip.diagnosis.cause
    is_python_s = trip.sent["exceptions"][0]["type"].startswith("builtins.")
    if requirements.ignores_test_classes and is_python_s and cause == "dropped-by-python":
        return Verdict.OF_PYTHON
    if requirements.ignores_test_classes and trip.is_of_tests:
        # A class that a test defines hangs on who reads the errors, as the project's do; what else
        # a test makes does not.
        return (
            Verdict.LACKS_PROJECT
            if requirements.receiver_is_undecided and cause == "class-not-importable"
            else Verdict.OF_TESTS
        )
    return Verdict.DEFECT
