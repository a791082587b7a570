"""What makes two exceptions alike: everything but their texts and numbers.

A repository raises the same few kinds of error hundreds of times. Unpickling calls their classes
with values of the same types at the same places, so that they will fare alike.
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
ENOUGH_DEFECTS = 2
"""That fared alike: tests will fail for it that have shown nothing themselves."""
_MOST_SHAPES = 1_000
ENOUGH_OBJECTS = 250
"""Objects that the exceptions of one outline must have held, together, before others of it are not
looked at. An outline says only the types of values, so that one look is not enough, unless it is at
a large graph."""
LARGE_LOOKS = 20
"""Exceptions that hold much and that a process looks at in a run: each may take a second."""
_MOST = 20  # entries of a container; what holds more is looked at itself
_DEEPEST = 4
_LONGEST = 1_000  # characters


class Identity(NamedTuple):
    """Which class it is, told without its metaclass: that may have a ``__hash__`` and ``__eq__`` of
    its own."""

    name: str
    address: int
    """Its ``id``."""


def identity_of(cls: type) -> Identity:
    """Equal for one class alone, as long as that can be imported."""
    return Identity(fields.type_name(cls), id(cls))


class _NoShape(Exception):
    """There is something about it that only the trip can tell."""


def shape_of(exc: BaseException) -> Hashable | None:
    """Equal for exceptions that differ in texts and numbers alone. None for one that has to travel
    whatever others did.

    That is so if it holds anything but plain data, is a group, or may hold a credential. Empty is
    another shape than not empty, and 0 another than 1: code asks for that.
    """
    cls = type(exc)
    try:
        # a local class must not be kept, nor mistaken for another
        if fields.members_of(exc) is not None or not fields.is_importable(cls):
            return None
        stored = (_shape(fields.base_field(exc, "args"), 0), _shape(fields.attributes_of(exc), 0))
        notes = _shape(fields.dict_of(exc).get("__notes__"), 0)
        links = tuple(_link(fields.base_field(exc, name)) for name in ("__cause__", "__context__"))
        return (
            identity_of(cls),
            *stored,
            notes,
            links,
            fields.base_field(exc, "__suppress_context__"),
        )
    except _NoShape:
        return None
    except Exception:  # a foreign class that does not let itself be looked at
        return None


def _link(exc: BaseException | None) -> Hashable:
    return None if exc is None else fields.type_name(type(exc))


def _shape(value: Any, depth: int) -> Hashable:
    kind = type(value)
    if value is None or kind is bool:
        return repr(value)
    if kind in (int, float):
        return (kind, value == 0)
    if kind in (str, bytes):
        if len(value) > _LONGEST or (kind is str and any(secrets_in(value))):
            raise _NoShape
        return (kind, not value)
    if kind not in (tuple, list, dict) or depth > _DEEPEST or len(value) > _MOST:
        raise _NoShape
    if kind is dict:
        return (kind, tuple((_key(key), _shape(item, depth + 1)) for key, item in value.items()))
    return (kind, tuple(_shape(item, depth + 1) for item in value))


def _key(key: object) -> Hashable:
    if type(key) is not str:
        raise _NoShape
    return key


_BEGINNING = 64 * 1024  # bytes of a payload by which exceptions that hold much are told apart

_LONGEST = 200  # characters of what pickle says


class Outline(NamedTuple):
    """What exceptions that hold much have in common: types and names, and no values."""

    cls: Identity
    args: tuple[str, ...]
    stored: tuple[tuple[str, str], ...]
    has_notes: bool
    links: tuple[str, ...]
    suppresses_context: bool
    beginning: str
    """What pickling it raises early on; empty if nothing."""


def outline_of(exc: BaseException, extent: int) -> Outline | None:
    """Equal for exceptions of one class that store values of the same types under the same names,
    and whose pickles begin alike.

    Of those that hold much, class and beginning are all that is asked: a look at each of their
    outlines would take too long. None for one that has to be looked at by itself: a class that
    cannot be imported must not be kept, nor mistaken for another.
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


class _Enough(BaseException):
    """The beginning of the payload is written."""


class _Beginning(io.RawIOBase):
    """Takes the first bytes of a payload, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self._left = _BEGINNING

    def write(self, data: Any) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise _Enough
        return len(data)


def _beginning(exc: BaseException) -> str:
    """How the beginning of its pickle fares: what is raised, or nothing."""
    try:
        pickle.Pickler(_Beginning()).dump(exc)
    except _Enough:
        return ""
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        said = text_of(str, error).get("text", "")
        return without_addresses(f"{fields.type_name(type(error))}: {said}"[:_LONGEST])
    return ""


class SettledShapes:
    """Of one process."""

    def __init__(self) -> None:
        self._met: dict[Hashable, tuple[int, list[JudgedTrip]]] = {}
        self._objects: dict[Hashable, int] = {}
        self._large_looks = 0

    def may_look_at(self, extent: int) -> bool:
        """Whether there is time to look at an exception that holds so many objects."""
        return extent < MUCH or self._large_looks < LARGE_LOOKS

    def look(self, shape: Hashable | None, extent: int) -> None:
        """Count an exception that is looked at, and the objects that it holds."""
        self._large_looks += extent >= MUCH
        if isinstance(shape, Outline) and (
            shape in self._objects or len(self._objects) < _MOST_SHAPES
        ):
            self._objects[shape] = self._objects.get(shape, 0) + extent

    def learn(self, shape: Hashable | None, judged: Sequence[JudgedTrip]) -> None:
        """Keep what became of one. If it is something else than before, counting begins anew."""
        if shape is None or (shape not in self._met and len(self._met) >= _MOST_SHAPES):
            return
        count, before = self._met.get(shape, (0, []))
        is_same = [(one.verdict, one.trip.defect) for one in judged] == [
            (one.verdict, one.trip.defect) for one in before
        ]
        # Without its pending, which holds a copy of the exception.
        self._met[shape] = (
            count + 1 if is_same else 1,
            [one.as_example() for one in judged],
        )

    def is_settled(self, shape: Hashable) -> bool:
        """Whether the next one will fare as those before."""
        count, judged = self._met.get(shape, (0, []))
        if isinstance(shape, Outline) and self._objects.get(shape, 0) < ENOUGH_OBJECTS:
            return False
        return count >= (
            ENOUGH_DEFECTS if any(one.verdict is Verdict.DEFECT for one in judged) else ENOUGH
        )

    def known(self, shape: Hashable) -> list[JudgedTrip]:
        """How they fared."""
        return self._met[shape][1]
