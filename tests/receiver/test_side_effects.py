"""A process that has rebuilt only plain data and built-in exceptions makes the next check as well;
any other makes further ones of its subject alone."""

from __future__ import annotations

import json
import pickle
import time
from typing import Any

import pytest
from in_matrix import MATRIX
from processes import below, wait_until_one_is_gone

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.receiver.check_pool import PARKED
from pytest_portable_errors.receiver.described import subject_of
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import send
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
    return below(next(iter(receivers._running.values())).process.pid)


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
def test_anything_else_is_stopped_and_kept_for_its_subject(
    receivers: Receivers, exc: BaseException
) -> None:
    assert check_round_trip(ValueError("before")).arrived_whole
    assert check_round_trip(exc).received is not None
    (parked,) = wait_for_stopped(receivers, 1)
    assert check_round_trip(ValueError("after")).arrived_whole
    assert wait_for_stopped(receivers, 1) == {parked}


# How many such payloads the process has rebuilt.
COUNT = "ValueError(m.setdefault('seen', [])[:].__len__(), m['seen'].append(1))"
COUNTS = f"(lambda m: {COUNT})(__import__('sys').modules)"


def count(receivers: Receivers, subject: str, text: str, *, is_fresh: bool = False) -> int:
    """What such a payload of a subject arrives with; ``text`` makes it unlike the others."""
    outgoing = describe_and_pickle(
        Calls(f"{COUNTS} if {text!r} else 0"), serializer=receivers.serializers.find("pickle")
    )
    pending = send(outgoing, receivers=receivers, subject=subject)
    answer = pending.resent(is_fresh=True).answer() if is_fresh else pending.answer()
    items = subject_of(answer["record"])["args"]["items"]
    return int(items[0]["text"])


def test_payloads_of_one_subject_share_a_process_and_those_of_others_do_not(
    receivers: Receivers,
) -> None:
    assert [count(receivers, "one", text) for text in "abc"] == [0, 1, 2]
    assert [count(receivers, "other", text) for text in "def"] == [0, 1, 2]
    assert count(receivers, "one", "g") == 3


def test_what_has_to_be_fresh_is(receivers: Receivers) -> None:
    assert count(receivers, "one", "a") == 0
    assert count(receivers, "one", "b", is_fresh=True) == 0


def test_of_many_subjects_the_processes_end(receivers: Receivers) -> None:
    for number in range(2 * PARKED):
        assert count(receivers, f"subject {number}", f"a {number}") == 0
    assert len(wait_for_stopped(receivers, PARKED)) == PARKED


def test_a_crash_is_blamed_on_a_payload_that_was_alone(receivers: Receivers) -> None:
    """What an earlier payload of the subject has left may be to blame."""
    assert count(receivers, "one", "a") == 0
    exits = Calls(
        "__import__('os')._exit(3) if 'seen' in __import__('sys').modules else ValueError(1)"
    )
    outgoing = describe_and_pickle(exits, serializer=receivers.serializers.find("pickle"))
    assert send(outgoing, receivers=receivers, subject="one").answer()["stage"] == "arrived"


def wait_for_stopped(receivers: Receivers, number: int) -> set[int]:
    """The stopped processes below the receiver, once there are so many, or after 10 s."""
    end = time.monotonic() + 10
    while True:
        root = next(iter(receivers._running.values())).process.pid
        stopped = {pid for pid in below(root) if _state(pid) == "T"}
        if len(stopped) == number or time.monotonic() > end:
            return stopped
        time.sleep(0.02)


def _state(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0]
    except OSError:
        return ""


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
