"""Interpreters that make one check each: what one says is heard, whenever it ends."""

from __future__ import annotations

import queue
import subprocess
from types import SimpleNamespace
from typing import Any

import pytest

from pytest_portable_errors.receiver import spawner
from pytest_portable_errors.receiver.spawner import Interpreter

SAID = ({"stage": "arrived"}, b"")


class Late(queue.Queue[Any]):
    """The listener passes a message on just after somebody has given up waiting for one."""

    def __init__(self, *messages: Any) -> None:
        super().__init__()
        self._messages = messages

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        if self._messages:
            for message in self._messages:
                self.put(message)
            self._messages = ()
            raise queue.Empty
        return super().get(block, timeout)


def interpreter(said: queue.Queue[Any]) -> Interpreter:
    """One that has ended by itself."""
    made = object.__new__(Interpreter)
    # as much of a process as is asked
    made._process = SimpleNamespace(poll=lambda: 0, wait=lambda **_: 0)  # type: ignore[assignment]
    made._messages = said  # type: ignore[assignment]  # the simple one cannot be subclassed
    made._has_closed = False
    return made


def test_the_last_words_of_one_that_ended_meanwhile_are_heard() -> None:
    ended = interpreter(Late(SAID, None))
    assert ended.next() == SAID
    assert ended.next() == ({"exit": 0}, b"")


def test_one_that_ended_without_a_word_has_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    # what it forked holds the pipe open, so that nothing comes
    monkeypatch.setattr(spawner, "LAST_WORDS", 0.01)
    assert interpreter(queue.Queue()).next() == ({"exit": 0}, b"")


def test_one_that_closed_its_pipe_and_lives_is_waited_for_and_not_asked_all_the_time() -> None:
    waited: list[float] = []

    def wait(timeout: float) -> None:
        waited.append(timeout)
        raise subprocess.TimeoutExpired("it", timeout)

    living = interpreter(queue.Queue())
    # as above
    living._process = SimpleNamespace(poll=lambda: None, wait=wait)  # type: ignore[assignment]
    living._messages.put(None)
    assert (living.next(), living.next()) == (None, None)
    assert waited == [spawner.TICK]
