"""Under pytest-xdist a repo-wide run comes to the same: the same totals, defects and decisions,
whoever ran the tests."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from in_matrix import MATRIX
from processes import wait_until_gone

pytest.importorskip("xdist")

SOURCE = """
def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

class TestMore:
    def test_lossy_again(self):
        with pytest.raises(NotFound): raise NotFound("al")

    def test_does_not_arrive(self):
        with pytest.raises(PaymentError): raise PaymentError(7, "declined")

def test_whole_with_a_cause():
    with pytest.raises(Whole):
        try:
            1 / 0
        except ZeroDivisionError as cause:
            raise Whole("a") from cause

def test_built_in():
    with pytest.raises(ValueError): raise ValueError("a")

def test_nothing(): pass
"""

REPORT = [
    (
        "1  shop.errors.NotFound         broken everywhere     pickle, cloudpickle     2 tests     "
        "shop/errors.py:10"
    ),
    (
        "2  shop.errors.PaymentError     broken everywhere     pickle, cloudpickle     1 test     "
        "shop/errors.py:3"
    ),
    (
        "3  shop.errors.StepFailed       broken everywhere     pickle, cloudpickle     met when "
        "built     shop/errors.py:23"
    ),
    "checked 5 classes, 16 exceptions: 1 whole, 1 as you decide below, 3 lossy",
    (
        "FAILED portable-errors::receiver - 1 of your exception classes arrives only where your "
        "project is installed."
    ),
    (
        "FAILED portable-errors::chain - 1 exception class that your tests raise arrives without "
        "its chain, which plain pickle does not carry."
    ),
]


def told(result: pytest.RunResult) -> list[str]:
    """What the summary says of defects, decisions and totals."""
    return [
        line
        for line in result.outlines
        if re.match(r"\d+  \S|FAILED portable-errors::(receiver|chain)|checked ", line)
    ]


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("-n", "0"),
        ("-n", "2", "-v"),
        pytest.param(("-n", "2", "--dist", "loadscope"), marks=MATRIX),
        pytest.param(("-n", "2", "--dist", "loadfile"), marks=MATRIX),
        pytest.param(("-n", "2", "--dist", "worksteal"), marks=MATRIX),
    ],
    ids=" ".join,
)
def test_the_same_report_however_the_tests_are_shared_out(
    run: Any, options: tuple[str, ...]
) -> None:
    result = run(SOURCE, "--portable-errors", *options)
    assert told(result) == REPORT
    result.assert_outcomes(passed=4, failed=6)
    assert result.ret == pytest.ExitCode.TESTS_FAILED


def test_what_every_worker_ran_counts_once(run: Any) -> None:
    result = run(SOURCE, "--portable-errors", "--dist", "each", "--tx", "2*popen")
    assert told(result) == REPORT
    result.assert_outcomes(passed=2 * 4, failed=2 * 6)


def test_every_worker_collects_the_same_classes_and_each_is_checked_once(run: Any) -> None:
    result = run("", "--portable-errors", "-n", "2", "-v")
    checked = [
        match[1]
        for line in result.outlines
        if (match := re.match(r"\[gw\d\].* (?:PASSED|FAILED) (portable-errors::\S+)", line))
    ]
    assert sorted(checked) == [
        f"portable-errors::shop.errors.{name}"
        for name in ("NotFound", "PaymentError", "StepFailed", "Whole")
    ]
    assert "Different tests were collected" not in result.stdout.str()
    result.stdout.fnmatch_lines(
        ["checked 4 classes, 11 exceptions: 0 whole, 1 as you decide below, 3 lossy"]
    )


def test_open_decisions_fail_the_run_once_and_no_test(run: Any) -> None:
    source = """
@pytest.mark.parametrize("number", range(4))
def test_whole(number):
    with pytest.raises(Whole):
        try:
            1 / 0
        except ZeroDivisionError as cause:
            raise Whole(number) from cause
