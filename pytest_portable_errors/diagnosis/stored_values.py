"""Turns the values of a stored payload into plain data of bounded size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.pickle_paths import built_class
from pytest_portable_errors.diagnosis.printable import start_of

_DEPTH = 12  # levels of containers and calls that are shown
_ITEMS = 100  # items of a container that are shown
_LONGEST_TEXT = 2_000  # characters, or bytes, of a text that are shown


def state_of(call: Call) -> Iterator[tuple[object, Any]]:
    """Names and values of the state that loads would restore; a state of two dicts has both."""
    for part in call.state if isinstance(call.state, tuple) else (call.state,):
        if isinstance(part, Pairs):
            yield from part


def text_of(value: object) -> str:
    """What ``str()`` would give of a value, as far as that is known without its class; cut."""
    plain = plain_value(value)
    return (
        plain
        if isinstance(plain, str)
        else cut(repr(tuple(plain) if isinstance(value, tuple) else plain))
    )


def plain_value(value: object, depth: int = 0) -> Any:
    """A value of a payload as plain data for JSON, bounded in depth, items and length.

    Args:
        value: What ``pickle_reader.read`` gives as a root, or a part of that.
        depth: How many levels above the value were turned into plain data already.

    Returns:
        None, a bool, number or text; a list, also for tuples and sets; a dict. An object is a dict
        with the function that makes it under ``<made by>``, or that function alone where it lies
        too deep.
    """
    if value is None or isinstance(value, (bool, int, float)):
        return (
            value
            if not isinstance(value, int) or value.bit_length() < 4_000
            else f"<int of {value.bit_length()} bits>"
        )
    if isinstance(value, str):
        return cut(value)
    if isinstance(value, (bytes, bytearray)):
        shown = repr(bytes(value[:_LONGEST_TEXT]))
        return (
            cut(shown)
            if len(value) <= _LONGEST_TEXT
            else f"{shown[:_LONGEST_TEXT]}... ({len(value):,} bytes in all)"
        )
    if isinstance(value, (Global, Call)) and (depth >= _DEPTH or isinstance(value, Global)):
        return short_text(value)
    if depth >= _DEPTH:
        return "..."
    if isinstance(value, Pairs):
        return {_key_text(key): plain_value(item, depth + 1) for key, item in value[:_ITEMS]}
    if isinstance(value, (list, tuple)):
        return [plain_value(item, depth + 1) for item in value[:_ITEMS]]
    if isinstance(value, Call):
        return _plain_call(value, depth)
    return f"<{type(value).__name__}>"


def _plain_call(call: Call, depth: int) -> Any:
    parts: dict[str, object] = {"<made by>": short_text(call.function)}
    cls, args = built_class(call)
    if args:
        parts["<args>"] = [plain_value(item, depth + 1) for item in args[:_ITEMS]]
    if cls is not call.function:
        parts["<made by>"] = f"{short_text(call.function)} for {short_text(cls)}"
    for name, value in [*state_of(call), *call.pairs][:_ITEMS]:
        parts[_key_text(name)] = plain_value(value, depth + 1)
    if call.items:
        parts["<items>"] = [plain_value(item, depth + 1) for item in call.items[:_ITEMS]]
    return parts


def short_text(value: object) -> str:
    """A name, or a call without its arguments, as text: ``shop.errors.rebuild(...)``."""
    if isinstance(value, Call):
        return (
            f"{short_text(value.function)}(...)"
            if not isinstance(value.function, Call)
            else "...(...)"
        )
    return cut(str(value)) if isinstance(value, (Global, str)) else f"<{type(value).__name__}>"


def _key_text(key: object) -> str:
    """A key as text: JSON has no others."""
    return cut(key if isinstance(key, str) else repr(plain_value(key)))


def cut(text: str) -> str:
    """The first 2,000 characters of a text, and how many it has if that is more."""
    return start_of(text, _LONGEST_TEXT, f"... ({len(text):,} in all)")
