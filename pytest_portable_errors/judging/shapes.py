"""Shapes: all of an exception but its texts and numbers.

A repository raises the same few kinds of error hundreds of times. Unpickling exceptions of one
shape calls the same class with values of the same types in the same places, so they are expected to
fare alike, and once enough of a shape were sent, the next are judged without sending them.
"""

from __future__ import annotations

import io
import pickle
from collections.abc import Hashable, Sequence
from typing import Any, NamedTuple

from pytest_portable_errors.diagnosis.secret_patterns import secrets_in
from pytest_portable_errors.judging.verdicts import JudgedTrip
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.texts import text_of, without_addresses
from pytest_portable_errors.report.rows import Verdict
from pytest_portable_errors.sender.extent import MUCH

ENOUGH = 1
"""Exceptions that must have been sent to settle a shape without a defect."""
ENOUGH_DEFECTS = 2
"""Exceptions with equal outcomes that settle a shape with a defect, before a test fails for an
exception that was not sent."""
ENOUGH_OBJECTS = 250
"""Objects that the exceptions of one outline must have held, together, before others of it are not
looked at. An outline says only the types of values, so that one look is not enough, unless it is at
a large graph."""
LARGE_LOOKS = 20
"""Exceptions that hold much and that a process looks at in a run: each may take a second."""
_MOST_SHAPES = 1_000
_MOST_ITEMS = 20  # of a container; an exception with a larger one is sent itself
_DEEPEST = 4
_LONGEST_TEXT = 1_000  # characters; what is longer is looked at itself


class Identity(NamedTuple):
    """Identifies a class without its metaclass, which may define ``__hash__`` and ``__eq__``."""

    name: str
    address: int
    """The ``id`` of the class."""


def identity_of(cls: type) -> Identity:
    """The identity of a class; equal for one class alone, as long as that can be imported."""
    return Identity(fields.type_name(cls), id(cls))


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


_BEGINNING = 64 * 1024  # bytes of a payload by which exceptions that hold much are told apart
_LONGEST_ERROR = 200  # characters of the error that pickling raises


class Outline(NamedTuple):
    """What exceptions that hold too much for a shape have in common: types and names, no values."""

    cls: Identity
    args: tuple[str, ...]
    """Type names of ``args``; () for an exception that holds much (``MUCH`` objects)."""
    stored: tuple[tuple[str, str], ...]
    """Attributes and their type names, sorted; () likewise."""
    has_notes: bool
    links: tuple[str, ...]
    """Type names of ``__cause__`` and ``__context__``."""
    suppresses_context: bool
    beginning: str
    """The error that pickling raises within its first 64 KiB; empty if none."""


def outline_of(exc: BaseException, extent: int) -> Outline | None:
    """The outline of an exception: its class, types and names, and how its pickle begins.

    The types in ``args`` and attributes are left out for an exception that holds much: reading
    them would take too long.

    Args:
        exc: The exception.
        extent: How many objects it holds; see ``sender/extent.py``.

    Returns:
        None for a group, and for a class that cannot be imported: that must not be kept alive, nor
        be mistaken for another.
    """
    cls = type(exc)
    if fields.members_of(exc) is not None or not fields.is_importable(cls):
        return None
    args: tuple[str, ...] = ()
    stored: dict[str, str] = {}
    if extent < MUCH:
        args = tuple(map(_name_of_type, fields.base_field(exc, "args")))
        stored = {
            fields.cut_name(name) if type(name) is str else "": _name_of_type(value)
            for name, value in fields.attributes_of(exc).items()
        }
    links = tuple(
        _name_of_type(fields.base_field(exc, name)) for name in ("__cause__", "__context__")
    )
    return Outline(
        cls=identity_of(cls),
        args=args,
        stored=tuple(sorted(stored.items())),
        has_notes="__notes__" in fields.dict_of(exc),
        links=links,
        suppresses_context=fields.base_field(exc, "__suppress_context__"),
        beginning=_beginning(exc),
    )


def _name_of_type(value: object) -> str:
    return fields.type_name(type(value))


class _BeginningWritten(BaseException):
    """Stops pickling: the beginning of the payload is written."""


class _Beginning(io.RawIOBase):
    """Takes the first bytes of a payload, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self._bytes_left = _BEGINNING

    def write(self, data: Any) -> int:
        self._bytes_left -= len(data)
        if self._bytes_left < 0:
            raise _BeginningWritten
        return len(data)


def _beginning(exc: BaseException) -> str:
    """The error that pickling the beginning of the payload raises; empty if none."""
    try:
        pickle.Pickler(_Beginning()).dump(exc)
    except _BeginningWritten:
        return ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        message = text_of(str, error).get("text", "")
        return without_addresses(f"{fields.type_name(type(error))}: {message}"[:_LONGEST_ERROR])
    return ""


class SettledShapes:
    """The shapes of which this process has sent enough, and what became of them."""

    def __init__(self) -> None:
        # Shape -> how many exceptions in a row had equal outcomes, and the trips of the last.
        self._outcomes: dict[Hashable, tuple[int, list[JudgedTrip]]] = {}
        self._objects: dict[Hashable, int] = {}
        self._large_looks = 0

    def may_look_at(self, extent: int) -> bool:
        """Whether an exception with so many objects may be looked at: of large ones, only a few."""
        return extent < MUCH or self._large_looks < LARGE_LOOKS

    def look(self, shape: Hashable | None, extent: int) -> None:
        """Count an exception that is looked at, and the objects that it holds.

        Args:
            shape: Its shape or outline; None if it has none.
            extent: How many objects it holds; see ``sender/extent.py``.
        """
        self._large_looks += extent >= MUCH
        if isinstance(shape, Outline) and (
            shape in self._objects or len(self._objects) < _MOST_SHAPES
        ):
            self._objects[shape] = self._objects.get(shape, 0) + extent

    def learn(self, shape: Hashable | None, judged: Sequence[JudgedTrip]) -> None:
        """Keep what became of one exception; an outcome unlike the last begins the count anew.

        Args:
            shape: Its shape or outline; for None nothing is kept.
            judged: Its trips, by all serializers and receivers.
        """
        if shape is None or (shape not in self._outcomes and len(self._outcomes) >= _MOST_SHAPES):
            return
        count, last = self._outcomes.get(shape, (0, []))
        is_same = [(judged_trip.verdict, judged_trip.trip.defect) for judged_trip in judged] == [
            (judged_trip.verdict, judged_trip.trip.defect) for judged_trip in last
        ]
        # Without their pending trips, which hold a copy of the exception.
        self._outcomes[shape] = (
            count + 1 if is_same else 1,
            [judged_trip.as_example() for judged_trip in judged],
        )

    def is_settled(self, shape: Hashable) -> bool:
        """Whether enough exceptions of this shape were sent, so that the next need not be."""
        count, judged = self._outcomes.get(shape, (0, []))
        if isinstance(shape, Outline) and self._objects.get(shape, 0) < ENOUGH_OBJECTS:
            return False
        has_defect = any(judged_trip.verdict is Verdict.DEFECT for judged_trip in judged)
        return count >= (ENOUGH_DEFECTS if has_defect else ENOUGH)

    def known(self, shape: Hashable) -> list[JudgedTrip]:
        """What became of the last exception of this shape.

        Raises:
            KeyError: No exception of this shape was judged.
        """
        return self._outcomes[shape][1]
