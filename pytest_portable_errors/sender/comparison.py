"""Compares what a receiver answered with what was sent."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.diagnosis.loss import Comparison
from pytest_portable_errors.diagnosis.losses import (
    arrival_loss,
    compare,
    ends_caller_loss,
    only_in_tests_loss,
)
from pytest_portable_errors.receiver.described import Answer, Stage
from pytest_portable_errors.sender.carriers.carrier import ends_caller
from pytest_portable_errors.sender.left_behind import with_choices
from pytest_portable_errors.sender.pending_trip import PendingTrip
from pytest_portable_errors.sender.serializers import PLAIN_PICKLES
from pytest_portable_errors.sender.trip_facts import has_reducer_of_tests


def compare_answer(pending: PendingTrip, answer: Answer) -> Comparison:
    """Compare what was sent with what arrived.

    Args:
        pending: The trip.
        answer: What ``pending.answer()`` gave.

    Returns:
        The differences. One loss of kind ``arrival`` if nothing arrived, or only because the tests
        registered a reducer, which production lacks.
    """
    outgoing, settings = pending.outgoing, pending.settings
    if Stage(answer["stage"]) is not Stage.ARRIVED:
        return Comparison(losses=(arrival_loss(outgoing.sent, answer),), declared=())
    compared = compare(
        outgoing.sent,
        answer["record"],
        checks=settings.checks,
        arrives_as=settings.arrives_as,
        without=settings.without,
        copies_classes=outgoing.serializer.name not in PLAIN_PICKLES,
    )
    if not compared.losses and ends_caller(outgoing.serializer, outgoing.cls):
        return replace(compared, losses=(ends_caller_loss(outgoing.sent),))
    reducer = outgoing.reducer
    if reducer is not None and not compared.losses and has_reducer_of_tests(pending):
        return replace(compared, losses=(only_in_tests_loss(outgoing.sent, reducer.location),))
    if compared.losses and outgoing.subject is not None and not has_reducer_of_tests(pending):
        return with_choices(compared, outgoing.subject, outgoing.serializer)
    return compared
