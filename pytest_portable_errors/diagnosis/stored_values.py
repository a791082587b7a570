"""Turns the values of a stored payload into plain data of bounded size."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.pickle_paths import built_class
from pytest_portable_errors.diagnosis.printable import start_of

_VALUES = 3_000  # values of one payload that are shown
_CHARACTERS = 200_000  # characters of all of its texts that are shown
_DEPTH = 12  # levels of containers and calls that are shown
_ITEMS = 100  # items of a container that are shown
_LONGEST_TEXT = 2_000  # characters, or bytes, of a text that are shown


def state_of(call: Call) -> Iterator[tuple[object, Any]]:
    """Names and values of the state that loads would restore; a state of two dicts has both."""
    for part in call.state if isinstance(call.state, tuple) else (call.state,):
        if isinstance(part, Pairs):
            yield from part


class PlainData:
    """Turns the values of one payload into plain data, as many as its budget has.

    A payload of some hundred bytes can hold a list a hundred times, which holds another a hundred
    times: it is small, and written out it would fill any disk.
    """

    def __init__(self) -> None:
        self._values_left, self._characters_left = _VALUES, _CHARACTERS
        self.is_cut = False
        """Whether anything was left out."""

    def text(self, value: object) -> str:
        """What ``str()`` would give of a value, as far as that is known without its class; cut."""
        plain = self.value(value)
        return (
            plain
            if isinstance(plain, str)
            else cut(repr(tuple(plain) if isinstance(value, tuple) else plain))
        )

    def value(self, value: object, depth: int = 0) -> Any:
        """A value of a payload as plain data for JSON, bounded in depth, number and length.

        Args:
            value: What ``pickle_reader.read`` gives as a root, or a part of that.
            depth: How many levels above the value were turned into plain data already.

        Returns:
            None, a bool, number or text; a list, also for tuples and sets; a dict. An
            object is a dict with the function that makes it under ``<made by>``, or that function
            alone where it lies too deep. Past the budget ``...``.
        """
        self._values_left -= 1
        if self._values_left < 0 or self._characters_left < 0:
            self.is_cut = True
            return "..."
        plain = self._value(value, depth)
        if isinstance(plain, str):
            self._characters_left -= len(plain)
        return plain

    def _value(self, value: object, depth: int) -> Any:
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
            self.is_cut = True
            return "..."
        if isinstance(value, Pairs):
            return {self._key(key): self.value(item, depth + 1) for key, item in self._of(value)}
        if isinstance(value, (list, tuple)):
            return [self.value(item, depth + 1) for item in self._of(value)]
        if isinstance(value, Call):
            return self._call(value, depth)
        return f"<{type(value).__name__}>"

    def _of(self, items: Sequence[Any]) -> Iterator[Any]:
        """The items of a container that are shown, as long as there is a budget."""
        for item in items[:_ITEMS]:
            if self._values_left < 0 or self._characters_left < 0:
                break
            yield item
        else:
            self.is_cut = self.is_cut or len(items) > _ITEMS
            return
        self.is_cut = True

    def _call(self, call: Call, depth: int) -> Any:
        parts: dict[str, object] = {"<made by>": short_text(call.function)}
        cls, args = built_class(call)
        if args:
            parts["<args>"] = [self.value(item, depth + 1) for item in self._of(args)]
        if cls is not call.function:
            parts["<made by>"] = f"{short_text(call.function)} for {short_text(cls)}"
        for name, value in self._of([*state_of(call), *call.pairs]):
            parts[self._key(name)] = self.value(value, depth + 1)
        if call.items:
            parts["<items>"] = [self.value(item, depth + 1) for item in self._of(call.items)]
        return parts

    def _key(self, key: object) -> str:
        """A key as text: JSON has no others."""
        return cut(key if isinstance(key, str) else repr(self.value(key)))


def short_text(value: object) -> str:
    """A name, or a call without its arguments, as text: ``shop.errors.rebuild(...)``."""
    if isinstance(value, Call):
        return (
            f"{short_text(value.function)}(...)"
            if not isinstance(value.function, Call)
            else "...(...)"
        )
    return cut(str(value)) if isinstance(value, (Global, str)) else f"<{type(value).__name__}>"


def cut(text: str) -> str:
    """The first 2,000 characters of a text, and how many it has if that is more."""
    return start_of(text, _LONGEST_TEXT, f"... ({len(text):,} in all)")
