"""Values of ini keys. What is wrong with one is a usage error that names key, value and file, and
what it may be.

Under ``[tool.pytest]`` (pytest 9) TOML gives its own types, under ``[tool.pytest.ini_options]`` and
in ini files there are strings.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest


class Ini:
    """The ini file of a run, as far as it speaks of us."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    @property
    def folder(self) -> Path:
        """What relative paths in it start from."""
        return (
            self._config.rootpath if self._config.inipath is None else self._config.inipath.parent
        )

    def origin(self, key: str) -> str:
        """``portable_errors_timeout (pytest.ini)``."""
        return f"{key} ({self._place(key)})"

    def text(self, key: str, *, expected: str) -> str:
        """A key that holds a string; empty if it is not set."""
        value = self.value(key, expected=expected)
        if not isinstance(value, str):
            raise self.wrong(key, value, expected)
        return value

    def lines(self, key: str, *, expected: str) -> tuple[str, ...]:
        """A key that holds a list."""
        values = self.value(key, expected=expected) or ()
        for value in values:
            if not isinstance(value, str):
                raise self.wrong(key, value, expected)
        return tuple(values)

    def names(self, key: str, allowed: Callable[[], Iterable[str]]) -> tuple[str, ...]:
        """A key that holds a list of names. Those allowed are asked for only when it is set."""
        values = self.lines(key, expected="a list of names")
        if values:
            known(self.origin(key), values, allowed())
        return values

    def choice(self, key: str, allowed: Iterable[str], *, default: str) -> str:
        """A key that holds one of these words."""
        choices = tuple(allowed)
        value = self.text(key, expected=f"one of {', '.join(choices)}") or default
        known(self.origin(key), (value,), choices)
        return value

    def seconds(self, key: str, *, default: float) -> float:
        """A key that holds a number of seconds, more than 0."""
        value = self.value(key, expected="seconds, e.g. 5")
        if value == "":
            return default
        try:
            seconds = float(value)
        except ValueError:
            seconds = 0.0  # told below, with the text as it stands
        if not 0 < seconds < float("inf"):
            raise self.wrong(key, value, "seconds, e.g. 5")
        return seconds

    def value(self, key: str, *, expected: str) -> Any:
        """What pytest makes of it."""
        try:
            return self._config.getini(key)
        # pytest's own conversion; its message does not name key and file
        except (TypeError, ValueError, pytest.UsageError) as error:
            # pytest 9 warns of the name ``inicfg``, and keeps more than the text there
            held = vars(self._config)
            written = (held.get("_inicfg") or held.get("inicfg") or {}).get(key)
            raise self.wrong(key, getattr(written, "value", written), expected) from error

    def wrong(self, key: str, value: object, expected: str) -> pytest.UsageError:
        """The error for a value that a key cannot have."""
        return pytest.UsageError(f'{key} = "{value}" ({self._place(key)}): expected {expected}')

    def _place(self, key: str) -> str:
        if any(
            entry.partition("=")[0] == key for entry in self._config.getoption("override_ini") or ()
        ):
            return "-o"
        return self._config.inipath.name if self._config.inipath is not None else "ini"


def known(origin: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    """Raise pytest.UsageError for a name that is none of those allowed."""
    names = list(allowed)
    for value in values:
        if value not in names:
            raise pytest.UsageError(
                f'{origin}: unknown "{value}": expected one of {", ".join(names)}'
            )
