"""A process of the receiver's tree is stopped or killed, by a payload or from outside: the verdict
comes within the limits of a check, no class is blamed for what somebody else did, and nothing
stays."""

from __future__ import annotations

import contextlib
import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from processes import SIGNAL_HUB, below, wait_until_gone

from pytest_portable_errors import Stage, check_round_trip
from pytest_portable_errors.receiver.deadlines import WALL_FACTOR
from pytest_portable_errors.sender.receivers import Receivers

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="stopping is looked for on Linux")

TIMEOUT = 10.0
LIMIT = WALL_FACTOR * TIMEOUT  # seconds of wall clock that a check may take at all

# Of the process that rebuilds a payload: "up(1)" is what it was forked from.
UP = """
import os, signal
def up(steps, pid=None):
    pid = os.getpid() if pid is None else pid
    for _ in range(steps):
        pid = int(open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[1])
    return pid
def stop(*steps):
    # All are looked up first: who is orphaned has another parent.
    for pid in [up(n) for n in steps]:
        if b"/receiver" in open(f"/proc/{pid}/cmdline", "rb").read():  # and not these tests
            os.kill(pid, signal.SIGSTOP)
"""


class Does(Exception):
    """Rebuilding it runs code, and gives an exception."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"(exec({UP + self.code!r}, {{}}), Exception('rebuilt'))[1]",)


def once(code: str, folder: Path) -> str:
    """Code that does something in the first process that runs it, and nothing in the next: as
    somebody else's deed hits a check, and not the one that is made after it."""
    marker = str(folder / "done")
    return f"if not os.path.exists({marker!r}):\n    open({marker!r}, 'w').close()\n    {code}"


def guardian(receivers: Receivers) -> int:
    return next(iter(receivers._running.values())).process.pid


STOPPED = {
    "the server": "stop(1)",
    "the guardian": "stop(2)",
    "both, as a group": "os.killpg(os.getpgid(up(1)), signal.SIGSTOP)",
    "both, the guardian last": "stop(1, 2)",
    "both, and itself": "stop(1, 2, 0)",
}


@pytest.mark.parametrize("code", STOPPED.values(), ids=STOPPED)
def test_a_payload_that_stops_what_is_above_it(receivers: Receivers, code: str) -> None:
    check_round_trip(ValueError("begin"), receiver="stdlib")
    ours = {guardian(receivers), *below(guardian(receivers))}
    began = time.monotonic()
    trip = check_round_trip(Does(code), receiver="stdlib", timeout=TIMEOUT)
    assert time.monotonic() - began < LIMIT
    # To stop the guardian alone keeps nobody from answering.
    assert trip.stage is (Stage.ARRIVED if code == STOPPED["the guardian"] else Stage.CRASHED)
    assert check_round_trip(ValueError("next"), receiver="stdlib").arrived_whole
    ours |= {guardian(receivers), *below(guardian(receivers))}
    receivers.close()
    assert not wait_until_gone(ours, seconds=10)


