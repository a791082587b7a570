"""The result of one trip, as an object with its own text."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.cause_names import ENDS_A_PROCESS
from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import (
    Credential,
    Diagnosis,
    Fix,
    fix_outcome,
    tried_on,
)
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.printable import WIDTH, brief, clean
from pytest_portable_errors.diagnosis.recipes import ByModule
from pytest_portable_errors.diagnosis.shown import headline, short_name, show
from pytest_portable_errors.receiver.described import ErrorRecord, Record, Stage, subject_of


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What became of one exception, or of one value, on one trip."""

    serializer: str
    """The serializer's name."""
    receiver: str
    """``without-project``, ``stdlib``, ``with-project``, or the path of an interpreter."""
    stage: Stage
    """Where the trip ended."""
    sent: Record
    """What it was, as ``receiver/record.py`` describes it."""
    received: Record | None
    """What it is in the receiver. None: it did not arrive."""
    losses: tuple[Loss, ...]
    """What was lost; one of kind ``arrival`` if it did not arrive."""
    declared_lost: tuple[Loss, ...] = ()
    """Differences that ``arrives_as`` declares; they are no losses."""
    error: ErrorRecord | None = None
    """The error that dumps or loads raised. None: neither did."""
    diagnosis: Diagnosis | None = None
    """Why. None: it arrived whole, or no rule explains the loss."""
    with_project: RoundTrip | None = None
    """The trip of the same payload to where the project is installed. It is made when the receiver
    lacked a module of the project; otherwise None."""
    is_of_tests: bool = False
    """Whether a test defines the class, or what the receiver lacks, or what cannot be pickled, so
    that only tests raise such an exception."""
    stopped_at: str | None = None
    """Path of the value at which dumps or loads failed. None: neither failed, or it is the
    exception itself, or it is not known."""
    credentials: tuple[Credential, ...] = ()
    """Those that the payload carries. They are masked in everything that is written here."""
    then: str | None = None
    """What happens in production, where the serializer is a carrier and this was seen: ``the worker
    process ends, the task stays RUNNING (pydocket 0.27)``."""
    not_looked_at: tuple[str, ...] = ()
    """What lies past a limit: ``what the payload has past its first 7,500 opcodes``."""
    over_limit: str | None = None
    """Which limit of this plugin kept it from being checked, in words, with the size. It is no
    defect, and the exception did not arrive whole either. None: it was checked."""
    ended_before: str | None = None
    """How the process ended in which this check was made before, in words. Somebody else had ended
    it: made once more, the check did not end its process. None: it was made once."""
    hop: int = 1
    """The hop that this tells of, from 1: the last that was made."""

    @property
    def type_name(self) -> str:
        """Dotted name of the class that was sent."""
        return subject_of(self.sent)["type"]

    @property
    def took_too_long(self) -> bool:
        """Whether the trip ended because its time was used up."""
        return self.stage is Stage.TIMED_OUT

    @property
    def defect(self) -> tuple[object, ...]:
        """A key that is equal for trips that show the same defect."""
        cause_or_losses = self.diagnosis.cause if self.diagnosis else self.losses
        kinds = frozenset(loss.kind for loss in self.losses)
        return (self.type_name, self.stage, kinds, cause_or_losses, self.over_limit, self.hop)

    @property
    def arrived_whole(self) -> bool:
        """Whether nothing was lost, but for what is declared."""
        return not self.losses

    def __str__(self) -> str:
        """The text that a failing test shows."""
        return trip_text([self])

    def to_dict(self) -> dict[str, Any]:
        """Return plain data for JSON; ``arrives_with_project`` is None where it was not tried."""
        return {
            "type": self.type_name,
            "serializer": self.serializer,
            "receiver": self.receiver,
            "stage": self.stage.value,
            "arrived_whole": self.arrived_whole,
            "hop": self.hop,
            "losses": [_loss_row(loss) for loss in self.losses],
            "declared_lost": [_loss_row(loss) for loss in self.declared_lost],
            "error": self.error,
            "cause": self.diagnosis and self.diagnosis.cause,
            "why": self.diagnosis and self.diagnosis.why,
            "evidence": list(self.diagnosis.evidence) if self.diagnosis else [],
            "fixes": [_fix_row(fix) for fix in self.diagnosis.fixes] if self.diagnosis else [],
            "stopped_at": self.stopped_at,
            "then": self.then,
            "credentials": [
                {"path": credential.path, "kind": credential.kind}
                for credential in self.credentials
            ],
            "not_looked_at": list(self.not_looked_at),
            "over_limit": self.over_limit,
            "ended_before": self.ended_before,
            "arrives_with_project": self.with_project and self.with_project.arrived_whole,
            "sent": self.sent,
            "received": self.received,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedTrip:
    """A trip, and the facts that it was diagnosed from."""

    trip: RoundTrip
    facts: Facts
    """Fixes are proposed from them."""


def _loss_row(loss: Loss) -> dict[str, str]:
    return {"kind": loss.kind, "path": loss.path, "sent": loss.sent, "received": loss.received}


def _fix_row(fix: Fix) -> dict[str, object]:
    return {
        "title": fix.title,
        "code": fix.code,
        "receiver": fix.receiver,
        "arrives_whole": fix.arrives_whole,
        "gives_up": list(fix.gives_up),
        "still_lost": list(fix.still_lost),
        "limits": list(fix.limits),
        "instances": fix.instances,
        "unrepaired": fix.unrepaired,
        "owner": fix.owner,
        "method": fix.method,
        "recipe": fix.recipe,
        "file": fix.file,
        "lines": list(fix.lines),
        "expect": fix.expect,
    }


_MOST_ATTRIBUTES = 6
_MOST_LOSSES = 12


def trip_text(trips: Sequence[RoundTrip]) -> str:
    """What became of one exception on these trips; trips with the same defect share one text."""
    return "\n\n".join("\n".join(trip_lines(group)) for group in by_defect(trips))


def by_defect(trips: Sequence[RoundTrip]) -> list[list[RoundTrip]]:
    """Group trips that show the same defect, in their order."""
    groups: dict[object, list[RoundTrip]] = {}
    for trip in trips:
        groups.setdefault(trip.defect, []).append(trip)
    return list(groups.values())


def trip_lines(trips: list[RoundTrip]) -> Iterator[str]:
    """Tell of trips that show the same defect: what was lost, why, and what repairs it."""
    trip = trips[0]
    yield f"{first_line(trip)}      [{_serializers_and_receivers(trips)}]"
    yield ""
    if trip.arrived_whole:
        yield f"  sent      {_sent_line(trip)}"
        yield from _declared_line(trip)
        yield from _not_looked_at(trip)
        return
    if trip.over_limit is not None:
        yield f"  sent      {_sent_line(trip)}"
        yield "  next      let it hold less in the test: a limit of this plugin is no defect"
        return
    if trip.received is None:
        yield f"  sent      {_sent_line(trip)}"
        yield f"  received  {brief(trip.losses[0].received)}"
        if trip.with_project is not None and trip.with_project.losses:
            yield f"  with the project installed: {brief(first_line(trip.with_project))}"
    else:
        yield from _loss_lines(trip.losses)
        yield from _declared_line(trip)
    yield from _not_looked_at(trip)
    if trip.diagnosis is not None:
        yield ""
        yield from _indented("why", trip.diagnosis.why)
    yield from _then_lines(trips)
    if trip.diagnosis is not None:
        yield from _fix_lines(trip)
        yield f"  more  python -m pytest_portable_errors explain {trip.diagnosis.cause}"


def brief_trip_lines(trips: Sequence[RoundTrip], *, most_losses: int) -> Iterator[str]:
    """Tell of trips that show the same defect without empty lines: what was lost, and why.

    Args:
        trips: At least one.
        most_losses: How many losses are shown, two lines each. Of the reason there are two lines.
    """
    trip = trips[0]
    yield f"{first_line(trip)}      [{_serializers_and_receivers(trips)}]"
    if trip.received is None:
        yield f"  sent      {_sent_line(trip)}"
        yield f"  received  {brief(trip.losses[0].received)}"
    else:
        yield from _loss_lines(trip.losses, most=most_losses)
    if trip.diagnosis is not None:
        yield from list(_indented("why", trip.diagnosis.why))[:2]
    yield from _then_lines(trips)


def _then_lines(trips: Iterable[RoundTrip]) -> Iterator[str]:
    """What happens in production, a line for each carrier that says something of its own."""
    for text in dict.fromkeys(trip.then for trip in trips if trip.then is not None):
        yield from _indented("then", text)


def _fix_lines(trip: RoundTrip) -> Iterator[str]:
    """The first fix with its code, the others by their titles."""
    fixes = trip.diagnosis.fixes if trip.diagnosis is not None else ()
    for number, fix in enumerate(fixes):
        tried = f"tried: {fix_outcome(fix, trip.receiver)}"
        if number == 0:
            yield f"  fix   {clean(fix.title)}"
            yield f"        ({tried})"
            on = (tried_on(fix),) if fix.instances > 1 else ()
            yield from (f"        ({clean(limit)})" for limit in (*on, *fix.limits))
            code = fix.code.rstrip().splitlines()
            if fix.recipe == ByModule.__name__:
                option = "--portable-errors-fix" + ("" if fix.is_safe else "-unsafe")
                code = [f"{option} writes it, into a module of reducers"]
            yield from (f"        {clean(line)}".rstrip() for line in code)
        else:
            yield f"  or    {clean(fix.title)} ({tried})"


def first_line(trip: RoundTrip) -> str:
    """One line that names the class and says what became of it: ``KeyError arrives whole``."""
    name = clean(short_name(trip.type_name))
    if trip.arrived_whole:
        return f"{name} arrives whole"
    if trip.over_limit is not None:
        return f"{name} was not checked: {clean(trip.over_limit)}"
    on_hop = f" on hop {trip.hop}" if trip.hop > 1 else ""
    if trip.received is not None:
        kinds = {loss.kind for loss in trip.losses}
        if kinds == {"arrival"} and trip.diagnosis and trip.diagnosis.cause == ENDS_A_PROCESS:
            return f"{name} ends the process that raises it"
        if kinds == {"arrival"}:
            return f"{name} travels only in tests"
        changed = ", ".join(kind for kind in CHECKS if kind in kinds)
        return f"{name} arrives changed{on_hop}: {changed}"
    if trip.error is not None:
        return (
            f"{name} does not arrive{on_hop}: {trip.stage.value} raised "
            f"{clean(short_name(trip.error['type']))}"
        )
    if trip.stage is Stage.DUMPS:
        return f"{name} does not arrive: no worker sends it"
    why = "it took too long" if trip.took_too_long else "it ended the receiver's process"
    return f"{name} does not arrive{on_hop}: {why}"


def _serializers_and_receivers(trips: Iterable[RoundTrip]) -> str:
    trips = list(trips)
    serializers = list(dict.fromkeys(trip.serializer for trip in trips))
    receivers = list(dict.fromkeys(trip.receiver for trip in trips))
    return f"{clean(_listed(serializers))}; receiver: {clean(_listed(receivers))}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sent_line(trip: RoundTrip) -> str:
    node = subject_of(trip.sent)
    stored = {
        name: value
        for name, value in node.get("attributes", {}).items()
        if value.get("type") != "builtins.NoneType"
    }
    shown = [
        f"{clean(name)}={brief(show(value), 40)}"
        for name, value in list(stored.items())[:_MOST_ATTRIBUTES]
    ]
    return brief(headline(node)) + (f"        {' '.join(shown)}" if shown else "")


def _loss_lines(losses: Sequence[Loss], most: int = _MOST_LOSSES) -> Iterator[str]:
    width = max(len(brief(loss.path, 60)) for loss in losses[:most])
    for loss in losses[:most]:
        path = brief(loss.path, 60).ljust(width)
        sent, received = _around_difference(loss.sent, loss.received)
        yield f"  - {path}   {sent}".rstrip()
        yield f"  + {path}   {received}".rstrip()
    if len(losses) > most:
        yield f"  ... and {len(losses) - most} more losses"


def _around_difference(sent: str, received: str) -> tuple[str, str]:
    """Both values, cut around the first character in which they differ."""
    if len(sent) <= WIDTH and len(received) <= WIDTH:
        return clean(sent), clean(received)
    pairs = enumerate(zip(sent, received, strict=False))
    first_difference = next(
        (position for position, characters in pairs if characters[0] != characters[1]),
        min(len(sent), len(received)),
    )
    start = max(0, first_difference - WIDTH // 2)
    return _window(sent, start), _window(received, start)


def _window(text: str, start: int) -> str:
    before, after = "... " if start else "", " ..." if len(text) > start + WIDTH else ""
    return f"{before}{clean(text[start : start + WIDTH])}{after}"


def _declared_line(trip: RoundTrip) -> Iterator[str]:
    if trip.declared_lost:
        yield f"  declared lost: {', '.join(brief(loss.path, 60) for loss in trip.declared_lost)}"


def _indented(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        yield f"  {label if number == 0 else '':<5} {brief(line, 2 * WIDTH)}"


def _not_looked_at(trip: RoundTrip) -> Iterator[str]:
    yield from (f"  not looked at: {text}" for text in trip.not_looked_at)
