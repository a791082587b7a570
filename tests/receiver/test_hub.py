"""The hub shares a receiver among those that ask for the same one."""

from __future__ import annotations

import os
import signal
import socket
import stat
import struct
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from processes import below, wait_until_gone

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import TripSettings, send
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.shared import Connection, SharedHub
from pytest_portable_errors.sender.started import command_of
from pytest_portable_errors.sender.unpatched import UNPATCHED


@pytest.fixture
def hub() -> Iterator[SharedHub]:
    made = SharedHub()
    yield made
    pids = below(made._process.pid) | {made._process.pid}
    made.close()
    assert not wait_until_gone(pids, seconds=10)
    assert not os.path.exists(os.path.dirname(made.path))


@pytest.fixture
def workers(hub: SharedHub, tmp_path: Path) -> Iterator[list[Receivers]]:
    """As two workers would have them."""
    made = [Receivers(ProjectContext(root=tmp_path), hub=hub.path) for _ in range(2)]
    yield made
    for receivers in made:
        receivers.close()


def stage(
    receivers: Receivers, exc: BaseException, receiver: str = "with-project", *, timeout: float = 10
) -> str:
    outgoing = describe_and_pickle(exc, serializer=receivers.serializers.find("pickle"))
    settings = TripSettings(receiver=receiver, timeout=timeout)
    answer: str = send(outgoing, receivers=receivers, settings=settings).answer()["stage"]
    return answer


def started(hub: SharedHub) -> int:
    """How many receivers the hub has started."""
    children = Path(f"/proc/{hub._process.pid}/task/{hub._process.pid}/children")
    return len(children.read_text().split())


def test_two_workers_have_one_receiver_each_answer_goes_to_who_asked(
    hub: SharedHub, workers: list[Receivers]
) -> None:
    for number in range(10):
        for receivers, letter in zip(workers, "ab", strict=True):
            exc = ValueError(letter, number)
            outgoing = describe_and_pickle(exc, serializer=receivers.serializers.find("pickle"))
            settings = TripSettings(receiver="with-project")
            answer = send(outgoing, receivers=receivers, settings=settings).answer()
            assert answer["record"]["exceptions"] == outgoing.sent["exceptions"]
    assert started(hub) == 1
    stage(workers[0], ValueError("a"), "stdlib")
    assert started(hub) == 2, "the control: another receiver"


def test_who_leaves_ends_no_receiver_of_the_others(
    hub: SharedHub, workers: list[Receivers]
) -> None:
    assert stage(workers[0], ValueError("a")) == stage(workers[1], ValueError("b")) == "arrived"
    workers[0].close()
    assert stage(workers[1], ValueError("c")) == "arrived"
    assert started(hub) == 1


class Kills(Exception):
    """Kills the server that its process was forked from."""

    def __reduce__(self) -> tuple[object, ...]:
        return eval, ("__import__('os').kill(__import__('os').getppid(), 9)",)


def test_who_kills_a_receiver_is_to_blame_alone(hub: SharedHub, workers: list[Receivers]) -> None:
    assert stage(workers[1], ValueError("a")) == "arrived"
    assert stage(workers[0], Kills("a")) == "crashed"
    assert stage(workers[1], ValueError("b")) == "arrived"
    assert stage(workers[0], ValueError("b")) == "arrived"


def test_without_the_hub_each_has_receivers_of_its_own(
    hub: SharedHub, workers: list[Receivers]
) -> None:
    assert stage(workers[0], ValueError("a")) == "arrived"
    ours = below(hub._process.pid)
    os.kill(hub._process.pid, signal.SIGKILL)
    hub._process.wait()
    assert not wait_until_gone(ours, seconds=10)
    assert [stage(receivers, ValueError("b")) for receivers in workers] == ["arrived"] * 2
    os.unlink(hub.path)
    os.rmdir(os.path.dirname(hub.path))


def test_a_receiver_that_cannot_start_says_why(hub: SharedHub, tmp_path: Path) -> None:
    """In the words of one that is not shared."""
    python = tmp_path / "python"
    python.write_text("#!/bin/sh\necho no Python here >&2\nexit 3\n")
    python.chmod(0o700)
    texts = []
    for path in (hub.path, None):
        receivers = Receivers(ProjectContext(root=tmp_path), hub=path)
        with pytest.raises(PortableErrorsError) as caught:
            stage(receivers, ValueError("a"), str(python))
        texts.append(str(caught.value))
        receivers.close()
    assert texts[0] == texts[1]
    assert texts[0].endswith("exited with status 3: no Python here")


def test_what_is_no_message_closes_that_connection_alone(
    hub: SharedHub, workers: list[Receivers]
) -> None:
    assert stage(workers[0], ValueError("a")) == "arrived"
    for junk in (b"\xff" * 100, struct.pack("!QI", 2, 2) + b"[]", b"\0" * 12):
        connection = Connection(hub.path, command_of(None, site=False), cwd="/")
        UNPATCHED.write(connection.requests, junk)
        connection.close()
    assert stage(workers[0], ValueError("b")) == "arrived"


def test_only_the_user_may_enter(hub: SharedHub) -> None:
    folder = os.path.dirname(hub.path)
    assert stat.S_IMODE(os.stat(folder).st_mode) == 0o700


@pytest.mark.skipif(os.getuid() != 0, reason="only root can become another user")
def test_another_user_is_refused_by_both_sides(hub: SharedHub) -> None:
    """Even if the folder were open."""
    os.chmod(os.path.dirname(hub.path), 0o777)
    os.chmod(hub.path, 0o777)
    assert as_another_user(lambda: connected_and_heard(hub.path)) == 1, "the hub hangs up"
    assert connected_and_heard(hub.path), "the control"
    os.chown(os.path.dirname(hub.path), 65534, 65534)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(hub.path + "2")
            os.chmod(hub.path + "2", 0o777)
            listener.listen()
            connection, _ = listener.accept()
            connection.recv(1)
        os._exit(0)
    while not os.path.exists(hub.path + "2"):
        pass
    with pytest.raises(PermissionError, match="another user listens there"):
        while True:
            try:
                Connection(hub.path + "2", command_of(None, site=False), cwd="/")
            except ConnectionRefusedError:
                continue  # it does not listen yet
    os.waitpid(child, 0)
    os.unlink(hub.path + "2")


def connected_and_heard(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(path)
        return bool(connection.recv(1))


def as_another_user(work: Callable[[], bool]) -> int:
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        os._exit(0 if work() else 1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_path_that_is_too_long_makes_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    folder = tmp_path / ("x" * 100)
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    with pytest.raises(OSError, match="no socket can be there"):
        SharedHub()
    assert not list(folder.iterdir())
