"""Undoes what pickling does to an exception, and to all that it holds.

A ``__reduce__`` may write: what ``BaseException.__reduce__`` gives as state is the ``__dict__``
itself, and psycopg's error takes its handle out of that. The test goes on with the exception, and
other trips are made of it.

What was read from a stream stays with whoever has read it, because nobody can read it again:
requests reads the rest of a response when that is pickled.
"""

from __future__ import annotations

import collections
import contextlib
import copyreg
import io
import types
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from pytest_portable_errors.receiver import fields
from pytest_portable_errors.sender.extent import Held

_CONTAINERS = (
    *(dict, list, set, bytearray),
    *(collections.OrderedDict, collections.defaultdict, collections.deque),
)
_UNSET = object()
_EXCEPTION_FIELDS = ("args", "__cause__", "__context__", "__suppress_context__")


@contextlib.contextmanager
def unchanged(held: Held, *, always: bool = False) -> Iterator[None]:
    """Undo, after the block, what pickling in it has changed in an exception or what it holds.

    Nothing is kept, and nothing undone, if Python's own code alone pickles all of them.

    Args:
        held: The exception, or any other value, and what it holds.
        always: Whether code of others runs that may write, whatever the classes are.
    """
    may_change = always or _runs_foreign_code(held.objects)
    changes = list(_snapshots(held.objects)) if may_change else []
    streams = {
        id(value): _state_of(value)
        for value in (held.objects if changes else ())
        if issubclass(type(value), io.IOBase)  # not isinstance, which asks the value's __class__
    }
    try:
        yield
    finally:
        read = {
            id(value)
            for value in held.objects
            if id(value) in streams
            if _state_of(value) != streams[id(value)]
        }
        for value, restore in changes:
            if not (read and _is_or_holds(value, read)):
                restore()


def _state_of(stream: Any) -> tuple[bool, dict[object, object]]:
    """What shows whether a stream was read from."""
    try:
        is_closed = stream.closed
    except Exception:  # foreign code
        is_closed = True
    plain = {
        name: value
        for name, value in (fields.own_dict(stream) or {}).items()
        if type(value) in (int, bool, bytes)
    }
    return is_closed, plain


def _is_or_holds(value: object, streams: set[int]) -> bool:
    # The garbage collector gives the __dict__ of an object as an object of its own.
    held = value if type(value) is dict else fields.own_dict(value) or {}
    return id(value) in streams or not streams.isdisjoint(map(id, held.values()))


def _runs_foreign_code(objects: Iterable[object]) -> bool:
    """Whether the class of one of these objects has a say in how it is pickled."""
    # By their ids: a metaclass may refuse to be hashed.
    classes = {id(type(value)): type(value) for value in objects}
    registered = set(map(id, copyreg.dispatch_table))
    return not registered.isdisjoint(classes) or any(map(fields.has_own_protocol, classes.values()))


def _snapshots(objects: Iterable[object]) -> Iterator[tuple[object, Callable[[], None]]]:
    """Each object, and what undoes what has changed in it."""
    members: dict[int, list[Any]] = {}  # by their classes' ids
    for value in objects:
        if type(value) in _CONTAINERS:
            yield value, _container_restorer(value)
        elif not issubclass(type(value), type):  # the __dict__ of a class is not to be written to
            yield value, _dict_restorer(value)
            if id(type(value)) not in members:
                members[id(type(value))] = _members(type(value))
            for member in members[id(type(value))]:
                yield value, _member_restorer(value, member)
            if issubclass(type(value), BaseException):
                yield value, _fields_restorer(value)


def _container_restorer(container: Any) -> Callable[[], None]:
    before = container.copy()

    def restore() -> None:
        if _same_items(before, container):
            return
        container.clear()
        (container.update if isinstance(container, (dict, set)) else container.extend)(before)

    return restore


def _dict_restorer(value: object) -> Callable[[], None]:
    stored = fields.own_dict(value)
    before = dict(stored or {})

    def restore() -> None:
        now = fields.own_dict(value) if stored is None else stored
        if now is not None and not _same_items(before, now):
            now.clear()
            now.update(before)

    return restore


def _members(cls: type) -> list[Any]:
    """The descriptors of slots, and of what C types keep as members: ``OSError.errno``."""
    return [
        descriptor
        for owner in fields.mro_of(cls)
        if owner is not BaseException  # see _fields_restorer
        for name, descriptor in fields.class_dict(owner).items()
        if type(descriptor) is types.MemberDescriptorType and not name.startswith("__")
    ]


def _member_restorer(value: object, member: Any) -> Callable[[], None]:
    def held() -> object:
        try:
            return member.__get__(value)
        except AttributeError:
            return _UNSET

    before = held()

    def restore() -> None:
        if held() is before:
            return
        with contextlib.suppress(AttributeError, TypeError):  # some of C types are read-only
            if before is _UNSET:
                member.__delete__(value)
            else:
                member.__set__(value, before)

    return restore


def _fields_restorer(value: Any) -> Callable[[], None]:
    before = {name: fields.base_field(value, name) for name in _EXCEPTION_FIELDS}

    def restore() -> None:
        # The flag is last, because setting a cause sets it.
        if any(fields.base_field(value, name) is not before[name] for name in before):
            for name, was in before.items():
                vars(BaseException)[name].__set__(value, was)

    return restore


def _same_items(before: Any, now: Any) -> bool:
    """Whether two containers of one type hold the very same objects; no ``__eq__`` is called."""
    if isinstance(before, dict):
        return list(map(id, before)) == list(map(id, now)) and all(
            value is was for value, was in zip(now.values(), before.values(), strict=True)
        )
    return before == now if isinstance(before, bytearray) else _ids(before) == _ids(now)


def _ids(items: Iterable[object]) -> list[int]:
    return list(map(id, items))
