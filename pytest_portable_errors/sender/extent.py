"""How much an exception holds, and what makes two that hold much alike.

A parser's error may hold the parser. Of hundreds of those, whose graphs nobody compares, only the first few can be looked at.
"""

from __future__ import annotations

import gc
import io
import pickle
import types
from typing import Any, NamedTuple

from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.values import text_of, without_addresses
from pytest_portable_errors.sender.shapes import Identity, identity_of

MUCH = 1_000  # objects; an error of LiteLLM's with its chain, requests and responses holds fewer than 500
SOME = 50  # objects, from which on it is worth while to ask whether two exceptions are alike
_TEXT_OF_AN_OBJECT = 1_000  # characters or bytes of a text that count as one object more
_BEGINNING = 64 * 1024  # bytes of a payload by which exceptions that hold much are told apart
_LONGEST = 200  # characters of what pickle says

# Pickled by name, or not at all; what they refer to is the program and not the exception.
_NOT_ENTERED = (
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,
)


def extent_of(exc: BaseException) -> int:
    """How many objects an exception holds, with what it is chained to: at most ``MUCH``, where counting ends.

    Asks the garbage collector what refers to what, so that no code of the objects runs and nothing about them changes.
    """
    waiting: list[object] = [exc]
    seen: set[int] = set()
    count = 0
    while waiting and count < MUCH:
        value = waiting.pop()
        cls = type(value)  # not isinstance, which asks the value's __class__: that may be anything
        if id(value) in seen or issubclass(cls, _NOT_ENTERED):
            continue
        seen.add(id(value))
        count += 1
        if cls is str or cls is bytes or cls is bytearray:  # not ==, which a metaclass may define
            count += len(value) // _TEXT_OF_AN_OBJECT  # type: ignore[arg-type]  # cls says that it is a text
        waiting += gc.get_referents(value)
    return min(count, MUCH)


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
    """Equal for exceptions of one class that store values of the same types under the same names, and whose pickles begin alike.

    Of those that hold much, class and beginning are all that is asked: a look at each of their outlines would take too long.
    None for one that has to be looked at by itself: a class that cannot be imported must not be kept, nor mistaken for another.
    """
    cls = type(exc)
    if fields.members_of(exc) is not None or not fields.is_importable(cls):
        return None
    args: tuple[str, ...] = ()
    stored: dict[str, str] = {}
    if extent < MUCH:
        args = tuple(map(_name_of_type, fields.base_field(exc, "args")))
        stored = {
            fields.cut_name(name) if type(name) is str else "": _name_of_type(value) for name, value in fields.attributes_of(exc).items()
        }
    links = tuple(_name_of_type(fields.base_field(exc, name)) for name in ("__cause__", "__context__"))
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
