"""Reads the values of ini keys, and validates their types.

A wrong value is a usage error that names key, value and file, and what the value may be. Under
``[tool.pytest]`` (pytest 9) TOML gives values of its own types; under
``[tool.pytest.ini_options]`` and in ini files all are strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest


class Ini:
    """The plugin's keys in the ini file of a run, or in ``-o`` on the command line.

    A key that is not set has the default that ``option_specs.py`` declares.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @property
    def folder(self) -> Path:
        """The ini file's folder, where its relative paths start; rootdir if there is no file."""
        return (
            self._config.rootpath if self._config.inipath is None else self._config.inipath.parent
        )

    def origin(self, key: str) -> str:
        """Key and file for a message: ``portable_errors_timeout (pytest.ini)``."""
        return f"{key} ({self._place(key)})"

    def text(
        self, key: str, *, expected: str, same: Mapping[str, str] = MappingProxyType({})
    ) -> str:
        """A key that holds a string; empty if it is not set.

        Args:
            key: The key.
            expected: What it may hold, for the error's text.
            same: See ``choice``.

        Raises:
            pytest.UsageError: It holds something else.
        """
        raw = str(self._raw(key)).lower()
        if raw in same:
            return same[raw]
        value = self.value(key, expected=expected)
        if not isinstance(value, str):
            raise self.wrong(key, value, expected)
        return value

    def lines(self, key: str, *, expected: str) -> tuple[str, ...]:
        """A key that holds a list of strings; () if it is not set.

        Args:
            key: The key.
            expected: What it may hold, for the error's text.

        Raises:
            pytest.UsageError: It holds something else.
        """
        values = self.value(key, expected=expected) or ()
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(key, value, expected)
        return tuple(values)

    def names(self, key: str, allowed: Callable[[], Iterable[str]]) -> tuple[str, ...]:
        """A key that holds a list of names; () if it is not set.

        Args:
            key: The key.
            allowed: Gives the names that are allowed; called only if the key is set.

        Raises:
            pytest.UsageError: It holds something else, or a name that is not allowed.
        """
        values = self.lines(key, expected="a list of names")
        if values:
            known(self.origin(key), values, allowed())
        return values

    def choice(
        self,
        key: str,
        allowed: Iterable[str],
        *,
        default: str,
        same: Mapping[str, str] = MappingProxyType({}),
    ) -> str:
        """A key that holds one of several words.

        Args:
            key: The key.
            allowed: The words.
            default: The result if the key is not set.
            same: Further words, or the names of TOML's own values in small letters, and the words
                that they stand for.

        Raises:
            pytest.UsageError: It holds something else.
        """
        choices = tuple(allowed)
        value = self.text(key, expected=f"one of {', '.join(choices)}", same=same) or default
        known(self.origin(key), (value,), choices)
        return value

    def flag(self, key: str, *, default: bool = False) -> bool:
        """A key that is true or false; ``default`` if it is not set.

        Raises:
            pytest.UsageError: It holds something else.
        """
        same = {"true": "true", "1": "true", "yes": "true", "on": "true"}
        same |= {"false": "false", "0": "false", "no": "false", "off": "false"}
        unset = "true" if default else "false"
        return self.choice(key, ("true", "false"), default=unset, same=same) == "true"

    def seconds(self, key: str, *, default: float) -> float:
        """A key that holds a number of seconds, more than 0 and finite.

        Args:
            key: The key.
            default: The result in seconds if the key is not set.

        Raises:
            pytest.UsageError: It holds something else.
        """
        value = self.value(key, expected="seconds, e.g. 5")
        if value == "":
            return default
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0  # refused below, with the text as it stands in the file
        if not 0 < seconds < float("inf"):
            raise self.wrong(key, value, "seconds, e.g. 5")
        return seconds

    def whole(self, key: str, *, most: int, default: int) -> int:
        """A key that holds a whole number of 1 or more.

        Args:
            key: The key.
            most: The greatest that is allowed.
            default: The result if the key is not set.

        Raises:
            pytest.UsageError: It holds something else.
        """
        expected = f"a whole number, 1 to {most}"
        value = self.value(key, expected=expected)
        if value == "":
            return default
        try:
            number = float(value)
        except ValueError:
            number = 0.0  # refused below, with the text as it stands in the file
        if number not in range(1, most + 1):
            raise self.wrong(key, value, expected)
        return int(number)

    def value(self, key: str, *, expected: str) -> Any:
        """What pytest reads for a key, of the type that its declaration and the file lead to.

        Args:
            key: The key.
            expected: What it may hold, for the error's text.

        Raises:
            pytest.UsageError: pytest cannot convert it.
        """
        try:
            return self._config.getini(key)
        # These come from pytest's own conversion, whose message does not name key and file.
        except (TypeError, ValueError, pytest.UsageError) as error:
            raise self.wrong(key, self._raw(key), expected) from error

    def _raw(self, key: str) -> object:
        """What the file holds for a key, or ``-o``, before pytest converts it; None if nothing."""
        # vars(), because pytest 9 warns of the attribute ``inicfg``. It keeps objects there, whose
        # ``value`` is what the file holds; before, that was kept as it is. ``-o`` is no part of it
        # in older versions.
        for entry in reversed(self._config.getoption("override_ini") or ()):
            name, equals, value = entry.partition("=")
            if name == key and equals:
                return value
        attributes = vars(self._config)
        found = (attributes.get("_inicfg") or attributes.get("inicfg") or {}).get(key)
        return getattr(found, "value", found)

    def wrong(self, key: str, value: object, expected: str) -> pytest.UsageError:
        """Make the error for a value that a key cannot have; the caller raises it."""
        return pytest.UsageError(f'{key} = "{value}" ({self._place(key)}): expected {expected}')

    def _place(self, key: str) -> str:
        """Where a key is set: ``-o``, or the ini file's name."""
        if any(
            entry.partition("=")[0] == key for entry in self._config.getoption("override_ini") or ()
        ):
            return "-o"
        return self._config.inipath.name if self._config.inipath is not None else "ini"


def known(origin: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    """Check that names are among those allowed.

    Args:
        origin: Where the names come from, for the error's text.
        values: The names.
        allowed: All names that are allowed, in the order in which the error's text lists them.

    Raises:
        pytest.UsageError: One is not among them.
    """
    names = list(allowed)
    for value in values:
        if value not in names:
            raise pytest.UsageError(
                f'{origin}: unknown "{value}": expected one of {", ".join(names)}'
            )
