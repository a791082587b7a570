"""pytest is killed at any moment, forks, or runs in workers: no process of ours stays, and each
process has a receiver of its own."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX
from processes import below, wait_until_gone

SOURCE = """
import os, time
import pytest
from pytest_portable_errors import check_round_trip

class Hangs(Exception):
    def __reduce__(self):
        return eval, ("__import__('time').sleep(1000)",)

class Daemon(Exception):
    def __reduce__(self):
        return eval, ("__import__('os').fork() or (__import__('os').setsid(), __import__('time').sleep(1000))",)

class NamesModules(Exception):
    def __reduce__(self):
        return eval, ("Exception(__import__('decimal').Decimal(1), __import__('ctypes'))",)

@pytest.mark.parametrize("number", range(1000))
def test_it(number):
    check_round_trip((ValueError, Hangs, Daemon, NamesModules)[number % 4](number), receiver=("without-project", "stdlib")[number % 2])
"""
RECEIVER = str(Path(__file__).resolve().parents[2] / "pytest_portable_errors" / "receiver")


@pytest.mark.parametrize("rounds", [2, pytest.param(20, marks=MATRIX)])
def test_no_process_stays_when_pytest_is_killed(tmp_path: Path, rounds: int) -> None:
    """At some moments between its start and its hanging in a check; the moments are chosen by
    chance, and told by the seed."""
    (tmp_path / "test_it.py").write_text(SOURCE)
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    seen = 0
    for _ in range(rounds):
        # -B marks the receivers of these runs
        pytest_run = subprocess.Popen(
            [
                sys.executable,
                "-B",
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:cacheprovider",
                *chosen(),
                str(tmp_path),
            ],
            env={**os.environ, **NO_OTHERS},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while not below(pytest_run.pid) and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(moments.random() * 1.5)
        ours = below(pytest_run.pid)
        pytest_run.send_signal(signal.SIGKILL)
        pytest_run.wait()
        seen += len(ours)
        assert not wait_until_gone(ours | strays(ours), seconds=10), f"seed {seed}"
    assert seen, "the control: there were processes to be ended"


def strays(known: set[int]) -> set[int]:
    """Processes below those known that have come meanwhile."""
    return {pid for root in known for pid in below(root)}


def test_an_xdist_worker_whose_controller_was_killed_ends_itself(tmp_path: Path) -> None:
    """Also while it blocks on a check that hangs."""
    pytest.importorskip("xdist")
    (tmp_path / "test_it.py").write_text(
        "import pytest\n"
        "class Hangs(Exception):\n"
        "    def __reduce__(self): return eval, (\"__import__('time').sleep(1000)\",)\n"
        "def test_it(assert_roundtrip):\n"
        f"    open({str(tmp_path / 'begun')!r}, 'w').close()\n"
        "    assert_roundtrip(Hangs(), timeout=600)\n"
    )
    controller = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "1",
            "-p",
            "no:cacheprovider",
            *chosen(),
            str(tmp_path),
        ],
        env={**os.environ, **NO_OTHERS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + 60
    while not (tmp_path / "begun").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    time.sleep(0.5)
    ours = below(controller.pid)
    assert len(ours) >= 3, "the control: a worker and its receiver"
    controller.send_signal(signal.SIGKILL)
    controller.wait()
    assert not wait_until_gone(ours, seconds=10)


FORKS = """
import os
from pytest_portable_errors import check_round_trip

class AsksForItsReceiver(Exception):
    def __reduce__(self):  # another payload in each process: an answer that is known is not asked for again
        return eval, (f"Exception(__import__('os').getppid()) if {os.getpid()} else None",)

def receiver():
    return check_round_trip(AsksForItsReceiver(), serializer="pickle").received["exceptions"][0]["message"]["text"]
"""


def test_a_test_that_forks_has_another_receiver_in_its_child(
    run_pytest: Any, pytester: pytest.Pytester
) -> None:
    pytester.makepyfile(
        FORKS
        + """
def test_it():
    ours = receiver()
    read_fd, write_fd = os.pipe()
    if os.fork() == 0:
        os.write(write_fd, receiver().encode())
        os._exit(0)
    theirs = os.read(read_fd, 100).decode()
    os.wait()
    assert theirs.isdigit() and theirs != ours
    assert receiver() == ours
"""
    )
    run_pytest().assert_outcomes(passed=1)


def test_tests_in_forks_of_pytest(run_pytest: Any, pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest_forked")
    pytester.makepyfile(
        FORKS
        + """
import pytest
SEEN = os.path.join(os.path.dirname(__file__), "seen")

@pytest.mark.portable_exception
@pytest.mark.parametrize("number", range(3))
def test_it(number):
    open(SEEN, "a").write(receiver() + chr(10))
    with pytest.raises(KeyError): raise KeyError(number)

@pytest.mark.portable_exception
def test_lossy():
    with pytest.raises(LookupError):
        try: raise ValueError("cause")
        except ValueError as cause: raise LookupError("a") from cause
"""
    )
    plain = pytester.mkdir("plain") / "test_plain.py"
    plain.write_text("def test_it(): pass")
    forking = {"plugins": ("pytest_forked",)}
    if run_pytest("--forked", plain, "-p", "no:portable_errors", **forking).ret != 0:
        pytest.skip("this version of pytest-forked does not work with this version of pytest")
    result = run_pytest("--forked", "--ignore=plain", **forking)
    result.assert_outcomes(passed=3, failed=1)
    result.stdout.fnmatch_lines(["LookupError arrives changed: chain *"])
    assert len(set((pytester.path / "seen").read_text().split())) == 3


def test_each_worker_has_a_receiver_of_its_own(run_pytest: Any, pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(
        FORKS
        + """
import pytest
@pytest.mark.parametrize("number", range(8))
def test_it(number, worker_id):
    with open(os.path.join(os.path.dirname(__file__), "seen"), "a") as seen:
        seen.write(f"{worker_id} {receiver()}" + chr(10))
"""
    )
    run_pytest("-n", "2", "--dist", "each").assert_outcomes(passed=16)
    pairs = {tuple(line.split()) for line in (pytester.path / "seen").read_text().splitlines()}
    assert len(pairs) == 2
    assert len({receiver for _, receiver in pairs}) == 2
