"""What a test demands of an exception beside its trip: the chain that it has, and nothing but
primitive values in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pytest_portable_errors.diagnosis.chain import chain_tree, expected_tree, printed_chain
from pytest_portable_errors.diagnosis.primitive import NotPrimitive
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.judging.verdicts import JudgedTrip, TripRequirements

_MOST = 12  # lines: the rest is counted


def unmet(judged: Iterable[JudgedTrip], requirements: TripRequirements) -> list[str]:
    """Texts of the demands that are not met, each once however many serializers show it."""
    judged = list(judged)
    texts = [*_other_chains(judged, requirements.chain)] if requirements.chain else []
    if requirements.primitive:
        texts += [
            _refused(one)
            for one in judged
            if one.pending is not None and one.pending.outgoing.not_primitive
        ]
    return list(dict.fromkeys(texts))


def _other_chains(judged: Sequence[JudgedTrip], expected: Sequence[str]) -> Iterator[str]:
    for one in judged:
        sent, received = one.trip.sent, one.trip.received
        as_declared = None if one.pending is None else one.pending.settings.arrives_as
        is_sent = printed_chain(sent) == list(expected)
        if is_sent and (
            received is None
            or printed_chain(received) == [as_declared or expected[0], *expected[1:]]
        ):
            continue  # one that does not arrive at all has its own text
        wanted = " <- ".join(short_name(name).rpartition(".")[2] for name in expected)
        what = "loses its chain on the way" if is_sent else "has another chain than it should"
        rows = [("expected", expected_tree(expected)), ("sent", chain_tree(sent))]
        rows += [] if received is None else [("received", chain_tree(received))]
        lines = [f"{clean(short_name(sent['exceptions'][0]['type']))} {what}: {brief(wanted)}", ""]
        for label, tree in rows:
            lines += [
                f"  {label if number == 0 else '':<9} {brief(line)}"
                for number, line in enumerate(tree)
            ]
        yield "\n".join(lines)


def _refused(judged: JudgedTrip) -> str:
    assert judged.pending is not None  # seen above
    name = clean(short_name(judged.trip.type_name))
    return primitive_text(f"{name} carries", judged.pending.outgoing.not_primitive)


def primitive_text(subject: str, found: Sequence[NotPrimitive]) -> str:
    """The failure: one value on one line, several below it. ``subject`` begins the sentence:
    ``context holds``."""
    if len(found) == 1:
        return f"{subject} a value that is not primitive: {brief(str(found[0]))}"
    kinds = ", ".join(dict.fromkeys(clean(one.type) for one in found[:_MOST]))
    lines = [f"{subject} {len(found)} values that are not primitive: {brief(kinds)}", ""]
    lines += [f"  {brief(str(one))}" for one in found[:_MOST]]
    return "\n".join(
        [*lines, *([f"  ... and {len(found) - _MOST} more"] if len(found) > _MOST else [])]
    )
