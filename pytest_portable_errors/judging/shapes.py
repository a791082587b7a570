"""Shapes and settled exceptions: which exceptions are alike, and of which enough were sent.

A repository raises the same few kinds of error hundreds of times. Unpickling exceptions of one
shape calls the same class with values of the same types in the same places, so they are expected to
fare alike, and once enough of a shape were sent, the next are judged without sending them.

An error that holds another schema, request or table each time has another shape each time. Those
are alike by their outline (``outlines.py``): what pickling alone tells.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from pytest_portable_errors.diagnosis.secret_patterns import secrets_in
from pytest_portable_errors.judging.outlines import Identity, Outline, identity_of
from pytest_portable_errors.judging.verdicts import JudgedTrip
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.extent import MUCH
from pytest_portable_errors.sender.outgoing import Blamed

ENOUGH = 1
"""Exceptions that must have been sent to settle a shape without a defect."""
ENOUGH_DEFECTS = 2
"""Exceptions with equal outcomes that settle a shape with a defect, before a test fails for an
exception that was not sent."""
ENOUGH_ALIKE = 5
"""Exceptions of one outline with equal outcomes that settle it. An outline says less than a shape,
so that one exception is not enough, unless it holds a large graph."""
ENOUGH_OBJECTS = 250
"""Objects that the exceptions of one outline must have held, together, to settle it before."""
MOST_OF_A_CLASS = 100
"""Exceptions of one class that a process sends in a run: past them nobody can say how the next
fares, unless its shape or outline is settled."""
LARGE_LOOKS = 20
"""Exceptions that hold much and that a process looks at in a run: each may take a second."""
_MOST_SHAPES = 1_000
_MOST_ITEMS = 20  # of a container; an exception with a larger one is sent itself
_DEEPEST = 4
_LONGEST_TEXT = 1_000  # characters; what is longer is looked at itself


class _NoShape(Exception):
    """The exception holds something of which only its own trip can tell how it fares."""


def shape_of(exc: BaseException) -> Hashable | None:
    """The shape of an exception: equal for those that differ in texts and numbers alone.

    Whether a text or container is empty, and whether a number is 0, belong to the shape: code asks
    for that.

    Returns:
        None for an exception that must be sent itself: it holds anything but small plain data, is a
        group, may hold a credential, or its class cannot be imported.
    """
    cls = type(exc)
    try:
        # A local class must not be kept alive, nor be mistaken for another.
        if fields.members_of(exc) is not None or not fields.is_importable(cls):
            return None
        stored = (_shape(fields.base_field(exc, "args"), 0), _shape(fields.attributes_of(exc), 0))
        notes = _shape(fields.dict_of(exc).get("__notes__"), 0)
        links = tuple(
            _type_or_none(fields.base_field(exc, name)) for name in ("__cause__", "__context__")
        )
        return (
            identity_of(cls),
            *stored,
            notes,
            links,
            fields.base_field(exc, "__suppress_context__"),
        )
    except _NoShape:
        return None
    except Exception:  # a foreign class whose fields cannot be read
        return None


def _type_or_none(exc: BaseException | None) -> Hashable:
    return None if exc is None else fields.type_name(type(exc))


def _shape(value: Any, depth: int) -> Hashable:
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind in (int, float):
        return (kind, value == 0)
    if kind in (str, bytes):
        if len(value) > _LONGEST_TEXT or (kind is str and any(secrets_in(value))):
            raise _NoShape
        return (kind, not value)
    if kind not in (tuple, list, dict) or depth > _DEEPEST or len(value) > _MOST_ITEMS:
        raise _NoShape
    if kind is dict:
        return (kind, tuple((_key(key), _shape(item, depth + 1)) for key, item in value.items()))
    return (kind, tuple(_shape(item, depth + 1) for item in value))


def _key(key: object) -> Hashable:
    if type(key) is not str:
        raise _NoShape
    return key


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """By what other exceptions are like this one."""

    cls: Identity
    shape: Hashable | None
    """None: it is like no other exception by its shape."""
    outline: Outline | None
    """None: nor by its outline."""
    extent: int
    """How many objects it holds; see ``sender/extent.py``."""

    @property
    def keys(self) -> tuple[Hashable, ...]:
        """The shape and the outline, as far as there are any; the narrower first."""
        return tuple(key for key in (self.shape, self.outline) if key is not None)


class _Streak(NamedTuple):
    """Exceptions of one shape or outline with equal outcomes, one after the other."""

    length: int = 0
    objects: int = 0
    """How many they held, together."""
    last: Sequence[JudgedTrip] = ()
    """The trips of the last."""


class SettledExceptions:
    """The shapes and outlines of which this process has sent enough, and what became of them.

    What is settled depends on the exceptions before, in their order, and on nothing else.
    """

    def __init__(self) -> None:
        # Apart, so that a thousand shapes leave room for outlines.
        self._shapes: dict[Hashable, _Streak] = {}
        self._outlines: dict[Hashable, _Streak] = {}
        self._sent: Counter[Identity] = Counter()
        self._large_looks = 0
        self._blamed: dict[Hashable, Blamed] = {}

    def may_look_at(self, likeness: Likeness) -> bool:
        """Whether there is time for an exception that is not settled."""
        if likeness.extent >= MUCH and self._large_looks >= LARGE_LOOKS:
            return False
        return self._sent[likeness.cls] < MOST_OF_A_CLASS

    def look(self, likeness: Likeness) -> None:
        """Count an exception that is looked at."""
        self._large_looks += likeness.extent >= MUCH
        if len(self._sent) < _MOST_SHAPES or likeness.cls in self._sent:
            self._sent[likeness.cls] += 1

    def blamed(self, likeness: Likeness) -> Blamed | None:
        """What is at fault where exceptions like this one cannot be pickled, to be added to.

        None without an outline, by which that is the same for all of them.
        """
        if likeness.outline is None or len(self._blamed) >= _MOST_SHAPES:
            return None
        return self._blamed.setdefault(likeness.outline, {})

    def learn(self, likeness: Likeness | None, judged: Sequence[JudgedTrip]) -> None:
        """Keep what became of one exception; an outcome unlike the last begins the count anew.

        Args:
            likeness: By what others are like it; for None nothing is kept.
            judged: Its trips, by all serializers and receivers.
        """
        if likeness is None:
            return
        for key in likeness.keys:
            streaks = self._streaks(key)
            if key not in streaks and len(streaks) >= _MOST_SHAPES:
                continue
            streak = streaks.get(key, _Streak())
            streak = streak if _fared_alike(judged, streak.last) else _Streak()
            # Without their pending trips, which hold a copy of the exception.
            examples = [judged_trip.as_example() for judged_trip in judged]
            streaks[key] = _Streak(streak.length + 1, streak.objects + likeness.extent, examples)

    def settling(self, key: Hashable) -> Sequence[JudgedTrip] | None:
        """What became of the last exception of this shape or outline.

        Returns:
            None as long as not enough of it were sent, so that the next has to be sent as well.
        """
        streak = self._streaks(key).get(key, _Streak())
        has_defect = any(judged_trip.verdict is Verdict.DEFECT for judged_trip in streak.last)
        enough = ENOUGH_DEFECTS if has_defect else ENOUGH
        if isinstance(key, Outline) and streak.objects < ENOUGH_OBJECTS:
            enough = ENOUGH_ALIKE
        return streak.last if streak.length >= enough else None

    def _streaks(self, key: Hashable) -> dict[Hashable, _Streak]:
        return self._outlines if isinstance(key, Outline) else self._shapes


def _fared_alike(judged: Sequence[JudgedTrip], last: Sequence[JudgedTrip]) -> bool:
    def outcomes(trips: Sequence[JudgedTrip]) -> list[tuple[object, ...]]:
        return [(judged_trip.verdict, judged_trip.trip.defect) for judged_trip in trips]

    return outcomes(judged) == outcomes(last)