"""
    result = run(source, "--portable-errors", "-n", "2", "test_shop.py")
    result.assert_outcomes(passed=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["=* portable errors: 2 decisions to take =*"])
    assert told(result) == [
        "checked 1 class, 4 exceptions: 0 whole, 1 as you decide below",
        *REPORT[-2:],
    ]


CRASHING = """
import os, pathlib, signal

def keep_processes():
    tasks = pathlib.Path(f"/proc/{os.getppid()}/task").glob("*/children")  # the controller's
    children = [name.read_text() for name in tasks]
    with open("processes.txt", "a") as file:
        print(os.getpid(), *children, file=file)

def test_before():
    keep_processes()
    with pytest.raises(Whole): raise Whole("a")

def test_exits():
    keep_processes()
    with pytest.raises(NotFound): raise NotFound("bob")
    os._exit(1)

def test_is_killed():
    keep_processes()
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
    os.kill(os.getpid(), signal.SIGKILL)

def test_after():
    keep_processes()
    with pytest.raises(Whole): raise Whole("a")
"""


def test_a_test_that_ends_its_worker_loses_only_what_it_raised_itself(
    run: Any, pytester: pytest.Pytester
) -> None:
    """And the summary says so. Nobody stays behind, neither of the workers that ended in the middle
    nor of the others."""
    result = run(
        CRASHING,
        "--portable-errors",
        "--portable-errors-receiver=with-project",
        "-n",
        "2",
        "test_shop.py",
    )
    result.assert_outcomes(passed=2, failed=2)
    result.stdout.fnmatch_lines(["=* portable errors: not all was checked =*"])
    result.stdout.fnmatch_lines_random(
        [
            f"test_shop.py::{name} ended its worker's process: what it raised was not checked"
            for name in ("test_exits", "test_is_killed")
        ]
    )
    assert told(result) == ["checked 1 class, 2 exceptions: 1 whole"]
    processes = {int(pid) for pid in (pytester.path / "processes.txt").read_text().split()}
    assert len(processes) >= 4  # workers, those that took their place, and the hub
    assert not wait_until_gone(processes, seconds=10)


def test_text_that_cannot_be_encoded_does_not_end_the_session(run: Any) -> None:
    source = """
HOSTILE = "\\ud800\\x00\\x1b[31m\\udfff"

def test_lossy():
    with pytest.raises(NotFound): raise NotFound(HOSTILE)

def test_does_not_arrive():
    with pytest.raises(PaymentError): raise PaymentError(HOSTILE, {HOSTILE: HOSTILE})

@pytest.mark.parametrize("text", [HOSTILE])
def test_whole(text):
    exc = Whole(text)
    setattr(exc, HOSTILE, text)
    with pytest.raises(Whole): raise exc

def test_fails_by_itself():
    with pytest.raises(NotFound): raise NotFound(HOSTILE)
    assert 1 == 2
"""
    result = run(
        source,
        "--portable-errors",
        "--portable-errors-receiver=with-project",
        "-n",
        "2",
        "--tb=line",
        "test_shop.py",
    )
    result.assert_outcomes(passed=1, failed=3)
    assert told(result)[-1] == "checked 3 classes, 4 exceptions: 1 whole, 2 lossy"
    assert not {"\0", "\x1b"} & set(
        "\n".join(line for line in result.outlines if "portable-errors" in line or "why" in line)
    )
    assert "INTERNALERROR" not in result.stdout.str() + result.stderr.str()


ELSEWHERE = """
import sys

def test_runs_there():
    assert {prefix!r} in (sys.prefix, sys.executable)

def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

def test_whole():
    with pytest.raises(Whole): raise Whole("a")
