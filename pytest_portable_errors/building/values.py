"""Values for the parameters of constructors, suggested by annotation, default and name.

Each value is distinct, not empty, named after its parameter, and the same in every process. Its
class is one that every receiver has, unless the annotation names another.
"""

from __future__ import annotations

import enum
import functools
import io
import pickle
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pytest_portable_errors.building import http_messages
from pytest_portable_errors.building.annotations import by_annotation, husk, travels
from pytest_portable_errors.building.hints import UNKNOWN, members

Values = Mapping[str, Callable[[], object]]
"""Name of a parameter, or of an annotated type -> factory of values for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstructorParameter:
    """A parameter of an exception class's constructor."""

    name: str
    hint: object
    """Its annotation, resolved; UNKNOWN if there is none."""
    default: object
    """``Parameter.empty`` if it is required."""
    number: int
    """Its place from 0, which makes numbers distinct."""
    owner: type
    """The exception class."""


def best(parameter: ConstructorParameter, values: Values) -> object:
    """The value that is most like those in production.

    In this order: what ``values`` has, what the annotation asks for (but the other bool where the
    default is one), what an HTTP library's exceptions carry, what the default suggests, and what
    the name suggests.

    Args:
        parameter: The parameter.
        values: Values that are known for the class's library; {} if none are.
    """
    types = (parameter.hint, *members(parameter.hint)[:1])
    for key in (parameter.name, *(getattr(hint, "__name__", "") for hint in types)):
        if key in values:
            return values[key]()
    value = by_annotation(parameter.name, parameter.hint, parameter.number)
    if value is not UNKNOWN:
        return not parameter.default if isinstance(parameter.default, bool) else value
    value = http_messages.named(parameter.name, parameter.owner)
    if value is not None:
        return value
    value = _like_default(parameter)
    return by_name(parameter.name, parameter.number) if value is UNKNOWN else value


class Remade:
    """Makes a value again and again, a new object each time.

    To make one and to try whether it travels takes a hundred times as long as to load it again.
    """

    def __init__(self, make: Callable[[], object]) -> None:
        self._make = make
        self._is_first = True
        self._payload: bytes | None = None  # None: pickle does not give it back

    def __call__(self) -> object:
        """Return a new value."""
        if self._payload is not None:
            return pickle.loads(self._payload)
        value = self._make()
        if self._is_first and travels(value):
            self._payload = pickle.dumps(value)
        self._is_first = False
        return value


def others(parameter: ConstructorParameter) -> Iterator[Callable[[], object]]:
    """Factories of the values to try when ``best`` is refused, the likeliest first."""
    for member in members(parameter.hint)[1:]:
        yield functools.partial(_of_member, parameter, member)
    for factory in LADDER:
        yield functools.partial(factory, parameter.name, parameter.number)
    yield lambda: _or_text(husk(parameter.hint), parameter.name)


def _of_member(parameter: ConstructorParameter, member: object) -> object:
    value = by_annotation(parameter.name, member, parameter.number)
    return _or_text(value, parameter.name)


def by_name(name: str, number: int) -> object:
    """What a parameter or attribute of this name usually holds; a text if nothing is known of it.

    ``number`` makes numbers distinct.
    """
    for pattern, make in _BY_NAME:
        if pattern.fullmatch(name.lower()):
            return make(name, number)
    return text(name, number)


def text(name: str, _: int) -> object:
    """A text with the name in it."""
    return f"{name}-text"


def stub(name: str, _: int) -> object:
    """An object with some attributes, of a class that every receiver has."""
    return types.SimpleNamespace(
        name=f"{name}-name",
        text=f"{name}-text",
        status_code=418,
        headers={f"{name}-key": "stub-value"},
    )


def _like_default(parameter: ConstructorParameter) -> object:
    """Another value of the default's type; UNKNOWN where the default tells no type."""
    default = parameter.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, enum.Enum):
        others_of_enum = [member for member in type(default) if member is not default]
        return others_of_enum[parameter.number % len(others_of_enum)] if others_of_enum else default
    if type(default) in (int, float, bytes, list, tuple, dict, set):
        return by_annotation(parameter.name, type(default), parameter.number)
    return UNKNOWN


def _or_text(value: object, name: str) -> object:
    return f"{name}-text" if value is UNKNOWN else value


def _number(_: str, number: int) -> object:
    return 1001 + number


def _exception(name: str, _: int) -> object:
    return ValueError(f"{name}-text")


_BY_NAME: tuple[tuple[re.Pattern[str], Callable[[str, int], object]], ...] = tuple(
    (re.compile(pattern), make)
    for pattern, make in (
        (r"(.*_)?(status|status_?code)|code", lambda *_: 429),
        (r"errors", lambda *_: [{"field": "errors-field", "message": "errors-text"}]),
        (r"(.*_)?exc_info", lambda name, _: (ValueError, ValueError(f"{name}-text"), None)),
        (r"(.*_)?headers", lambda *_: {"retry-after": "7"}),
        (r"fp", lambda *_: io.BytesIO(b"body-text")),  # urllib's HTTPError closes it at its end
        (r"(.*_)?(cause|exception|exc|error|err)", _exception),
        (
            r"(.*_)?(exceptions|excs|causes)",
            lambda name, _: [ValueError(f"{name}-text"), LookupError(f"{name}-text-2")],
        ),
        (
            (
                r"(.*_)?(errno|port|lineno|line_?number|column|col_?no|offset|position|pos|index"
                r"|count|.*size|length|limit)"
            ),
            _number,
        ),
        (
            r"(.*_)?(retries|attempts?|timeout|seconds|retry_after|delay|n|num)|(max|min|num)_.*",
            _number,
        ),
        (r"(is|has)_.*", lambda *_: True),
    )
)

LADDER: tuple[Callable[[str, int], object], ...] = (
    text,
    stub,
    _exception,
    _number,
    lambda name, _: {f"{name}-key": f"{name}-text"},
    lambda name, _: [f"{name}-text"],
    lambda name, _: f"{name}-bytes".encode(),
    lambda *_: ValueError,
)
"""Factories of values of different kinds, for a parameter of which nothing is known; the likeliest
kind first."""
