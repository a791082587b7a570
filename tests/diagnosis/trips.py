"""Trips, and what is known of them, as the tests of causes ask for them."""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

import pytest

from pytest_portable_errors import RoundTrip, check_round_trip
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.class_source import reducer_of
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.receiver.record import describe

needs_groups = pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is 3.11")
MESSAGE = Loss(kind="message", path="message", sent="s", received="r")

Register = Callable[[type, Callable[[Any], Any]], None]


def trip_of(exc: BaseException, **settings: Any) -> RoundTrip:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def diagnosed(exc: BaseException, **settings: Any) -> Diagnosis:
    found = trip_of(exc, **settings).diagnosis
    assert found is not None
    return found


def cause_of(exc: BaseException, **settings: Any) -> str | None:
    """None where it arrives whole, and where nothing explains what was lost."""
    found = trip_of(exc, **settings).diagnosis
    return None if found is None else found.cause


def arrives_whole(exc: BaseException, **settings: Any) -> bool:
    return trip_of(exc, **settings).arrived_whole


def with_attributes(exc: BaseException, **attributes: object) -> BaseException:
    exc.__dict__.update(attributes)
    return exc


def group_of(*members: Exception) -> BaseException:
    return ExceptionGroup("several", members)  # noqa: F821  # a built-in since 3.11


def place(function: object) -> str:
    """Where a function of the zoo stands, as a diagnosis writes it."""
    assert isinstance(function, FunctionType)
    return f"tests/error_zoo.py:{function.__code__.co_firstlineno}"


def facts(exc: BaseException, **known: Any) -> Facts:
    defaults: dict[str, Any] = {
        "stage": Stage.ARRIVED,
        "losses": (MESSAGE,),
        "error": None,
        "reducer": reducer_of(type(exc)),
    }
    if "reading" not in known:
        defaults["reading"] = read(pickle.dumps(exc))
    return Facts(cls=type(exc), sent=describe(exc), **{**defaults, **known})


def cause(given: Facts) -> str | None:
    found = diagnose(given)
    return None if found is None else found.cause