"""
ONCE = ("--dist", "load", "--max-worker-restart=0")
ELSEWHERE_REPORT = [
    (
        "1  shop.errors.NotFound     broken everywhere     pickle, cloudpickle     1 test     "
        "shop/errors.py:10"
    ),
    "checked 2 classes, 2 exceptions: 0 whole, 1 as you decide below, 1 lossy",
    REPORT[-2],
]


def test_workers_may_run_by_another_interpreter(run: Any, tmp_path: Path) -> None:
    """Of the same version of Python: pytest-xdist gives workers on this machine its own
    ``sys.path``."""
    venv.create(tmp_path / "other", symlinks=True)
    python = tmp_path / "other" / "bin" / "python"
    (site,) = tmp_path.glob("other/lib/*/site-packages")
    # pytest, until it is given the rest
    (site / "start.pth").write_text(sysconfig.get_path("purelib"))
    source = ELSEWHERE.format(prefix=str(tmp_path / "other"))
    result = run(
        source, "--portable-errors", *ONCE, "--tx", f"popen//python={python}", "test_shop.py"
    )
    result.assert_outcomes(passed=2, failed=1)
    assert told(result) == ELSEWHERE_REPORT


@pytest.mark.parametrize("interpreter", ["this", "another"])
def test_workers_may_run_on_another_machine(
    run: Any, pytester: pytest.Pytester, tmp_path: Path, ssh_config: Path, interpreter: str
) -> None:
    """By SSH, where nothing is shared, and the version of Python may be another."""
    python = (
        sys.executable if interpreter == "this" else os.environ.get("PORTABLE_ERRORS_OTHER_PYTHON")
    )
    if python is None:
        pytest.skip(
            "PORTABLE_ERRORS_OTHER_PYTHON names no interpreter that has the plugin and pytest-xdist"
        )
    there = tmp_path / "there"
    there.mkdir()
    where = f"ssh=loop//ssh_config={ssh_config}//chdir={there}//python={python}"
    options = (
        *ONCE,
        "--tx",
        where,
        f"--rsyncdir={pytester.path}",
        str(pytester.path / "test_shop.py"),
    )
    result = run(ELSEWHERE.format(prefix=python), "--portable-errors", *options)
    # that --rsyncdir is deprecated
    result.assert_outcomes(passed=2, failed=1, warnings=result.parseoutcomes().get("warnings", 0))
    assert told(result) == ELSEWHERE_REPORT
    assert (there / pytester.path.name / "shop" / "errors.py").exists()


@pytest.fixture
def ssh_config(tmp_path: Path) -> Iterator[Path]:
    """Of a client that reaches this machine as ``loop``, through a server of the test's own on
    loopback."""
    where = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"])
    sshd, ssh, keygen = (shutil.which(name, path=where) for name in ("sshd", "ssh", "ssh-keygen"))
    if not (sshd and ssh and keygen):
        pytest.skip("no OpenSSH server and client are installed")
    for name in ("host", "user"):
        subprocess.run([keygen, "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / name], check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server, client = tmp_path / "sshd_config", tmp_path / "ssh_config"
    server.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {tmp_path}/host\nAuthorizedKeysFile "
        f"{tmp_path}/user.pub\n"
        "PidFile none\nStrictModes no\nPermitRootLogin "
        "prohibit-password\nPasswordAuthentication no\n"
    )
    client.write_text(
        f"Host loop\n  HostName 127.0.0.1\n  Port {port}\n  IdentityFile {tmp_path}/user\n  "
        "IdentitiesOnly yes\n"
        "  StrictHostKeyChecking no\n  UserKnownHostsFile /dev/null\n  LogLevel ERROR\n  "
        "BatchMode yes\n"
    )
    tried = subprocess.run([sshd, "-t", "-f", server], capture_output=True, text=True)
    if tried.returncode != 0:
        pytest.skip(f"the SSH server cannot run here: {tried.stderr.strip()}")
    with subprocess.Popen([sshd, "-D", "-e", "-f", server], stderr=subprocess.DEVNULL) as running:
        try:
            end = time.monotonic() + 5
            while (
                reached := subprocess.run(
                    [ssh, "-F", client, "loop", "true"], capture_output=True, text=True
                )
            ).returncode != 0:
                if time.monotonic() > end:
                    pytest.skip(f"the SSH server lets nobody in: {reached.stderr.strip()}")
                time.sleep(0.05)
            yield client
        finally:
            running.terminate()
