"""The verdict of a trip: whole, a defect of a class, a decision, or nobody's concern.

A project takes three decisions once: whether those who read its errors have the project installed,
whether they need the chain, and what they set up at their start. Until it takes them, an exception
that is lost for one of them alone is no defect of its class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from pytest_portable_errors.diagnosis.cause_names import (
    CHAIN_DROPPED,
    DROPPED_BY_PYTHON,
    ENDS_A_PROCESS,
    RECEIVER_NOT_SET_UP,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.arrival import arrive, lacks_project
from pytest_portable_errors.sender.carriers.carrier import Carrier, never_carried
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip, TripSettings, new_subject, send
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.trip import ExplainedTrip, RoundTrip
from pytest_portable_errors.sender.trip_fixes import with_fixes


@dataclass(frozen=True, slots=True, kw_only=True)
class TripRequirements:
    """What is asked of each trip."""

    receivers: tuple[str, ...]
    """Names of receivers, or paths of interpreters; an exception is sent to each of them."""
    checks: tuple[str, ...]
    """What is compared: names of section "Checks" in docs/reference.md."""
    timeout: float
    """Seconds of processor time that the receiver may use for one trip."""
    receiver_is_undecided: bool = False
    """Whether the project has not decided yet who reads its errors."""
    chain_is_undecided: bool = False
    """Whether the project has not decided yet whether the chain is needed."""
    spares_python: bool = False
    """Whether Python's own classes may lose their chain and what Python itself drops of them: no
    reducer is ever offered for a class that is everybody's."""
    is_repo_wide: bool = False
    """Whether that is no defect which no class of the project can help: classes that tests define,
    what Python itself drops, ``args`` of others' classes alone."""
    setup_is_undecided: bool = False
    """Whether a receiver that was not set up is a decision of the project's."""
    chain: tuple[str, ...] = ()
    """Dotted names of the types that the printed chain must have, the outermost first; () if no
    chain is expected in particular."""
    primitive: bool = False
    """Whether every value that is sent must be primitive."""
    hops: int = 1
    """How often an exception is pickled and rebuilt. Repo-wide, carriers make one hop all the
    same."""


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgedTrip:
    """A trip and its verdict."""

    pending: PendingTrip | None
    """The pending trip whose result this is; None in an example (see ``as_example``)."""
    facts: Facts | None
    """What fixes are proposed from; None in an example."""
    trip: RoundTrip
    verdict: Verdict
    is_known: bool = False
    """Whether the baseline has all that was lost."""
    whole_with_project: bool = False
    """Whether the payload was also sent to where the project is installed, and arrived whole
    there."""

    @property
    def fails(self) -> bool:
        """Whether the trip is a reason for the test to fail: a defect that is not known."""
        return self.verdict is Verdict.DEFECT and not self.is_known

    def with_fixes(self) -> JudgedTrip:
        """Propose fixes and try them now; an example is returned unchanged."""
        if self.pending is None or self.facts is None:
            return self
        explained = ExplainedTrip(trip=self.trip, facts=self.facts)
        return replace(self, trip=with_fixes(self.pending, explained))

    def as_example(self) -> JudgedTrip:
        """The verdict for later exceptions of the same shape, without what keeps this one alive."""
        return replace(self, pending=None, facts=None)


