"""What a trip means: that all is well, a defect of a class, or one of two decisions that a project takes once.

The two decisions: whether those who read the errors have the project installed, and whether they need the chain. Until they are taken, an
exception that is lost for them alone is no defect of its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.outgoing import Departure
from pytest_portable_errors.sender.pending_trip import Journey, set_out
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What is asked of a trip."""

    receivers: tuple[str, ...]
    checks: tuple[str, ...]
    timeout: float
    """Seconds of processor time."""
    receiver_is_open: bool = False
    """Whether nobody has said yet who reads the errors."""
    chain_is_open: bool = False
    """Whether nobody has said yet whether the chain is needed."""
    spares_tests: bool = False
    """Whether classes that tests define are left alone."""
    chain: tuple[str, ...] = ()
    """Dotted names of the types that the printed chain has to have, the outermost first; () if nothing is said of it."""
    primitive: bool = False
    """Whether all that is sent has to be primitive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A trip and its verdict."""

    journey: Journey | None
    """None if it is known from others of its shape."""
    trip: RoundTrip
    verdict: Verdict
    is_known: bool = False
    """Whether the baseline has it."""
    whole_elsewhere: bool = False
    """Whether it was sent to where the project is installed besides, and arrived whole there."""

    @property
    def fails(self) -> bool:
        """Whether it is a reason for the test to fail."""
        return self.verdict is Verdict.DEFECT and not self.is_known

    def repaired(self) -> Judged:
        """The same, with fixes."""
        return self if self.journey is None else replace(self, trip=self.journey.repaired(self.trip))


def journeys(departure: Departure, terms: Terms, receivers: Receivers, *, arrives_as: str | None) -> list[Journey]:
    """Send what departed to each receiver. Raises PortableErrorsError when one cannot start."""
    checks = tuple(check for check in terms.checks if check != "chain") if terms.chain_is_open else terms.checks
    begun = [
        set_out(departure, receivers=receivers, receiver=name, checks=checks, arrives_as=arrives_as, timeout=terms.timeout)
        for name in terms.receivers
    ]
    if terms.receiver_is_open and receivers.project.owns(module_of(departure.cls) or "?") and begun[0].ticket is not None:
        begun[0].elsewhere()  # it will be asked for, and this one travels while the other does
    return begun


def judge(begun: Sequence[Journey], terms: Terms) -> list[Judged]:
    """Wait for one exception's trips, and say what each means. One trip may mean two things: the chain is a question of its own."""
    return [judged for journey in begun for judged in _judge(journey, terms)]


def _judge(journey: Journey, terms: Terms) -> Iterator[Judged]:
    verdict = Verdict.WHOLE
    if terms.receiver_is_open and journey.lacks_project():
        # Who reads the errors is not said yet; what is broken even where the project is installed is broken everywhere.
        journey, verdict = journey.elsewhere(), Verdict.LACKS_PROJECT
    trip = journey.arrive()
    if not trip.arrived_whole:
        verdict = _verdict(trip, terms)
        if verdict is Verdict.DEFECT and terms.receiver_is_open:
            journey, trip = _at_its_worst(journey, trip)
    if terms.chain_is_open and trip.received is not None and journey.has_chain and verdict is not Verdict.OF_TESTS:
        linked = journey.comparing(("chain",))
        chain = linked.arrive()
        if not chain.arrived_whole:
            dropped = chain.diagnosis is not None and chain.diagnosis.cause == "chain-dropped"
            yield Judged(journey=linked, trip=chain, verdict=Verdict.DROPS_CHAIN if dropped else Verdict.DEFECT)
            if verdict is Verdict.WHOLE:
                return
    yield Judged(journey=journey, trip=trip, verdict=verdict)


def _at_its_worst(journey: Journey, trip: RoundTrip) -> tuple[Journey, RoundTrip]:
    """A defect as it is met where the project is installed, if it is met there: so it is told alike once the receiver is chosen."""
    there = journey.elsewhere()
    return (journey, trip) if there.arrive().arrived_whole else (there, there.arrive())


def _verdict(trip: RoundTrip, terms: Terms) -> Verdict:
    cause = "" if trip.diagnosis is None else trip.diagnosis.cause
    is_python_s = trip.sent["exceptions"][0]["type"].startswith("builtins.")
    if terms.spares_tests and is_python_s and cause == "dropped-by-python":
        return Verdict.OF_PYTHON
    if terms.spares_tests and trip.is_of_tests:
        # A class that a test defines hangs on who reads the errors, as the project's do; what else a test makes does not.
        return Verdict.LACKS_PROJECT if terms.receiver_is_open and cause == "class-not-importable" else Verdict.OF_TESTS
    return Verdict.DEFECT
