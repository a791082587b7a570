"""A process that has rebuilt only plain data and built-in exceptions makes the next check as well;
any other ends with its check."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from in_matrix import MATRIX
from processes import below, wait_until_one_is_gone

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.started import start_method

pytestmark = pytest.mark.skipif(
    start_method() == "spawn", reason="there each check has an interpreter of its own"
)


class Calls(Exception):
    """Arrives after it has called a built-in function with these arguments."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (self.args[0],)


def ready(receivers: Receivers) -> set[int]:
    """The server and the children that stand ready below it."""
    check_round_trip(ValueError("before"))
    return below(next(iter(receivers._running.values())).started.process.pid)


@pytest.mark.parametrize(
    "exc",
    [
        ValueError("a", 1, b"x", None, 1.5, [1, {"k": (2,)}], {3}),
        FileNotFoundError(2, "no such file", "x"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad"),
        KeyError("a"),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_nothing_is_left_by_plain_data(receivers: Receivers, exc: BaseException) -> None:
    processes = ready(receivers)
    for serializer in ("pickle", "cloudpickle"):
        assert check_round_trip(exc, serializer=serializer).arrived_whole
    assert not wait_until_one_is_gone(processes, seconds=0.3)


@pytest.mark.parametrize(
    "exc",
    [
        json.JSONDecodeError("bad", "doc", 0),
        Calls("ValueError(1)"),
        Calls("ValueError(__import__('sys').path.append('x'))"),
        ValueError(int),
        ValueError(len),
        ValueError(complex(1, 2)),
    ],
    ids=["a-class-of-another-module", "eval", "import", "a-class", "a-function", "an-object"],
)
def test_anything_else_ends_with_its_process(receivers: Receivers, exc: BaseException) -> None:
    processes = ready(receivers)
    assert check_round_trip(exc).received is not None
    assert wait_until_one_is_gone(processes, seconds=10)


def test_a_loader_that_had_to_be_imported_ends_with_its_process_too(receivers: Receivers) -> None:
    """The payload is plain data, and the library that loads it is not there for the next check."""
    pytest.importorskip("dill")
    head = {
        "modules": [],
        "imports": ["dill"],
        "needs": {},
        "requires": [],
        "payload": True,
        "names": [],
    }
    request = {**head, "loader": "dill:loads", "timeout": 10, "traceback": False}
    processes = ready(receivers)
    running = next(iter(receivers._running.values()))
    answer = running.result(running.submit(request, pickle.dumps(ValueError("a"))), seconds=60)
    assert answer is not None
    assert answer["stage"] == "arrived"
    assert wait_until_one_is_gone(processes, seconds=10)


@MATRIX
def test_the_time_of_many_checks_is_not_charged_to_one(receivers: Receivers) -> None:
    """Hundreds in one process, each with a small limit."""
    payload = "x" * 100_000
    assert all(
        check_round_trip(ValueError(number, payload), timeout=0.1).arrived_whole
        for number in range(600)
    )
