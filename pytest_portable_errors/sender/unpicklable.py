"""Finds the value of an exception that cannot be pickled.

The pickler is run again in Python, where the objects that it enters can be recorded.
"""

from __future__ import annotations

import io
import itertools
import pickle
from collections import deque
from collections.abc import Iterator
from types import FunctionType
from typing import Any

from pytest_portable_errors.diagnosis.facts import Unpicklable
from pytest_portable_errors.diagnosis.shown import show
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.values import describe_value
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.fix_code import FIX
from pytest_portable_errors.sender.serializers import Library, Pickle, Serializer, WithReducers

_MOST_SAVED = 5_000  # objects that are pickled in Python, which takes thirty times as long as in C

_CLASS_STEP = ".__class__"  # from an exception that is held to its class

# For a class or function that is not found under its name the pickler in C and the one in Python
# raise one of these each, before 3.14.
_RAISED_FOR_UNKNOWN_NAMES = {AttributeError, pickle.PicklingError}


def find_unpicklable(
    exc: object, error: BaseException, serializer: Serializer, *, called: str = "exc"
) -> Unpicklable | None:
    """Find the innermost value that was being pickled when ``error`` was raised.

    Args:
        exc: What could not be pickled: an exception, or a value.
        error: What dumps raised. Only its type is compared with what the second run raises: the
            pickler that is written in C has words of its own.
        serializer: What pickled it. One that is not built in is replaced by plain pickle.
        called: What the value's path begins with.

    Returns:
        The value; with an empty path if it lies behind 5,000 others. None if it is ``exc`` itself
        or its class; if the nesting is too deep (RecursionError), for which no value is to blame;
        or if the second run raises another type of error, and so says nothing about the first.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    serializer = serializer.of if isinstance(serializer, Carrier) else serializer
    if isinstance(error, RecursionError):
        return None
    built_in = serializer if isinstance(serializer, (Pickle, Library, WithReducers)) else Pickle()
    replay = built_in.replaying(io.BytesIO(), _RecordingPickler)
    try:
        replay.dump(exc)
    except KeyboardInterrupt:
        raise
    except _TooMany:
        return Unpicklable(path="", type="")
    except BaseException as again:
        if (
            type(again) is not type(error)
            and not {type(again), type(error)} <= _RAISED_FOR_UNKNOWN_NAMES
        ):
            return None
    entered: list[object] = replay.entered
    try:
        path, blamed = called, exc
        for step, value in zip(_steps(entered, replay.reduced), entered[1:], strict=True):
            path, blamed = path + step, value if step else blamed
    except Exception:  # foreign objects are asked for their parts
        return None
    if blamed is exc or blamed is type(exc):
        return None
    return Unpicklable(
        path=path.removesuffix(_CLASS_STEP),
        type=fields.type_name(type(blamed)),
        module=_module_of(blamed),
        unfound_class=blamed
        if isinstance(blamed, type) and issubclass(blamed, BaseException)
        else None,
    )


def _module_of(value: object) -> str:
    """Where a value is defined: a class's or function's own module, else its class's."""
    # By its class: an object's __class__ may be anything, and raise.
    if issubclass(type(value), (type, FunctionType)):
        return str(value.__module__)
    return fields.module_of(type(value)) or ""


class _TooMany(Exception):
    """More than ``_MOST_SAVED`` objects were pickled, and none of them raised an error."""


class _RecordingPickler:
    """A mixin for a pickler in Python that records where its last error was raised."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.entered: list[object] = []
        """The objects that were being saved when the last error was raised, outermost first."""
        self.reduced: dict[int, tuple[object, object]] = {}
        """By the id of an object: the function and the state that its reducer gave."""
        self._open: list[object] = []
        self._saved = 0
        self._error: BaseException | None = None

    def save(self, obj: object, *args: object, **kwargs: object) -> object:
        """Save an object, and keep what was open when saving it raised an error."""
        self._open.append(obj)
        self._saved += 1
        if self._saved > _MOST_SAVED:
            raise _TooMany
        try:
            # The method of the pickler that this class is mixed into.
            return super().save(obj, *args, **kwargs)  # type: ignore[misc]
        except BaseException as error:
            if error is not self._error:
                self._error, self.entered = error, list(self._open)
            raise
        finally:
            self._open.pop()

    def save_reduce(
        self, func: object, args: object, state: object = None, *items: object, **options: object
    ) -> object:
        """Save what a reducer gave, and keep its function and state."""
        self.reduced[id(self._open[-1])] = (func, state)
        # As in save.
        return super().save_reduce(func, args, state, *items, **options)  # type: ignore[misc]


def _steps(entered: list[object], reduced: dict[int, tuple[object, object]]) -> Iterator[str]:
    """Write each step from the exception to the value as Python does: attribute, index or key.

    A step is empty where pickle enters what has no name in a path, as an object's arguments and its
    state.
    """
    owner: object = entered[0]
    # What ``parent`` is: an object, or the arguments or the state of ``owner``.
    within = "object"
    for parent, child in itertools.pairwise(entered):
        if id(parent) in reduced and within not in ("arguments", "state"):
            owner = parent
            func, state = reduced[id(parent)]
            if child is state:
                within = "state"
                yield ""
            elif child is func:
                within = "object"
                yield (
                    _CLASS_STEP
                    if isinstance(child, type) and issubclass(child, BaseException)
                    else ""
                )
            elif isinstance(child, tuple):
                within = "arguments"
                yield ""
            else:
                within = "object"
                yield _element(parent, child)
        elif within == "arguments":
            within = "object"
            yield _argument(owner, child)
        elif within == "state":
            if isinstance(parent, tuple) and isinstance(child, dict):
                yield ""  # a state with slots is a pair of dicts
                continue
            within = "object"
            yield f".{_key_of(parent, child)}" if isinstance(parent, dict) else ""
        else:
            yield _element(parent, child)


def _argument(owner: Any, child: object) -> str:
    """The step to an argument of the call that rebuilds ``owner``; empty if nothing names it."""
    if type(owner).__module__ == FIX:
        owner = fields.dict_of(owner).get("held", owner)  # what stands for a link of the chain
    if issubclass(type(owner), BaseException):
        if fields.members_of(owner) is not None and isinstance(child, (list, tuple)):
            return ".exceptions"
        args = fields.base_field(owner, "args")
        if any(arg is child for arg in args):
            return f".args[{_position(args, child)}]"
    if isinstance(owner, tuple):  # a named one
        position = _position(owner, child)
        names = getattr(type(owner), "_fields", ())
        return f".{names[position]}" if position < len(names) else f"[{position}]"
    name = next((name for name, value in fields.dict_of(owner).items() if value is child), None)
    return "" if name is None else f".{name}"


def _element(parent: object, child: object) -> str:
    """The step to an item of a container; empty for anything else."""
    if isinstance(parent, dict):
        return f"[{show(describe_value(_key_of(parent, child)))}]"
    if isinstance(parent, (list, tuple, set, frozenset, deque)):
        return f"[{_position(parent, child)}]"
    return ""


def _key_of(parent: dict[object, object], child: object) -> object:
    """The key of a value, or the key that a child is; ``?`` if it is neither."""
    return next((key for key, value in dict.items(parent) if value is child or key is child), "?")


def _position(parent: Any, child: object) -> int:
    """The index of an item by identity; 0 if it is not there."""
    return next((position for position, value in enumerate(parent) if value is child), 0)
