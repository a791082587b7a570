"""Makes instances of an exception class from its signature, with values like those in production.

A loss shows only if the values are distinct and not empty, and a Mock cannot be pickled: see
``values.py``. Where the constructor refuses what was guessed, its own error says what it misses
(``repairs.py``), or other values are tried.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
import threading
import time
import warnings
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import FrameType
from typing import NoReturn

from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.values import describe_value
from pytest_portable_errors.survey.calls import Call, ways
from pytest_portable_errors.survey.repairs import repaired
from pytest_portable_errors.survey.values import Values

_LONGEST = 2.0  # seconds for all instances of a class; most take less than a millisecond
_MOST_CALLS = 150  # of one way, before it is given up
_MOST_FOR_A_TEXT = 30  # once there is an instance, though one whose text cannot be made
_MOST_REPAIRS = 25


class CannotBuild(Exception):
    """No arguments that we know of make an instance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An instance, and how it was built."""

    how: str
    """``required``, ``by position`` or ``by keyword``."""
    exc: BaseException


def build(cls: type[BaseException], *, values: Values) -> list[Variant]:
    """Instances of the class: from its required arguments, from all by position, and from all by
    keyword.

    ``values`` go before what we would make up. Variants that would be built alike are made once.
    Raises CannotBuild with the reason when there is none.
    """
    variants: list[Variant] = []
    seen: list[str] = []
    reasons: list[str] = []
    with _undisturbed(), _ended_after(_LONGEST, reasons):
        try:
            for how, calls in ways(cls, values):
                exc, call = _first_that_works(cls, calls, reasons)
                if exc is not None and call not in seen:
                    seen.append(call)
                    variants.append(Variant(how=how, exc=exc))
        except Exception as error:  # a metaclass, a given factory
            reasons.append(f"{type(error).__name__}: {error}")
    if not variants:
        raise CannotBuild(
            f"{cls.__qualname__} could not be built: "
            f"{reasons[0] if reasons else 'it gives an instance of another class'}"
        )
    return variants


def _first_that_works(
    cls: type[BaseException], calls: Iterable[Call], reasons: list[str]
) -> tuple[BaseException | None, str]:
    """The instance, and what it was called with as a text. Why the first call failed is added to
    the reasons."""
    silent: tuple[BaseException | None, str] = (None, "")
    for number, call in enumerate(itertools.islice(calls, _MOST_CALLS)):
        if silent[0] is not None and (call.adds_optional or number >= _MOST_FOR_A_TEXT):
            break
        for _ in range(_MOST_REPAIRS):
            try:
                exc = cls(*(value for _, value in call.positional), **call.keyword)
                if type(exc) is not cls:
                    break
                if silent[0] is None:
                    silent = exc, _as_text(call)
                str(exc)  # values that its text cannot be made of are not those of production
                return exc, _as_text(call)
            except KeyboardInterrupt:
                raise
            except _TookTooLong:
                if silent[0] is None:
                    raise
                return silent
            except BaseException as error:  # foreign code
                if not reasons:
                    reasons.append(f"{type(error).__name__}: {error}")
                if not repaired(call, error):
                    break
    return silent


def _as_text(call: Call) -> str:
    return canonical(describe_value([[value for _, value in call.positional], call.keyword]))


class _TookTooLong(BaseException):
    """Not an Exception, because constructors catch those."""


@contextlib.contextmanager
def _ended_after(seconds: float, reasons: list[str]) -> Iterator[None]:
    """Ends the block, saying so in the reasons. Only where there are timers: not on Windows, and
    not outside the main thread."""
    if (
        not hasattr(signal, "setitimer")
        or threading.current_thread() is not threading.main_thread()
    ):
        yield
        return

    def end(_: int, __: FrameType | None) -> NoReturn:
        raise _TookTooLong

    started = time.monotonic()
    handler = signal.signal(signal.SIGALRM, end)
    # again and again, should the constructor catch it
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    except _TookTooLong:
        reasons.insert(0, f"it took longer than {seconds:g} s")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if left:  # somebody else's timer: pytest-timeout's
            signal.setitimer(
                signal.ITIMER_REAL, max(left - (time.monotonic() - started), 0.001), interval
            )


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Constructors print, and warn that they are deprecated: neither is what is tested."""
    with (
        # a real file, since an exception that keeps its stream cannot be pickled
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


__all__ = ["CannotBuild", "Values", "Variant", "build"]
