"""How much an exception holds, and what makes two that hold much alike.

A parser's error may hold the parser. Of hundreds of those, whose graphs nobody compares, only the
first few can be looked at.
"""

from __future__ import annotations

import gc
import types

# objects; an error of LiteLLM's with its chain, requests and responses holds fewer than 500
MUCH = 1_000
SOME = 50  # objects, from which on it is worth while to ask whether two exceptions are alike
_TEXT_OF_AN_OBJECT = 1_000  # characters or bytes of a text that count as one object more

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
    """How many objects an exception holds, with what it is chained to: at most ``MUCH``, where
    counting ends.

    Asks the garbage collector what refers to what, so that no code of the objects runs and nothing
    about them changes.
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
            # cls says that it is a text
            count += len(value) // _TEXT_OF_AN_OBJECT  # type: ignore[arg-type]
        waiting += gc.get_referents(value)
    return min(count, MUCH)
