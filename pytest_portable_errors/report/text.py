"""The text that a failing test shows.

Pure: trips in, lines out. All of it is on lines of its own, free of control characters and bounded, because it quotes foreign exceptions
and goes through terminals, JUnit files and pytest-xdist.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.losses import Loss, headline, short_name, show
from pytest_portable_errors.rows import RAISED

if TYPE_CHECKING:
    from pytest_portable_errors.trip import RoundTrip

WIDTH = 160  # characters of one quoted value
_MOST_ATTRIBUTES = 6
_MOST_LOSSES = 12
_SHOWN_IN_HEADLINE = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")
# C0 and C1 controls, and what moves or hides the text around it.
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")


def clean(text: str) -> str:
    """One line, without control characters, and encodable: a lone surrogate in a report ends a pytest-xdist session."""
    escaped = _UNPRINTABLE.sub(lambda match: match.group().encode("unicode_escape").decode("ascii"), text)
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(data: Any) -> Any:
    """Plain data with all of its texts cleaned, line by line: programs' code and reasons have several."""
    if isinstance(data, str):
        return "\n".join(map(clean, data.split("\n")))
    if isinstance(data, dict):
        return {plain(key): plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def brief(text: str, width: int = WIDTH) -> str:
    """Cleaned and cut to so many characters, its end kept: errors often differ there."""
    text = clean(text)
    tail = width // 4
    return text if len(text) <= width else f"{text[: width - tail - 5]} ... {text[-tail:]}"


def trip_text(trips: Sequence[RoundTrip]) -> str:
    """What became of one exception on these trips; those with the same defect are told once."""
    return "\n\n".join("\n".join(_lines(group)) for group in _by_defect(trips))


def trips_text(trips: Sequence[tuple[str, RoundTrip]]) -> str:
    """What became of several exceptions: ``(how it came about, trip)``; each defect once, with the ways of building that met it."""
    blocks = []
    for group in _by_defect([trip for _, trip in trips]):
        ways = dict.fromkeys(how for how, trip in trips if how != RAISED and any(trip is member for member in group))
        blocks.append("\n".join([*_lines(group), *(["", f"  built {', '.join(ways)}"] if ways else [])]))
    return "\n\n".join(blocks)


def _by_defect(trips: Sequence[RoundTrip]) -> list[list[RoundTrip]]:
    groups: dict[object, list[RoundTrip]] = {}
    for trip in trips:
        groups.setdefault(trip.defect, []).append(trip)
    return list(groups.values())


def _lines(trips: list[RoundTrip]) -> Iterator[str]:
    trip = trips[0]
    yield f"{first_line(trip)}      [{_where(trips)}]"
    yield ""
    if trip.arrived_whole:
        yield f"  sent      {_sent(trip)}"
        yield from _declared(trip)
        yield from _not_looked_at(trip)
        return
    if trip.received is None:
        yield f"  sent      {_sent(trip)}"
        yield f"  received  {brief(trip.losses[0].received)}"
        if trip.with_project is not None and trip.with_project.losses:
            yield f"  with the project installed: {brief(first_line(trip.with_project))}"
    else:
        yield from _diff(trip.losses)
        yield from _declared(trip)
    yield from _not_looked_at(trip)
    if trip.diagnosis is not None:
        yield ""
        yield from _indented("why", trip.diagnosis.why)
        yield from _fixes(trip)
        yield f"  more  python -m pytest_portable_errors explain {trip.diagnosis.cause}"


def _not_looked_at(trip: RoundTrip) -> Iterator[str]:
    yield from (f"  not looked at: {text}" for text in trip.not_looked_at)


def _fixes(trip: RoundTrip) -> Iterator[str]:
    """The best fix as code; the others by what they are."""
    fixes = trip.diagnosis.fixes if trip.diagnosis is not None else ()
    for number, fix in enumerate(fixes):
        tried = f"tried: {fix_outcome(fix, trip.receiver)}"
        if number == 0:
            yield f"  fix   {clean(fix.title)}"
            yield f"        ({tried})"
            yield from (f"        ({clean(limit)})" for limit in fix.limits)
            yield from (f"        {clean(line)}".rstrip() for line in fix.code.rstrip().splitlines())
        else:
            yield f"  or    {clean(fix.title)} ({tried})"


def fix_outcome(fix: Fix, asked: str) -> str:
    """What became of a fix; ``asked`` is the receiver that the trip was meant for."""
    where = "" if fix.receiver == asked else f" in {clean(fix.receiver)}"
    without = clean(", without " + ", ".join(fix.gives_up)) if fix.gives_up else ""
    if fix.arrives_whole:
        return f"arrives whole{where}{without}"
    return f"arrives{where}{without}, and still loses {clean(', '.join(fix.still_lost[:_MOST_ATTRIBUTES]))}"


def first_line(trip: RoundTrip) -> str:
    """What became of which class."""
    name = clean(short_name(trip.sent["exceptions"][0]["type"]))
    if trip.arrived_whole:
        return f"{name} arrives whole"
    if trip.received is not None:
        kinds = {loss.kind for loss in trip.losses}
        if kinds == {"arrival"}:
            return f"{name} travels only in tests"
        return f"{name} arrives changed: {', '.join(kind for kind in _SHOWN_IN_HEADLINE if kind in kinds)}"
    if trip.error is not None:
        return f"{name} does not arrive: {trip.stage.value} raised {clean(short_name(trip.error['type']))}"
    what = "it took too long" if trip.stage.value == "timed-out" else "it ended the receiver's process"
    return f"{name} does not arrive: {what}"


def _where(trips: Iterable[RoundTrip]) -> str:
    trips = list(trips)
    serializers = list(dict.fromkeys(trip.serializer for trip in trips))
    receivers = list(dict.fromkeys(trip.receiver for trip in trips))
    return f"{clean(_listed(serializers))}; receiver: {clean(_listed(receivers))}"


def _listed(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def _sent(trip: RoundTrip) -> str:
    node = trip.sent["exceptions"][0]
    stored = {name: value for name, value in node.get("attributes", {}).items() if value.get("type") != "builtins.NoneType"}
    shown = [f"{clean(name)}={brief(show(value), 40)}" for name, value in list(stored.items())[:_MOST_ATTRIBUTES]]
    return brief(headline(node)) + (f"        {' '.join(shown)}" if shown else "")


def _diff(losses: Sequence[Loss]) -> Iterator[str]:
    width = max(len(brief(loss.path, 60)) for loss in losses[:_MOST_LOSSES])
    for loss in losses[:_MOST_LOSSES]:
        path = brief(loss.path, 60).ljust(width)
        sent, received = _telling(loss.sent, loss.received)
        yield f"  - {path}   {sent}".rstrip()
        yield f"  + {path}   {received}".rstrip()
    if len(losses) > _MOST_LOSSES:
        yield f"  ... and {len(losses) - _MOST_LOSSES} more losses"


def _telling(sent: str, received: str) -> tuple[str, str]:
    """Both values, cut so that the place where they part is seen."""
    if len(sent) <= WIDTH and len(received) <= WIDTH:
        return clean(sent), clean(received)
    parting = next((n for n, (one, other) in enumerate(zip(sent, received, strict=False)) if one != other), min(len(sent), len(received)))
    start = max(0, parting - WIDTH // 2)
    return _window(sent, start), _window(received, start)


def _window(text: str, start: int) -> str:
    before, after = "... " if start else "", " ..." if len(text) > start + WIDTH else ""
    return f"{before}{clean(text[start : start + WIDTH])}{after}"


def _declared(trip: RoundTrip) -> Iterator[str]:
    if trip.declared_lost:
        yield f"  declared lost: {', '.join(brief(loss.path, 60) for loss in trip.declared_lost)}"


def _indented(label: str, text: str) -> Iterator[str]:
    for number, line in enumerate(text.splitlines()):
        yield f"  {label if number == 0 else '':<5} {brief(line, 2 * WIDTH)}"