def test_a_payload_that_stops_its_branch(
    receivers: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "library_of_branch.py").write_text("class E(Exception): pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    code = "import library_of_branch\nstop(1, 2, 3)"

    library = importlib.import_module("library_of_branch")

    class DoesInBranch(Does):
        def __reduce__(self) -> tuple[Any, ...]:
            return eval, (super().__reduce__()[1][0], {"e": library.E})

    began = time.monotonic()
    trip = check_round_trip(DoesInBranch(code), receiver="with-project", timeout=TIMEOUT)
    assert time.monotonic() - began < LIMIT
    assert trip.stage is Stage.CRASHED
    ours = {guardian(receivers), *below(guardian(receivers))}
    receivers.close()
    assert not wait_until_gone(ours, seconds=10)


def test_one_that_was_stopped_from_outside_is_replaced(receivers: Receivers) -> None:
    """The check that it was to make is made, and blamed on nobody."""
    check_round_trip(ValueError("begin"), receiver="stdlib")
    ours = {guardian(receivers), *below(guardian(receivers))}
    for pid in ours:
        os.kill(pid, signal.SIGSTOP)
    assert check_round_trip(ValueError("next"), receiver="stdlib").arrived_whole
    assert not wait_until_gone(ours, seconds=10)


def test_one_that_is_stopped_when_all_ends(receivers: Receivers) -> None:
    """Closing waits for nobody who cannot answer, and kills what the server had forked."""
    check_round_trip(Does("pass"), receiver="stdlib")
    ours = {guardian(receivers), *below(guardian(receivers))}
    assert len(ours) >= 3, "the control: guardian, server, and a check that is kept"
    for pid in ours:
        os.kill(pid, signal.SIGSTOP)
    receivers.close()
    assert not wait_until_gone(ours, seconds=10)


def modes_of_receivers(pids: set[int]) -> dict[int, bytes]:
    """Those that run the receiver's code, with what they do: ``hub``, ``fork``, ``once``.

    A shell that nobody has asked yet does not run it so far.
    """
    modes = {}
    for pid in pids:
        try:
            first, *others = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")[:-1]
        except (OSError, ValueError):
            continue  # it has ended meanwhile
        if first != b"/bin/sh" and any(each.endswith(b"/receiver") for each in others):
            modes[pid] = others[-1]
    return modes


def all_are_guarded(modes: dict[int, bytes]) -> bool:
    """Whether each receiver has a server below its first process, and a check below the server."""
    serving = {pid for pid, mode in modes.items() if mode != b"hub"}
    firsts = serving - {pid for each in serving for pid in below(each)}
    return bool(firsts) and all(any(map(below, below(first))) for first in firsts)


@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_nothing_stays_when_pytest_is_killed_with_stopped_receivers(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    """The guardian, and under pytest-xdist the hub, are woken by the end of their parent."""
    if workers:
        pytest.importorskip("xdist")
    (tmp_path / "test_it.py").write_text(
        "import pathlib, time, pytest\n"
        "def test_it(assert_roundtrip):\n"
        "    assert_roundtrip(ValueError('a'), receiver='stdlib')\n"
        f"    pathlib.Path({str(tmp_path / 'begun')!r}).touch()\n"
        "    time.sleep(1000)\n"
    )
    pytest_run = subprocess.Popen(
        [
            *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--portable-errors"),
            *(*workers, *chosen(), str(tmp_path)),
        ],
        env={**os.environ, **NO_OTHERS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not (tmp_path / "begun").exists():
        assert pytest_run.poll() is None
        time.sleep(0.02)
    # One that is only starting has no guardian so far: stopped by somebody then, it would stay.
    while not all_are_guarded(modes_of_receivers(ours := below(pytest_run.pid))):
        assert pytest_run.poll() is None
        time.sleep(0.02)
    for pid in modes_of_receivers(ours):
        with contextlib.suppress(ProcessLookupError):  # it has ended meanwhile
            os.kill(pid, signal.SIGSTOP)
    pytest_run.kill()
    pytest_run.wait()
    assert not wait_until_gone(ours, seconds=20)


class TestKilledBySomebodyElse:
    """The check is made once more in a fresh process, and the trip says so."""

    @pytest.mark.parametrize(
        ("code", "how"),
        [
            ("os.kill(os.getpid(), signal.SIGKILL)", "ended by SIGKILL"),
            ("os._exit(3)", "the process exited with status 3 before it answered"),
            ("os.kill(up(1), signal.SIGKILL)", "the process that it was forked from ended"),
        ],
        ids=["the check", "the check, by itself", "the server"],
    )
    def test_the_class_is_not_blamed(
        self, receivers: Receivers, tmp_path: Path, code: str, how: str
    ) -> None:
        trip = check_round_trip(Does(once(code, tmp_path)), receiver="stdlib")
        assert (tmp_path / "done").exists(), "the control: it was killed"
        assert trip.stage is Stage.ARRIVED
        assert trip.ended_before == how
        assert trip.to_dict()["ended_before"] == how

    def test_the_guardian(self, receivers: Receivers) -> None:
        """The server ends itself, because nobody ends any more what a payload leaves behind."""
        check_round_trip(ValueError("begin"), receiver="stdlib")
        ours = below(guardian(receivers))
        assert len(ours) >= 2, "the control: a server and a check"
        os.kill(guardian(receivers), signal.SIGKILL)
        assert not wait_until_gone(ours, seconds=10)
        assert check_round_trip(ValueError("next"), receiver="stdlib").arrived_whole

    @pytest.mark.parametrize("start", ["fork", "spawn"])
    def test_one_that_does_it_each_time_is_blamed(
        self, receivers: Receivers, monkeypatch: pytest.MonkeyPatch, start: str
    ) -> None:
        """The control."""
        monkeypatch.setitem(
            sys.modules["pytest_portable_errors.sender.unpatched"].UNPATCHED.environment,
            "PORTABLE_ERRORS_RECEIVER_START",
            start,
        )
        trip = check_round_trip(Does("os.kill(os.getpid(), signal.SIGKILL)"), receiver="stdlib")
        assert (trip.stage, trip.ended_before) == (Stage.CRASHED, None)
        assert "ended by SIGKILL" in str(trip)

    def test_a_spawned_interpreter_is_replaced(
        self, receivers: Receivers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from pytest_portable_errors.sender.unpatched import UNPATCHED

        monkeypatch.setitem(UNPATCHED.environment, "PORTABLE_ERRORS_RECEIVER_START", "spawn")
        code = once("os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
        trip = check_round_trip(Does(code), receiver="stdlib")
        assert (trip.stage, trip.ended_before) == (Stage.ARRIVED, "ended by SIGKILL")

    def test_the_run_says_so_and_passes(
        self, run: Any, pytester: pytest.Pytester, tmp_path: Path
    ) -> None:
        code = once("os.kill(os.getpid(), signal.SIGKILL)", tmp_path)
        source = f"""
class Does(Whole):
    def __reduce__(self):
        return eval, (f"(exec({{self.args[0]!r}}), __import__('shop.errors').errors.Whole(1))[1]",)

def test_it():
    with pytest.raises(Whole):
        raise Does({"import os, signal" + chr(10) + code!r})

def test_other():
    with pytest.raises(Whole):
        raise Whole("a")
"""
        result = run(source, "--portable-errors", "-o", "portable_errors_receiver=with-project")
        assert (tmp_path / "done").exists()
        result.stdout.fnmatch_lines(
            [
                (
                    "made again: 1 check, because somebody else had ended the process: ended by "
                    "SIGKILL; did the machine run out of memory? (1 exception: test_shop.Does)"
                )
            ]
        )
        result.stdout.no_fnmatch_line("*it ended the receiver's process*")

    def test_a_payload_that_kills_does_not_show_in_others(self, run: Any) -> None:
        """Bystanders that were checked again for its deed are no news: the defect is told."""
        source = """
class Kills(Whole):
    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getppid(), 9)",)

@pytest.mark.parametrize("number", range(6))
def test_it(number):
    with pytest.raises(Whole):
        raise (Kills if number == 3 else Whole)(number)
"""
        result = run(source, "--portable-errors", "-o", "portable_errors_receiver=with-project")
        result.stdout.no_fnmatch_line("made again*")


def test_the_hub_is_stopped(run: Any) -> None:
    """A worker then has receivers of its own, and nobody waits."""
    pytest.importorskip("xdist")
    source = """
@pytest.mark.parametrize("number", range(4))
def test_it(number):
    signal_hub(signal.SIGSTOP)
    with pytest.raises((Whole, NotFound)):
        raise Whole("a", number) if number % 2 else NotFound({number})
"""
    flags = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
    result = run(SIGNAL_HUB + source, "-n", "2", *flags)
    result.stdout.fnmatch_lines(["checked 2 classes, 4 exceptions: 1 whole, 1 lossy"])