def pending_trips(
    outgoing: Outgoing,
    requirements: TripRequirements,
    receivers: Receivers,
    *,
    arrives_as: str | None,
    without: tuple[str, ...] = (),
    subject: str | None = None,
) -> list[PendingTrip]:
    """Send an outgoing exception to each receiver, without waiting for an answer.

    While the chain is undecided it is not compared here: ``judge`` judges it by itself.

    Args:
        outgoing: What ``describe_and_pickle`` gave.
        requirements: What is asked of each trip.
        receivers: Those of this process.
        arrives_as: Dotted name of the type that it may arrive as; None: as its own.
        without: Names of its attributes that may be lost.
        subject: What it belongs to; None: it is a subject by itself.

    Returns:
        One pending trip for each of ``requirements.receivers``, in their order.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    dropped = never_carried(outgoing.serializer) if requirements.is_repo_wide else ()
    spares_chain = requirements.spares_python and _is_pythons(outgoing.cls)
    if requirements.chain_is_undecided or spares_chain:
        dropped = (*dropped, "chain")
    checks = tuple(check for check in requirements.checks if check not in dropped)
    settings = TripSettings(
        checks=checks,
        arrives_as=arrives_as,
        without=without,
        timeout=requirements.timeout,
        hops=1
        if requirements.is_repo_wide and isinstance(outgoing.serializer, Carrier)
        else requirements.hops,
    )
    subject = subject or new_subject()
    pending = [
        send(
            outgoing,
            receivers=receivers,
            settings=replace(settings, receiver=name),
            subject=subject,
        )
        for name in requirements.receivers
    ]
    is_of_project = receivers.project.owns(module_of(outgoing.cls) or "?")
    if requirements.receiver_is_undecided and is_of_project and outgoing.payload is not None:
        pending[0].with_project()  # judge() will need it; now it travels beside the other
    return pending


def judge(pending: Sequence[PendingTrip], requirements: TripRequirements) -> list[JudgedTrip]:
    """Wait for one exception's trips, and judge each.

    Args:
        pending: What ``pending_trips`` gave; by each serializer.
        requirements: What was asked of the trips.

    Returns:
        One or two for each pending trip: while the chain is undecided, a chain that was lost has a
        verdict of its own.

    Raises:
        PortableErrorsError: A receiver cannot start, or is not made as it has to be.
    """
    return [judged for trip in pending for judged in _judged(trip, requirements)]


def _judged(pending: PendingTrip, requirements: TripRequirements) -> Iterator[JudgedTrip]:
    """The undecided chain, if it was lost; and the exception, unless that chain is all it lost."""
    exception = _judged_exception(pending, requirements)
    assert exception.pending is not None  # just made
    chain = _judged_chain(exception.pending, exception, requirements)
    if chain is not None:
        yield chain
    if chain is None or exception.verdict is not Verdict.WHOLE:
        yield exception


def _judged_exception(pending: PendingTrip, requirements: TripRequirements) -> JudgedTrip:
    """Judge the exception, apart from an undecided chain."""
    verdict = Verdict.WHOLE
    if requirements.receiver_is_undecided and lacks_project(pending):
        # Who reads the errors is undecided; what is broken even where the project is installed is
        # broken everywhere.
        pending, verdict = pending.with_project(), Verdict.LACKS_PROJECT
    explained = arrive(pending)
    if explained.trip.over_limit is not None:
        verdict = Verdict.NOT_CHECKED
    elif not explained.trip.arrived_whole:
        verdict = verdict_of(pending, explained.trip, requirements)
        if verdict in (Verdict.DEFECT, Verdict.NOT_SET_UP) and requirements.receiver_is_undecided:
            # A defect that is met where the project is installed, too, is told in the same words
            # before and after the receiver is chosen.
            pending = pending.with_project()
            explained = arrive(pending)
            verdict = (
                Verdict.LACKS_PROJECT
                if explained.trip.arrived_whole
                else verdict_of(pending, explained.trip, requirements)
            )
    return _judged_trip(pending, explained, verdict)


def _judged_chain(
    pending: PendingTrip, exception: JudgedTrip, requirements: TripRequirements
) -> JudgedTrip | None:
    """Judge an undecided chain; None if it arrived, or is not to be judged by itself."""
    has_arrived = exception.trip.received is not None and exception.verdict is not Verdict.OF_TESTS
    is_carried = "chain" not in never_carried(pending.outgoing.serializer)
    if not (requirements.chain_is_undecided and is_carried and has_arrived and pending.has_chain):
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


def _is_pythons(cls: type) -> bool:
    return module_of(cls) == "builtins"


def verdict_of(pending: PendingTrip, trip: RoundTrip, requirements: TripRequirements) -> Verdict:
    """The verdict of a trip that lost something, apart from an undecided chain."""
    cause = "" if trip.diagnosis is None else trip.diagnosis.cause
    if requirements.setup_is_undecided and cause == RECEIVER_NOT_SET_UP:
        return Verdict.NOT_SET_UP
    spares_class = requirements.spares_python and _is_pythons(pending.outgoing.cls)
    if spares_class and cause == DROPPED_BY_PYTHON:
        return Verdict.OF_PYTHON
    if not requirements.is_repo_wide:
        return Verdict.DEFECT
    if trip.is_of_tests:
        # No receiver has what a test defines, so it arrives nowhere, whatever is decided.
        return Verdict.OF_TESTS
    if not pending.receivers.project.owns(module_of(pending.outgoing.cls) or "?"):
        if cause in (DROPPED_BY_PYTHON, ENDS_A_PROCESS):
            return Verdict.OF_PYTHON
        if {loss.kind for loss in trip.losses} == {"args"}:
            return Verdict.OTHER_ARGS
    return Verdict.DEFECT
