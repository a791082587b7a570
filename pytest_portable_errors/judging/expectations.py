"""Expectations of an exception beside its trip: which chain it has, and primitive values only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_portable_errors.diagnosis.chain import chain_tree, expected_tree, printed_chain
from pytest_portable_errors.diagnosis.primitive import NotPrimitive
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.judging.verdicts import JudgedTrip, TripRequirements

_MOST_VALUES = 12  # lines of a failure, one for each value; further values are counted


def unmet(judged: Iterable[JudgedTrip], requirements: TripRequirements) -> list[str]:
    """Texts of the expectations that are not met.

    Each text is there once, however many serializers show it. An exception that does not arrive
    is no unmet chain: its trip has a text of its own.
    """
    judged = list(judged)
    texts = [*_unmet_chains(judged, requirements.chain)] if requirements.chain else []
    if requirements.primitive:
        texts += [
            _not_primitive_text(judged_trip)
            for judged_trip in judged
            if judged_trip.pending is not None and judged_trip.pending.outgoing.not_primitive
        ]
    return list(dict.fromkeys(texts))


def _unmet_chains(judged: Sequence[JudgedTrip], expected: Sequence[str]) -> Iterator[str]:
    for judged_trip in judged:
        sent, received = judged_trip.trip.sent, judged_trip.trip.received
        pending = judged_trip.pending
        as_declared = None if pending is None else pending.settings.arrives_as
        is_sent = printed_chain(sent) == list(expected)
        if is_sent and (
            received is None
            or printed_chain(received) == [as_declared or expected[0], *expected[1:]]
        ):
            continue
        names = " <- ".join(short_name(name).rpartition(".")[2] for name in expected)
        problem = "loses its chain on the way" if is_sent else "has another chain than it should"
        rows = [("expected", expected_tree(expected)), ("sent", chain_tree(sent))]
        rows += [] if received is None else [("received", chain_tree(received))]
        name = clean(short_name(sent["exceptions"][0]["type"]))
        lines = [f"{name} {problem}: {brief(names)}", ""]
        for label, tree in rows:
            lines += [
                f"  {label if number == 0 else '':<9} {brief(line)}"
                for number, line in enumerate(tree)
            ]
        yield "\n".join(lines)


def _not_primitive_text(judged: JudgedTrip) -> str:
    assert judged.pending is not None  # unmet() has asked
    name = clean(short_name(judged.trip.type_name))
    return primitive_text(f"{name} carries", judged.pending.outgoing.not_primitive)


def primitive_text(subject: str, values: Sequence[NotPrimitive]) -> str:
    """The text to fail a test with for values that are not primitive.

    Args:
        subject: How the sentence begins: ``context holds``.
        values: At least one. One value is told on one line, several below the first line.
    """
    if len(values) == 1:
        return f"{subject} a value that is not primitive: {brief(str(values[0]))}"
    types = ", ".join(dict.fromkeys(clean(value.type) for value in values[:_MOST_VALUES]))
    lines = [f"{subject} {len(values)} values that are not primitive: {brief(types)}", ""]
    lines += [f"  {brief(str(value))}" for value in values[:_MOST_VALUES]]
    further = len(values) - _MOST_VALUES
    return "\n".join([*lines, *([f"  ... and {further} more"] if further > 0 else [])])
