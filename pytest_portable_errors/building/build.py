"""Makes instances of an exception class from its signature, with values like those in production.

A loss shows only if the values are distinct and not empty, and a Mock cannot be pickled: see
``values.py``. Where the constructor refuses a call, its error says what the call lacks
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

from pytest_portable_errors.building.calls import ConstructorCall, ways
from pytest_portable_errors.building.repairs import repair
from pytest_portable_errors.building.values import Values
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.values import describe_value

_LONGEST = 2.0  # seconds for all instances of a class; most take less than a millisecond
_MOST_CALLS = 150  # of one way, before that way is given up
_MOST_FOR_A_TEXT = 30  # calls, once there is an instance whose str() fails
_MOST_REPAIRS = 25  # of one call


class CannotBuild(Exception):
    """No instance of a class could be made; its text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variant:
    """An instance that was built, and how."""

    how: str
    """``required``, ``by position`` or ``by keyword``; of a factory, or of a suite that raises,
    what made it."""
    exc: BaseException


def build(cls: type[BaseException], *, values: Values) -> list[Variant]:
    """Make instances of a class: by its required arguments, all by position, all by keyword.

    A way whose call is the same as an earlier one's is left out. Foreign code runs here: output
    and warnings are dropped, and after 2 s nothing more is tried (only in the main thread, and not
    on Windows).

    Args:
        cls: The class.
        values: Values to use before any that is made up; {} if there are none.

    Raises:
        CannotBuild: There is no instance; its text says why.
    """
    variants: list[Variant] = []
    built_calls: list[str] = []
    reasons: list[str] = []
    with _undisturbed(), _ended_after(_LONGEST, reasons):
        try:
            for how, calls in ways(cls, values):
                exc, call = _first_that_works(cls, calls, reasons)
                if exc is not None and call not in built_calls:
                    built_calls.append(call)
                    variants.append(Variant(how=how, exc=exc))
        except Exception as error:  # of a metaclass, or of a factory in ``values``
            reasons.append(f"{type(error).__name__}: {error}")
    if not variants:
        raise CannotBuild(
            f"{cls.__qualname__} could not be built: "
            f"{reasons[0] if reasons else 'it gives an instance of another class'}"
        )
    return variants


def _first_that_works(
    cls: type[BaseException], calls: Iterable[ConstructorCall], reasons: list[str]
) -> tuple[BaseException | None, str]:
    """The instance that the first good call makes, and its arguments as a text.

    A call is good if ``str`` works on its instance; without one, the first instance is taken. Why
    the first call failed is added to ``reasons``.
    """
    textless: tuple[BaseException | None, str] = (None, "")
    for number, call in enumerate(itertools.islice(calls, _MOST_CALLS)):
        if textless[0] is not None and (call.adds_optional or number >= _MOST_FOR_A_TEXT):
            break
        for _ in range(_MOST_REPAIRS):
            try:
                exc = cls(*(value for _, value in call.positional), **call.keyword)
                if type(exc) is not cls:
                    break
                if textless[0] is None:
                    textless = exc, _as_text(call)
                str(exc)  # values of which no text can be made are not like those in production
                return exc, _as_text(call)
            except KeyboardInterrupt:
                raise
            except _TookTooLong:
                if textless[0] is None:
                    raise
                return textless
            except BaseException as error:  # foreign code
                if not reasons:
                    reasons.append(f"{type(error).__name__}: {error}")
                if not repair(call, error):
                    break
    return textless


def _as_text(call: ConstructorCall) -> str:
    return canonical(describe_value([[value for _, value in call.positional], call.keyword]))


class _TookTooLong(BaseException):
    """The time is up. No Exception, because constructors catch those."""


@contextlib.contextmanager
def _ended_after(seconds: float, reasons: list[str]) -> Iterator[None]:
    """End the block after so many seconds, and put that first among the reasons.

    There is no timer on Windows, nor outside the main thread: then the block is not ended.
    """
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
    # It rings again every 0.1 s, should the constructor catch what end() raises.
    remaining, interval = signal.setitimer(signal.ITIMER_REAL, seconds, 0.1)
    try:
        yield
    except _TookTooLong:
        reasons.insert(0, f"it took longer than {seconds:g} s")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, handler)
        if remaining:  # of somebody else's timer, such as pytest-timeout's
            signal.setitimer(
                signal.ITIMER_REAL, max(remaining - (time.monotonic() - started), 0.001), interval
            )


@contextlib.contextmanager
def _undisturbed() -> Iterator[None]:
    """Drop what constructors print, and their warnings: neither is under test."""
    with (
        # A real file, and no StringIO, which pickle takes: an exception that keeps its stream must
        # fail to be pickled here as it does in production.
        open(os.devnull, "w") as nowhere,
        contextlib.redirect_stdout(nowhere),
        contextlib.redirect_stderr(nowhere),
        warnings.catch_warnings(),
    ):
        warnings.simplefilter("ignore")
        yield


__all__ = ["CannotBuild", "Values", "Variant", "build"]
