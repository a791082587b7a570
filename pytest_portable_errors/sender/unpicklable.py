"""Which value of an exception cannot be pickled: the pickler is run again in Python, where its way
can be followed."""

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
from pytest_portable_errors.sender.carriers import Carrier
from pytest_portable_errors.sender.serializers import Library, Pickle, Serializer, WithReducers

_MOST_SAVED = 5_000  # objects that are pickled in Python, which takes thirty times as long as in C

# What C and Python raise for a class or function that is not found under its name, before 3.14.
_ALIKE = {AttributeError, pickle.PicklingError}


def find_unpicklable(
    exc: object, error: BaseException, serializer: Serializer, *, called: str = "exc"
) -> Unpicklable | None:
    """The innermost value that was being pickled when ``error`` was raised; ``called`` is what its
    path begins with.

    Without a path if it lies behind 5,000 others. None if it was the exception itself; if the
    nesting is too deep, for which no value is to blame; or if the second run fails with another
    type of error: then it says nothing about that one. (The words differ: the pickler that is
    written in C has its own.)
    """
    serializer = serializer.of if isinstance(serializer, Carrier) else serializer
    if isinstance(error, RecursionError):
        return None
    ours = serializer if isinstance(serializer, (Pickle, Library, WithReducers)) else Pickle()
    replay = ours.replaying(io.BytesIO(), _RecordingPickler)
    try:
        replay.dump(exc)
    except KeyboardInterrupt:
        raise
    except _TooMany:
        return Unpicklable(path="", type="")
    except BaseException as again:
        if type(again) is not type(error) and not {type(again), type(error)} <= _ALIKE:
            return None
    way: list[object] = replay.way
    try:
        path, found = called, exc
        for step, value in zip(_steps(way, replay.reduced), way[1:], strict=True):
            path, found = path + step, value if step else found
    except Exception:  # foreign objects, asked for their parts
        return None
    itself: tuple[object, ...] = (exc, type(exc))
    if any(found is part for part in itself):
        return None
    return Unpicklable(path=path, type=fields.type_name(type(found)), module=_module_of(found))


def _module_of(value: object) -> str:
    if isinstance(value, (type, FunctionType)):
        return str(value.__module__)
    return fields.module_of(type(value)) or ""


class _TooMany(Exception):
    """The value that cannot be pickled lies further than anybody wants to wait for."""


class _RecordingPickler:
    """Keeps the objects that were being saved when the last error was raised, outermost first."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.way: list[object] = []
        self.reduced: dict[int, tuple[object, object]] = {}
        """By the id of an object on the way: the function and the state that its reducer gave."""
        self._open: list[object] = []
        self._saved = 0
        self._error: BaseException | None = None

    def save(self, obj: object, *args: object, **kwargs: object) -> object:
        self._open.append(obj)
        self._saved += 1
        if self._saved > _MOST_SAVED:
            raise _TooMany
        try:
            # the pickler's, mixed in
            return super().save(obj, *args, **kwargs)  # type: ignore[misc]
        except BaseException as error:
            if error is not self._error:
                self._error, self.way = error, list(self._open)
            raise
        finally:
            self._open.pop()

    def save_reduce(
        self, func: object, args: object, state: object = None, *rest: object, **more: object
    ) -> object:
        self.reduced[id(self._open[-1])] = (func, state)
        # as above
        return super().save_reduce(func, args, state, *rest, **more)  # type: ignore[misc]


def _steps(way: list[object], reduced: dict[int, tuple[object, object]]) -> Iterator[str]:
    """How one writes the way from the exception to the value: attributes, indexes, keys."""
    owner: object = way[0]
    # what the last object on the way is: an object, its arguments, its state, or plain data
    within = "object"
    for parent, child in itertools.pairwise(way):
        if id(parent) in reduced and within not in ("arguments", "state"):
            owner = parent
            func, state = reduced[id(parent)]
            if child is state:
                within = "state"
                yield ""
            elif child is func:
                within = "object"
                yield (
                    ".__class__"
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
    """An argument of the call that makes the object again; what it is to the object, if that can be
    seen."""
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
    if isinstance(parent, dict):
        return f"[{show(describe_value(_key_of(parent, child)))}]"
    if isinstance(parent, (list, tuple, set, frozenset, deque)):
        return f"[{_position(parent, child)}]"
    return ""


def _key_of(parent: dict[object, object], child: object) -> object:
    return next((key for key, value in dict.items(parent) if value is child or key is child), "?")


def _position(parent: Any, child: object) -> int:
    return next((position for position, value in enumerate(parent) if value is child), 0)
