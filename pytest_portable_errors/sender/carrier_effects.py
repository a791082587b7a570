"""What a carrier itself makes of an exception, and of a trip that it wraps."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.receiver.described import Stage, is_exception, subject_of
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS
from pytest_portable_errors.sender.carriers.carrier import Carrier, plain_serializer, then_text
from pytest_portable_errors.sender.carriers.consequences import Where
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.serializers import Library


def without_carrier(pending: PendingTrip) -> PendingTrip | None:
    """Send the payload once more, without the carrier that made no exception of it.

    A carrier that only wraps pickle may give something else, as DBOS gives the stored text. The
    pickle below it says why.

    Returns:
        The trip without the carrier. None for any other serializer, and if nothing arrived or an
        exception did.

    Raises:
        PortableErrorsError: The receiver cannot start, or is not set up as it has to be.
    """
    outgoing, answer = pending.outgoing, pending.answer()
    plain = plain_serializer(outgoing.serializer)
    has_arrived = Stage(answer["stage"]) is Stage.ARRIVED
    if plain is outgoing.serializer or not has_arrived or is_exception(answer["record"]):
        return None
    return pending.resent(outgoing=replace(outgoing, serializer=plain))


def has_replaced_class(pending: PendingTrip) -> bool:
    """Whether a carrier gave another class where pickle would have failed to import this one."""
    outgoing, answer = pending.outgoing, pending.answer()
    return (
        isinstance(outgoing.serializer, Carrier)
        and pending.settings.receiver in NAMED_RECEIVERS
        and Stage(answer["stage"]) is Stage.ARRIVED
        and subject_of(answer["record"])["type"] != subject_of(outgoing.sent)["type"]
    )


def is_copy(pending: PendingTrip) -> bool:
    """Whether what arrived is of a copy of its class, which the carrier's pickler sends by value
    because it is found under no name."""
    carrier, cls = pending.outgoing.serializer, pending.outgoing.cls
    sent, record = subject_of(pending.outgoing.sent), pending.answer().get("record")
    return (
        isinstance(carrier, Carrier)
        and isinstance(carrier.of, Library)
        and record is not None
        and not sent["importable"]
        and subject_of(record)["type"] in (sent["type"], f"{module_of(cls)}.{cls.__name__}")
    )


def consequence(pending: PendingTrip, facts: Facts) -> str | None:
    """What happens in production where the carrier is known; None if nobody has seen it."""
    outgoing = pending.outgoing
    where: Where
    if outgoing.never_sent is not None:
        where = "not sent"
    elif facts.stage is Stage.DUMPS:
        where = "dumps"
    elif facts.stage is not Stage.ARRIVED:
        where = "loads"
    elif is_copy(pending):
        return None
    elif any(loss.kind == "type" and loss.path == "exc" for loss in facts.losses):
        where = "replaced"
    elif facts.ends_caller:
        where = "ends"
    else:
        return None
    return then_text(outgoing.serializer, where, outgoing.cls)
