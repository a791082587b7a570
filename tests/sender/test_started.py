"""A receiver that nobody asks is a shell that waits."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from processes import below, wait_until_gone

from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import TripSettings, send
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.started import Started
from pytest_portable_errors.sender.unpatched import UNPATCHED


@pytest.fixture
def others() -> set[int]:
    """Processes below this one that other tests have started."""
    return below(os.getpid())


@pytest.fixture
def waiting(others: set[int], tmp_path: Path) -> Receivers:
    receivers = Receivers(ProjectContext(root=tmp_path))
    receivers.start("without-project", waits=True)
    receivers.start("with-project", waits=True)
    return receivers


def programs(others: set[int]) -> set[str]:
    """What the processes below this one are."""
    pids = below(os.getpid()) - others
    return {os.path.basename(os.readlink(f"/proc/{pid}/exe")) for pid in pids}


def test_it_becomes_no_interpreter_until_something_is_sent(
    others: set[int], waiting: Receivers
) -> None:
    shell = os.path.basename(os.path.realpath("/bin/sh"))
    assert programs(others) == {shell}
    outgoing = describe_and_pickle(ValueError("a"), serializer=waiting.serializers.find("pickle"))
    for receiver in ("with-project", "without-project"):
        pending = send(outgoing, receivers=waiting, settings=TripSettings(receiver=receiver))
        assert pending.answer()["stage"] == "arrived"
    assert shell not in programs(others)
    waiting.close()


def test_it_ends_with_the_run(others: set[int], waiting: Receivers) -> None:
    pids = below(os.getpid()) - others
    assert len(pids) == 2
    waiting.end()
    assert not wait_until_gone(pids, seconds=10)
    waiting.close()


def test_it_ends_when_the_run_is_killed(others: set[int], waiting: Receivers) -> None:
    """The pipe's end is all that the shell hears."""
    pids = below(os.getpid()) - others
    for started in waiting._waiting.values():
        assert isinstance(started, Started)
        os.close(os.dup(started.requests))  # the control: another descriptor of it changes nothing
        assert started.process.stdin is not None
        started.process.stdin.close()
    assert not wait_until_gone(pids, seconds=10)
    waiting.close()


def test_a_fork_leaves_them_to_the_process_that_started_them(
    others: set[int], waiting: Receivers
) -> None:
    pids = below(os.getpid()) - others
    child = os.fork()
    if child == 0:
        waiting.close()
        UNPATCHED.exit(0)
    os.waitpid(child, 0)
    assert below(os.getpid()) - others == pids
    waiting.close()


def test_without_a_shell_it_starts_at_once(
    others: set[int], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("pytest_portable_errors.sender.started._SHELL", str(tmp_path / "none"))
    receivers = Receivers(ProjectContext(root=tmp_path))
    receivers.start("stdlib", waits=True)
    assert any(name.startswith("python") for name in programs(others))
    receivers.close()
