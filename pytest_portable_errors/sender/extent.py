"""Finds and counts the objects that an exception holds.

A parser's error may hold the parser. Of hundreds of those, whose graphs nobody compares, only the
first few can be looked at.
"""

from __future__ import annotations

import functools
import gc
import types
from dataclasses import dataclass

# Objects, from which on nobody counts any further. An error of LiteLLM's with its chain, requests
# and responses holds fewer than 500.
MUCH = 1_000
SOME = 50  # objects, from which on it is worth asking whether two exceptions are alike
_TEXT_OF_AN_OBJECT = 1_000  # characters or bytes of a text that count as one object more

# They are pickled by name, or not at all; what they refer to is the program, not the exception.
# What lru_cache makes refers to a dict that is its own: to write there would break it.
_NOT_ENTERED = (
    functools._lru_cache_wrapper,
    type,
    types.ModuleType,
    types.FunctionType,
    types.BuiltinFunctionType,
    types.CodeType,
    types.FrameType,
    types.TracebackType,
)


@dataclass(frozen=True, slots=True)
class Held:
    """What an exception holds."""

    objects: list[object]
    """The exception, its chain and all that they refer to, as far as they were counted."""
    extent: int
    """How many objects that is: at least 1, at most ``MUCH``. Long texts count as several."""


def held_by(exc: object) -> Held:
    """Return the objects that an exception holds, with its chain.

    The garbage collector is asked what refers to what, so that no code of the objects runs and
    nothing about them changes.
    """
    waiting: list[object] = [exc]
    counted: set[int] = set()
    objects: list[object] = []
    count = 0
    while waiting and count < MUCH:
        value = waiting.pop()
        cls = type(value)  # not isinstance, which asks the value's __class__: that may be anything
        if id(value) in counted or issubclass(cls, _NOT_ENTERED):
            continue
        counted.add(id(value))
        objects.append(value)
        count += 1
        if cls is str or cls is bytes or cls is bytearray:  # not ==, which a metaclass may define
            # The check of cls is one that mypy does not see.
            count += len(value) // _TEXT_OF_AN_OBJECT  # type: ignore[arg-type]
        waiting += gc.get_referents(value)
    return Held(objects, min(count, MUCH))
