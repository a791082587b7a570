"""Compares a receiver's answer with what was sent, and explains what was lost."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace

from pytest_portable_errors.diagnosis.cause_names import REPLACED_BY_CARRIER
from pytest_portable_errors.diagnosis.causes import diagnose, needs_replay
from pytest_portable_errors.diagnosis.facts import Facts, LoadsFailure, WithProject
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Comparison
from pytest_portable_errors.diagnosis.pickle_paths import path_of
from pytest_portable_errors.diagnosis.pickle_reader import step_at
from pytest_portable_errors.receiver.described import Answer, Stage
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.sender.carrier_effects import (
    consequence,
    has_replaced_class,
    is_copy,
    without_carrier,
)
from pytest_portable_errors.sender.carriers.carrier import (
    Carrier,
    ends_caller,
    holds_at,
)
from pytest_portable_errors.sender.comparison import compare_answer
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.serializers import PLAIN_PICKLES
from pytest_portable_errors.sender.trip import ExplainedTrip, RoundTrip
from pytest_portable_errors.sender.trip_facts import (
    has_reducer_of_tests,
    is_of_tests,
    is_unreadable_here,
    not_looked_at,
    stopped_at,
)


def arrive(pending: PendingTrip) -> ExplainedTrip:
    """Wait for the answer, compare it with what was sent, and explain what was lost.

    An equal trip of the same exception is not made again: pickle and cloudpickle mostly give the
    same payload. What arrives whole makes the further hops that are asked for.

    Args:
        pending: The trip that has begun.

    Returns:
        The trip, without fixes, and the facts that it was diagnosed from.

    Raises:
        PortableErrorsError: The receiver cannot start, or is not set up as it has to be.
    """
    outgoing, answered = pending.outgoing, pending.receivers.answered
    settings = _trip_key(pending)
    earlier = answered.trip_of(pending.pending_answer, outgoing.sent, settings)
    if earlier is not None:
        return replace(earlier, trip=replace(earlier.trip, serializer=outgoing.serializer.name))
    answer = pending.answer()
    explained = travel_on(pending, explain(pending, answer, compare_answer(pending, answer)))
    answered.keep_trip(pending.pending_answer, outgoing.sent, settings, explained)
    return explained


def travel_on(pending: PendingTrip, explained: ExplainedTrip) -> ExplainedTrip:
    """Make the further hops that are asked for, until something is lost.

    Args:
        pending: The trip.
        explained: What ``explain`` made of it.

    Returns:
        The last hop that was made; where none was, ``explained``.

    Raises:
        PortableErrorsError: The receiver cannot start.
    """
    if not explained.trip.arrived_whole or pending.hop >= pending.settings.hops:
        return explained
    following = pending.next_hop()
    answer = following.answer()
    return travel_on(following, explain(following, answer, compare_answer(following, answer)))


def arrive_for_comparison(pending: PendingTrip) -> RoundTrip:
    """Wait for the answer, and compare it; nobody will read why something was lost.

    Args:
        pending: The trip that has begun.

    Returns:
        The trip, as ``arrive`` makes it if nothing arrived. If something did, it has no reason, and
        credentials were not looked for: its values are not masked, and not to be shown.

    Raises:
        PortableErrorsError: The receiver cannot start, or is not set up as it has to be.
    """
    answer = pending.answer()
    if Stage(answer["stage"]) is not Stage.ARRIVED:
        return arrive(pending).trip
    compared = compare_answer(pending, answer)
    return RoundTrip(
        serializer=pending.outgoing.serializer.name,
        receiver=pending.settings.receiver,
        stage=Stage.ARRIVED,
        sent=pending.outgoing.sent,
        received=answer["record"],
        losses=compared.losses,
        declared_lost=compared.declared,
        is_of_tests=is_of_tests(pending),
    )


def explain(pending: PendingTrip, answer: Answer, compared: Comparison) -> ExplainedTrip:
    """Say why something was lost, and make the trip; its texts have no credentials in them.

    Further trips are made where they tell why: to where the project is installed, without the
    carrier, and once more to see where loads fails.

    Args:
        pending: The trip.
        answer: What ``pending.answer()`` gave.
        compared: What ``compare_answer`` made of it.

    Returns:
        The trip, without fixes, and the facts that it was diagnosed from.

    Raises:
        PortableErrorsError: A receiver cannot start, or is not set up as it has to be.
    """
    received = answer.get("record")
    held_at = holds_at(pending.outgoing.serializer)
    scan = pending.receivers.answered.scan(pending.reading, pending.outgoing.sent, received)
    with_project = arrive(pending.with_project()).trip if lacks_project(pending) else None
    facts = _facts(pending, answer, compared, with_project)
    over_limit = pending.over_limit()
    failure = _loads_failure(pending, facts) if needs_replay(facts) and not over_limit else None
    facts = replace(facts, mask=scan.mask, failure=failure)
    stopped = stopped_at(facts, scan.mask.text)
    trip = RoundTrip(
        serializer=pending.outgoing.serializer.name,
        receiver=pending.settings.receiver,
        stage=facts.stage,
        sent=scan.mask.record(facts.sent),
        received=None if facts.received is None else scan.mask.record(facts.received),
        losses=tuple(replace(scan.mask.loss(loss), hop=pending.hop) for loss in compared.losses),
        declared_lost=tuple(map(scan.mask.loss, compared.declared)),
        error=None if facts.error is None else scan.mask.error(facts.error),
        diagnosis=None if over_limit else _from_exception_on(_diagnosis(pending, facts), held_at),
        with_project=with_project,
        is_of_tests=facts.defined_in_test or is_of_tests(pending),
        stopped_at=None if stopped is None else _path_in(stopped, held_at),
        then=None if over_limit else consequence(pending, facts),
        credentials=tuple(
            replace(credential, path=_path_in(credential.path, held_at))
            for credential in scan.credentials
        ),
        not_looked_at=tuple(not_looked_at(pending.outgoing, pending.reading, scan)),
        over_limit=over_limit,
        ended_before=answer.get("ended_before"),
        hop=pending.hop,
    )
    return ExplainedTrip(trip=trip, facts=facts)


def lacks_project(pending: PendingTrip) -> bool:
    """Whether the receiver failed because it lacks a module of the project.

    A test module is none. Where a carrier gave another class instead of failing, the module is that
    of the class that was sent.

    Raises:
        PortableErrorsError: The receiver cannot start, or is not set up as it has to be.
    """
    missing = pending.answer().get("missing")
    if pending.settings.receiver == "with-project" or not (missing or has_replaced_class(pending)):
        return False
    module = missing[0][0] if missing else module_of(pending.outgoing.cls) or "?"
    project = pending.receivers.project
    return project.owns(module) and not project.is_test(module)


def _trip_key(pending: PendingTrip) -> Hashable:
    """All that a trip depends on, beside its payload and the record of what was sent."""
    outgoing, settings = pending.outgoing, pending.settings
    may_copy_classes = outgoing.serializer.name not in PLAIN_PICKLES and not all(
        node["importable"] for node in outgoing.sent["exceptions"]
    )
    return (
        settings.receiver,
        settings.checks,
        settings.arrives_as,
        settings.without,
        settings.hops,
        pending.hop,
        may_copy_classes,
    )


def _facts(
    pending: PendingTrip, answer: Answer, compared: Comparison, with_project: RoundTrip | None
) -> Facts:
    outgoing, project = pending.outgoing, pending.receivers.project
    stage = Stage(answer["stage"])
    missing = tuple(answer.get("missing", ()))
    return Facts(
        stage=stage,
        cls=outgoing.cls,
        sent=outgoing.sent,
        received=answer["record"] if stage is Stage.ARRIVED else None,
        losses=compared.losses,
        reading=pending.reading,
        error=answer.get("error"),
        missing=missing,
        unpicklable=outgoing.unpicklable,
        reducer=outgoing.reducer,
        from_tests=has_reducer_of_tests(pending),
        ends_caller=ends_caller(outgoing.serializer, outgoing.cls),
        how=answer.get("how"),
        unreadable_here=is_unreadable_here(outgoing, answer),
        defined_in_test=bool(missing) and project.is_test(missing[0][0]),
        with_project=None
        if with_project is None
        else WithProject(losses=with_project.losses, diagnosis=with_project.diagnosis),
    )


def _diagnosis(pending: PendingTrip, facts: Facts) -> Diagnosis | None:
    """Why something was lost, credentials masked; None if nothing was, or no rule explains it."""
    plain = without_carrier(pending)
    if plain is not None:
        diagnosis = arrive(plain).trip.diagnosis
    elif any(loss.kind == "type" and loss.path == "exc" for loss in facts.losses):
        diagnosis = _carrier_diagnosis(pending) or diagnose(facts)
    else:
        diagnosis = diagnose(facts) if facts.losses else None
    return None if diagnosis is None else facts.mask.diagnosis(diagnosis)


def _carrier_diagnosis(pending: PendingTrip) -> Diagnosis | None:
    """Say that the carrier gives another class on purpose; None if it does not.

    The reason is what becomes of the exception by what the carrier pickles with.
    """
    carrier, subject = pending.outgoing.serializer, pending.outgoing.subject
    if not isinstance(carrier, Carrier) or not carrier.replaces or subject is None:
        return None
    if is_copy(pending):
        return None
    plain = describe_and_pickle(subject, serializer=carrier.of)
    reason = arrive(pending.resent(outgoing=plain)).trip.diagnosis
    return Diagnosis(
        cause=REPLACED_BY_CARRIER,
        why=carrier.replaces if reason is None else f"{carrier.replaces}\n{reason.why}",
        evidence=(carrier.name, *(() if reason is None else reason.evidence)),
    )


def _loads_failure(pending: PendingTrip, facts: Facts) -> LoadsFailure | None:
    """Find where loads failed: another process rebuilds the payload, counting opcodes.

    None if it fails in another way there, or there is too much to count: an unpickler in Python
    takes fifty times as long.
    """
    assert pending.pending_answer is not None  # something was sent, because loads failed
    if pending.reading.is_cut or facts.error is None:
        return None
    request = replace(pending.pending_answer.request, replay=True)
    again = pending.receivers.submit(request).answer()
    if "opcode" not in again or again["error"]["type"] != facts.error["type"]:
        return None
    step = step_at(pending.outgoing.payload or b"", again["opcode"])
    path = None if step is None else path_of(step.subject, step.root)
    if step is None or path is None:
        return None
    return LoadsFailure(path=path, opcode=step.opcode, subject=step.subject)


def _from_exception_on(diagnosis: Diagnosis | None, held_at: str) -> Diagnosis | None:
    """The same diagnosis, whose paths begin at the exception and not at what a carrier sends it
    in."""
    if diagnosis is None or held_at == "exc":
        return diagnosis
    return replace(
        diagnosis,
        why=diagnosis.why.replace(held_at, "exc"),
        evidence=tuple(_path_in(text, held_at) for text in diagnosis.evidence),
    )


def _path_in(path: str, held_at: str) -> str:
    return "exc" + path.removeprefix(held_at) if path.startswith(held_at) else path
