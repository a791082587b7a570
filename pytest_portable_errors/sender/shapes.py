"""What makes two exceptions alike: everything but their texts and numbers.

A repository raises the same few kinds of error hundreds of times. Unpickling calls their classes with values of the same types at the same
places, so that they will fare alike.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, NamedTuple

from pytest_portable_errors.diagnosis.secrets import secrets_in
from pytest_portable_errors.receiver import fields

_MOST = 20  # entries of a container; what holds more is looked at itself
_DEEPEST = 4
_LONGEST = 1_000  # characters


class Identity(NamedTuple):
    """Which class it is, told without its metaclass: that may have a ``__hash__`` and ``__eq__`` of its own."""

    name: str
    address: int
    """Its ``id``."""


def identity_of(cls: type) -> Identity:
    """Equal for one class alone, as long as that can be imported."""
    return Identity(fields.type_name(cls), id(cls))


class _NoShape(Exception):
    """There is something about it that only the trip can tell."""


def shape_of(exc: BaseException) -> Hashable | None:
    """Equal for exceptions that differ in texts and numbers alone. None for one that has to travel whatever others did.

    That is so if it holds anything but plain data, is a group, or may hold a credential. Empty is another shape than not empty, and 0
    another than 1: code asks for that.
    """
    cls = type(exc)
    try:
        if fields.members_of(exc) is not None or not fields.is_importable(cls):  # a local class must not be kept, nor mistaken for another
            return None
        stored = (_shape(fields.base_field(exc, "args"), 0), _shape(fields.attributes_of(exc), 0))
        notes = _shape(fields.dict_of(exc).get("__notes__"), 0)
        links = tuple(_link(fields.base_field(exc, name)) for name in ("__cause__", "__context__"))
        return (identity_of(cls), *stored, notes, links, fields.base_field(exc, "__suppress_context__"))
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
