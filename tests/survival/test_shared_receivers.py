"""Workers of pytest-xdist share receivers: whoever of them ends, the verdicts are the same, and no
process stays."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX
from processes import SIGNAL_HUB, below, wait_until_gone

pytest.importorskip("xdist")

SOURCE = """
import os, pathlib

@pytest.mark.parametrize("number", range(8))
def test_it(number):
    {first}
    with pytest.raises((Whole, NotFound)):
        raise Whole("a", number) if number % 2 else NotFound({{number}})
    rows = [f"{{os.getppid()}} 0 the controller", *processes()]
    pathlib.Path(f"processes{{number}}.txt").write_text("\\n".join(rows))

def processes():
    for folder in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            parent = (folder / "stat").read_text().rpartition(")")[2].split()[1]
            command = " ".join((folder / "cmdline").read_text().replace("\\0", " ").split())
        except OSError:
            continue
        yield f"{{folder.name}} {{parent}} {{command}}"
"""
FLAGS = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")


def processes(pytester: pytest.Pytester) -> list[list[str]]:
    """Process ID, parent and command of each process of the run, as each of its tests saw them: one
    worker may have ended when the other runs its last test."""
    seen: dict[str, list[str]] = {}
    for file in sorted(pytester.path.glob("processes*.txt")):
        rows = [line.split(" ", 2) for line in file.read_text().splitlines()]
        ours = {rows[0][0]}  # the controller, and what lies below it
        for _ in rows:
            ours |= {pid for pid, parent, _ in rows if parent in ours}
        seen.update({row[0]: row for row in rows if row[0] in ours})
    return list(seen.values())


def receivers(pytester: pytest.Pytester) -> int:
    """How many the run had: those that nobody of them has forked."""
    rows = processes(pytester)
    found = {pid for pid, _, command in rows if re.search(r"/receiver (fork|spawn)$", command)}
    return sum(pid in found and parent not in found for pid, parent, _ in rows)


def test_two_workers_have_one_receiver(run: Any, pytester: pytest.Pytester) -> None:
    result = run(SOURCE.format(first=""), "-n", "2", *FLAGS)
    result.assert_outcomes(passed=4, failed=4)
    assert receivers(pytester) == 1
    commands = [command for _, _, command in processes(pytester)]
    assert not any(re.search(r"/portable-errors-\w+/hub", command) for command in commands)


def test_where_the_hub_cannot_be_each_has_its_own(
    run: Any, monkeypatch: pytest.MonkeyPatch, pytester: pytest.Pytester
) -> None:
    """The control."""
    (pytester.path / ("x" * 100)).mkdir()
    monkeypatch.setenv("TMPDIR", str(pytester.path / ("x" * 100)))
    result = run(SOURCE.format(first=""), "-n", "2", *FLAGS)
    result.assert_outcomes(passed=4, failed=4)
    assert receivers(pytester) == 2


@pytest.mark.parametrize(
    "first",
    [
        "__import__('socket').socket = type('Forbidden', (), {})",
        "os.environ.clear()",
        "os.fork() or os._exit(0)",
        "signal_hub(signal.SIGKILL)",
    ],
)
def test_the_verdicts_are_the_same(run: Any, first: str) -> None:
    result = run(SIGNAL_HUB + SOURCE.format(first=first), "-n", "2", *FLAGS)
    result.assert_outcomes(passed=4, failed=4)
    result.stdout.fnmatch_lines(["checked 2 classes, 8 exceptions: 1 whole, 1 lossy"])


def test_a_run_that_checks_nothing_starts_none(run: Any, pytester: pytest.Pytester) -> None:
    run(SOURCE.format(first=""), "-n", "2", "test_shop.py").assert_outcomes(passed=8)
    assert not any("receiver" in command for _, _, command in processes(pytester))


def test_a_worker_on_another_host_has_its_own(pytester: pytest.Pytester) -> None:
    from types import SimpleNamespace

    from pytest_portable_errors.run.stash import OPTIONS, close_hub, hub_for

    def path_for(popen: bool) -> str | None:
        spec = SimpleNamespace(popen=popen)
        worker = SimpleNamespace(gateway=SimpleNamespace(spec=spec))
        return hub_for(config, worker)

    config: Any = SimpleNamespace(stash={OPTIONS: SimpleNamespace(is_on=True)})
    assert path_for(popen=False) is None
    assert path_for(popen=True) is not None, "the control"
    close_hub(config)


HANGS = """
import os, time
import pytest

class Hangs(Exception):
    def __reduce__(self):
        return eval, ("__import__('time').sleep(1000)",)

class Daemon(Exception):
    def __reduce__(self):
        return eval, ("__import__('os').fork() or (__import__('os').setsid(), __import__('time').sleep(1000))",)

@pytest.mark.parametrize("number", range(1000))
def test_it(number):
    with pytest.raises(Exception):
        raise (ValueError, Hangs, Daemon)[number % 3](number)
"""


@pytest.mark.parametrize("whom", ["controller", "worker"])
@pytest.mark.parametrize("rounds", [1, pytest.param(3, marks=MATRIX)])
def test_no_process_stays_when_one_is_killed(tmp_path: Path, rounds: int, whom: str) -> None:
    """At moments that are chosen by chance, and told by the seed."""
    (tmp_path / "test_it.py").write_text(HANGS)
    seed = random.randrange(10**6)
    moments = random.Random(seed)
    for _ in range(rounds):
        controller = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2"),
                *("--portable-errors", "--max-worker-restart=0", *chosen(), str(tmp_path)),
            ],
            env={**os.environ, **NO_OTHERS},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        deadline = time.monotonic() + 60
        while len(below(controller.pid)) < 4 and time.monotonic() < deadline:
            time.sleep(0.01)  # the hub and two workers, and what one of these has started
        time.sleep(moments.random() * 2)
        ours = below(controller.pid)
        if whom == "worker":
            command = Path(f"/proc/{controller.pid}/task/{controller.pid}/children").read_text()
            for pid in command.split():
                if b"receiver" not in Path(f"/proc/{pid}/cmdline").read_bytes():
                    os.kill(int(pid), signal.SIGKILL)
            controller.wait(timeout=60)
        controller.send_signal(signal.SIGKILL)
        controller.wait()
        left = {pid for root in ours for pid in below(root)}
        assert not wait_until_gone(ours | left, seconds=20), f"seed {seed}"
