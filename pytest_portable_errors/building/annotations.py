"""Makes values for annotations, distinct and named after their parameter.

Every value is of the standard library, or of the class that the annotation names. Values are
pickled and loaded before they are used: one that does not survive that would fail the trip itself.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import fractions
import html
import ipaddress
import logging
import os
import pathlib
import pickle
import posixpath
import re
import shlex
import textwrap
import types
import typing
import uuid
from collections import abc
from collections.abc import Callable

from pytest_portable_errors.building import http_messages
from pytest_portable_errors.building.hints import UNKNOWN, hints_of, is_qualifier, members
from pytest_portable_errors.diagnosis.class_source import signature
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.values import describe_value

_DEEPEST = 4  # annotations inside one another
# Values of these types are made of parts that were tried already, and need no trial of their own.
_TRAVELLING = (type(None), bool, int, float, str, bytes, list, dict, tuple, set)
_FUNCTIONS = (
    textwrap.dedent,
    shlex.quote,
    html.escape,
    posixpath.basename,
    os.path.normcase,
    textwrap.indent,
)


def by_annotation(name: str, hint: object, number: int, depth: int = 0) -> object:
    """Make a value for an annotation.

    Args:
        name: Name of the parameter or attribute, which texts have in them.
        hint: The annotation, resolved.
        number: Makes numbers distinct.
        depth: How many annotations are around this one.

    Returns:
        UNKNOWN where the annotation does not tell, or pickle would not give such a value back.
    """
    if depth > _DEEPEST:
        return UNKNOWN
    try:
        value = _value(name, hint, number, depth)
    except Exception:  # classes are foreign code, and so are their metaclasses
        return UNKNOWN
    return value if value is UNKNOWN or type(value) in _TRAVELLING or travels(value) else UNKNOWN


def travels(value: object) -> bool:
    """Whether pickle gives a value back as it was."""
    try:
        loaded = pickle.loads(pickle.dumps(value))
    except Exception:  # foreign code
        return False
    return canonical(describe_value(loaded)) == canonical(describe_value(value))


def _value(name: str, hint: object, number: int, depth: int) -> object:
    hint = members(hint)[0] if members(hint) else type(None)
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is typing.Literal:
        return inner[number % len(inner)]
    if is_qualifier(origin):
        return _value(name, inner[0], number, depth)
    if isinstance(hint, typing.TypeVar):
        bound = (hint.__constraints__ or (hint.__bound__,))[0]
        return UNKNOWN if bound is None else by_annotation(name, bound, number, depth + 1)
    if hasattr(hint, "__supertype__"):  # NewType
        return by_annotation(name, hint.__supertype__, number, depth + 1)
    plain = origin or hint
    if plain in (abc.Callable, types.FunctionType, types.BuiltinFunctionType):
        return _FUNCTIONS[number % len(_FUNCTIONS)]
    if plain is type:
        return (
            inner[0]
            if inner and isinstance(inner[0], type)
            else (ValueError, LookupError, OSError)[number % 3]
        )
    if not isinstance(plain, type) or plain is object:
        return UNKNOWN

    def part(hint: object, suffix: str) -> object:
        return field(f"{name}-{suffix}", hint, number, depth)

    if plain in _PLAIN and not (inner and issubclass(plain, abc.Collection)):
        return _PLAIN[plain](name, number)
    return _collection(plain, inner, part) if inner else _of_class(plain, name, number, depth)


def _collection(
    plain: type, inner: tuple[object, ...], part: Callable[[object, str], object]
) -> object:
    if issubclass(plain, tuple) and not (len(inner) == 2 and inner[1] is Ellipsis):
        return tuple(part(hint, f"item-{place}") for place, hint in enumerate(inner, 1))
    if issubclass(plain, abc.Mapping) and len(inner) == 2:
        pair = {part(inner[0], "key"): part(inner[1], "value")}
        return collections.OrderedDict(pair) if plain is collections.OrderedDict else pair
    if issubclass(plain, (abc.Iterable, abc.Container)) and not issubclass(plain, abc.Generator):
        first, second = part(inner[0], "item"), part(inner[0], "item-2")
        content = [first] if isinstance(first, dict) or first == second else [first, second]
        if issubclass(plain, abc.Set):
            # One element: the order of a set's elements differs between processes (hash seed).
            return (frozenset if plain is frozenset else set)(content[:1])
        return plain(content) if plain in (tuple, collections.deque) else content
    return UNKNOWN


def _of_class(cls: type, name: str, number: int, depth: int) -> object:
    if cls in _PLAIN:  # with arguments, and no collection: PathLike[str]
        return _PLAIN[cls](name, number)
    if http_messages.makes(cls):
        return http_messages.make(cls)
    # A TypedDict of typing, or of typing_extensions.
    if typing.is_typeddict(cls) or (issubclass(cls, dict) and hasattr(cls, "__required_keys__")):
        return {
            key: field(key, hint, place, depth)
            for place, (key, hint) in enumerate(hints_of(cls).items())
        }
    if issubclass(cls, enum.Enum):
        return list(cls)[number % len(cls)] if len(cls) else UNKNOWN
    if issubclass(cls, BaseException):
        return _exception(cls, name)
    if _is_record(cls):
        return _record(cls, depth)
    return UNKNOWN


def _exception(cls: type, name: str) -> BaseException:
    """An exception that survives pickle: of the class or the nearest base that takes a text."""
    for base in cls.__mro__:
        if issubclass(base, BaseException):
            try:
                exc = base(f"{name}-text")
            except Exception:  # foreign code
                continue
            if base not in (BaseException, Exception) and type(exc) is base and travels(exc):
                return exc
    return ValueError(f"{name}-text")


def field(name: str, hint: object, number: int, depth: int) -> object:
    """A value for a part of another value: by its annotation, or else a text."""
    value = by_annotation(name, hint, number, depth + 1)
    return f"{name}-text" if value is UNKNOWN else value


def _is_record(cls: type) -> bool:
    """Whether making one only fills fields: dataclass, named tuple, attrs, Pydantic, msgspec."""
    marks = ("__attrs_attrs__", "model_fields", "__fields__", "__struct_fields__")
    return (
        dataclasses.is_dataclass(cls)
        or (issubclass(cls, tuple) and hasattr(cls, "_fields"))
        or any(hasattr(cls, m) for m in marks)
    )


def _record(cls: type, depth: int) -> object:
    try:
        hints = {**hints_of(cls), **hints_of(getattr(cls, "__init__", None))}
        own_signature = signature(cls)
        if own_signature is None:
            return UNKNOWN
        required = [
            p
            for p in own_signature.parameters.values()
            if p.default is p.empty and p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)
        ]
        arguments = {
            p.name: field(p.name, hints.get(p.name), place, depth)
            for place, p in enumerate(required)
        }
        positional = [p.name for p in required if p.kind is p.POSITIONAL_ONLY]
        return cls(*(arguments.pop(name) for name in positional), **arguments)
    except Exception:  # it validates its fields, and takes only certain values
        return UNKNOWN


def _text(name: str, _: int) -> object:
    return f"{name}-text"


def _texts(name: str, _: int) -> object:
    return [f"{name}-text"]


def _mapping(name: str, _: int) -> object:
    return {f"{name}-key": f"{name}-text"}


def _moment(_: str, number: int) -> object:
    return datetime.datetime(2031, 1, 2, 3, 4, number % 60, tzinfo=datetime.timezone.utc)


def is_status(name: str) -> bool:
    """Whether a number of this name is an HTTP status."""
    return name.endswith(("status", "status_code", "statuscode"))


_PLAIN: dict[type, Callable[[str, int], object]] = {
    type(None): lambda *_: None,
    str: _text,
    bool: lambda *_: True,
    int: lambda name, number: 429 if is_status(name) else 1001 + number,
    float: lambda _, number: 1001.5 + number,
    complex: lambda _, number: complex(1001, number),
    bytes: lambda name, _: f"{name}-bytes".encode(),
    bytearray: lambda name, _: bytearray(f"{name}-bytes".encode()),
    list: _texts,
    tuple: lambda name, _: (f"{name}-text",),
    dict: _mapping,
    set: lambda name, _: {f"{name}-text"},
    frozenset: lambda name, _: frozenset({f"{name}-text"}),
    collections.deque: lambda name, _: collections.deque([f"{name}-text"]),
    collections.OrderedDict: lambda name, _: collections.OrderedDict(
        {f"{name}-key": f"{name}-text"}
    ),
    abc.Mapping: _mapping,
    abc.MutableMapping: _mapping,
    abc.Sequence: _texts,
    abc.MutableSequence: _texts,
    abc.Collection: _texts,
    abc.Iterable: _texts,
    abc.Container: _texts,
    abc.Set: lambda name, _: {f"{name}-text"},
    abc.Hashable: _text,
    abc.Sized: _text,
    datetime.datetime: _moment,
    datetime.date: lambda _, number: datetime.date(2031, 1, 1 + number % 28),
    datetime.time: lambda _, number: datetime.time(3, 4, number % 60),
    datetime.timedelta: lambda _, number: datetime.timedelta(seconds=1001 + number),
    datetime.tzinfo: lambda *_: datetime.timezone.utc,
    decimal.Decimal: lambda _, number: decimal.Decimal(1001 + number) / 2,
    fractions.Fraction: lambda _, number: fractions.Fraction(1001 + number, 2),
    uuid.UUID: lambda _, number: uuid.UUID(int=1001 + number),
    pathlib.Path: lambda name, _: pathlib.Path(f"{name}-text"),
    pathlib.PurePath: lambda name, _: pathlib.PurePath(f"{name}-text"),
    os.PathLike: lambda name, _: pathlib.PurePath(f"{name}-text"),
    re.Pattern: lambda name, _: re.compile(f"{name}-text"),
    # 192.0.2.0/24, a block of addresses for documentation: RFC 5737.
    ipaddress.IPv4Address: lambda _, number: ipaddress.IPv4Address(0xC0000200 + number % 256),
    logging.Logger: lambda name, _: logging.getLogger(f"{name}-text"),
    types.TracebackType: lambda *_: None,  # pickle carries none, and no author expects that
    types.SimpleNamespace: lambda name, _: types.SimpleNamespace(name=f"{name}-text"),
}


def husk(hint: object) -> object:
    """An instance of an annotated class whose constructor was not called.

    The constructor may connect, start or write something. The instance has the attributes that the
    class annotates.

    Returns:
        UNKNOWN if the annotation is no class, or a builtin or exception, or pickle would not give
        the instance back.
    """
    cls = typing.get_origin(members(hint)[0]) or members(hint)[0] if members(hint) else None
    if not isinstance(cls, type) or cls.__module__ == "builtins" or issubclass(cls, BaseException):
        return UNKNOWN
    try:
        instance = cls.__new__(cls)
        for place, (attribute, kind) in enumerate(hints_of(cls).items()):
            if not hasattr(instance, attribute):
                object.__setattr__(instance, attribute, field(attribute, kind, place, 2))
    except Exception:  # abstract, or of C
        return UNKNOWN
    return instance if travels(instance) else UNKNOWN
