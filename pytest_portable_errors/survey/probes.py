"""Exceptions that carriers are looked at with: each has a habit that carriers treat differently."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping


class NeedsTwo(Exception):
    """``__init__`` needs two arguments, and ``args`` keeps one: pickle cannot rebuild it."""

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code, self.reason = code, reason


class Doubles(Exception):
    """``__init__`` makes the message anew: rebuilt, it says everything twice."""

    def __init__(self, who: str) -> None:
        super().__init__(f"not found: {who}")
        self.who = who


class HoldsLock(Exception):
    """It holds what cannot be pickled."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


class KeywordOnly(Exception):
    """``__init__`` takes keywords alone."""

    def __init__(self, *, code: int) -> None:
        super().__init__(f"code {code}")
        self.code = code


class Plain(Exception):
    """It has no code of its own."""


class OwnState(Exception):
    """It has a ``__setstate__`` of its own, and no attributes."""

    def __setstate__(self, state: dict[str, object] | None) -> None:
        self.__dict__.update(state or {}, was_set=True)


def _with_all() -> BaseException:
    """A ValueError with an attribute, a note, a cause and a context."""
    error = ValueError("v")
    error.__cause__ = error.__context__ = KeyError("k")
    error.code = 5  # type: ignore[attr-defined]  # as programs do
    error.__notes__ = ["a note"]
    return error


def _local() -> BaseException:
    class Local(Exception):
        """A class that is made inside a function."""

    return Local("x")


def _group() -> BaseException:
    from builtins import ExceptionGroup  # since Python 3.11

    return ExceptionGroup("g", [ValueError("a"), KeyError("b")])


def _holding() -> BaseException:
    """An error that holds another, which pickle cannot rebuild."""
    error = Plain("holds")
    error.held = NeedsTwo("7", "declined")  # type: ignore[attr-defined]  # as programs do
    return error


PROBES: Mapping[str, Callable[[], BaseException]] = {
    "plain class": lambda: Plain("a", 1),
    "attribute, note and cause": _with_all,
    "two arguments": lambda: NeedsTwo("o7", "declined"),
    "keyword arguments": lambda: KeywordOnly(code=7),
    "message made anew": lambda: Doubles("bob"),
    "holds a lock": lambda: HoldsLock("x"),
    "holds such an error": _holding,
    "own __setstate__": lambda: OwnState("s"),
    "class in a function": _local,
    "group": _group,
    "UnicodeDecodeError": lambda: UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"),
    "FileNotFoundError": lambda: FileNotFoundError(2, "No such file", "/orders/7"),
    "SystemExit": lambda: SystemExit(3),
    "KeyboardInterrupt": KeyboardInterrupt,
    "GeneratorExit": GeneratorExit,
    "CancelledError": lambda: asyncio.CancelledError("cancelled"),
}
"""By what is peculiar about it, what makes the exception. A group needs Python 3.11."""
