"""Values to call a constructor with: what a parameter's annotation, default and name suggest, and
what else can be tried.

Each value is distinct, not empty and named after its parameter, the same in every process, and of a
class that every receiver has.
"""

from __future__ import annotations

import enum
import functools
import re
import types
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from pytest_portable_errors.survey import http_messages
from pytest_portable_errors.survey.annotations import by_annotation, husk
from pytest_portable_errors.survey.hints import UNKNOWN, members

Values = Mapping[str, Callable[[], object]]
"""Factories of values, by parameter name or by the name of an annotated type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A parameter of an exception class's constructor."""

    name: str
    hint: object
    """Its annotation, resolved; UNKNOWN if there is none."""
    default: object
    """``Parameter.empty`` if it is required."""
    number: int
    """Its place, which makes numbers distinct."""
    owner: type
    """The exception class."""


def best(wanted: Wanted, values: Values) -> object:
    """What is most like in production: the value given for it, what the annotation says, what
    default and name suggest."""
    for key in (
        wanted.name,
        *(getattr(hint, "__name__", "") for hint in (wanted.hint, *members(wanted.hint)[:1])),
    ):
        if key in values:
            return values[key]()
    made = by_annotation(wanted.name, wanted.hint, wanted.number)
    if made is not UNKNOWN:
        return not wanted.default if isinstance(wanted.default, bool) else made
    made = http_messages.named(wanted.name, wanted.owner)
    if made is not None:
        return made
    made = _like_default(wanted)
    return by_name(wanted.name, wanted.number) if made is UNKNOWN else made


def others(wanted: Wanted) -> Iterator[Callable[[], object]]:
    """What else to try, the likeliest first."""
    for part in members(wanted.hint)[1:]:
        yield functools.partial(_of_part, wanted, part)
    for rung in LADDER:
        yield functools.partial(rung, wanted.name, wanted.number)
    yield lambda: _or_text(husk(wanted.hint), wanted.name)


def _of_part(wanted: Wanted, part: object) -> object:
    return _or_text(by_annotation(wanted.name, part, wanted.number), wanted.name)


def by_name(name: str, number: int) -> object:
    """What a parameter or attribute of this name usually holds."""
    for pattern, make in _BY_NAME:
        if pattern.fullmatch(name.lower()):
            return make(name, number)
    return text(name, number)


def text(name: str, _: int) -> object:
    return f"{name}-text"


def stub(name: str, _: int) -> object:
    """An object with some attributes, of a class that every receiver has."""
    return types.SimpleNamespace(
        name=f"{name}-name",
        text=f"{name}-text",
        status_code=418,
        headers={f"{name}-key": "stub-value"},
    )


def _like_default(wanted: Wanted) -> object:
    """Of the default's type, and another value. UNKNOWN where the default tells no type."""
    default = wanted.default
    if isinstance(default, bool):
        return not default
    if isinstance(default, enum.Enum):
        rest = [member for member in type(default) if member is not default]
        return rest[wanted.number % len(rest)] if rest else default
    if type(default) in (int, float, bytes, list, tuple, dict, set):
        return by_annotation(wanted.name, type(default), wanted.number)
    return UNKNOWN


def _or_text(made: object, name: str) -> object:
    return f"{name}-text" if made is UNKNOWN else made


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
