"""Looking at processes, for tests that none stays behind."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

SIGNAL_HUB = """
import os, signal
def signal_hub(number):
    for name in os.listdir("/proc"):
        try:
            command = open(f"/proc/{name}/cmdline").read().split(chr(0))
            parent = int(open(f"/proc/{name}/stat").read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if command[-2:-1] == ["hub"] and parent == os.getppid():
            os.kill(int(name), number)
"""
"""For the tests of an inner run: send a signal to the process that shares receivers."""


def below(root: int) -> set[int]:
    """Process ids of all that descend from a process."""
    parents = dict(_parents())
    found = {root}
    while True:
        more = {pid for pid, parent in parents.items() if parent in found} - found
        if not more:
            return found - {root}
        found |= more


def with_argument(argument: str) -> set[int]:
    """Process ids of all that have this among their arguments."""
    found = set()
    for pid, _ in _parents():
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                if argument.encode() in file.read().split(b"\0"):
                    found.add(pid)
        except OSError:
            continue
    return found


def wait_until_gone(pids: Iterable[int], *, seconds: float) -> set[int]:
    """Those that are still there after so long; the sooner, the better."""
    end = time.monotonic() + seconds
    left = set(pids)
    while left and time.monotonic() < end:
        left = {pid for pid in left if _is_alive(pid)}
        time.sleep(0.02)
    return left


def wait_until_one_is_gone(pids: Iterable[int], *, seconds: float) -> bool:
    """Whether one of them ends within that time."""
    end = time.monotonic() + seconds
    while all(map(_is_alive, pids)):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    return True


def _is_alive(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return file.read().rpartition(b")")[2].split()[0] not in (b"Z", b"X")
    except OSError:
        return False


def _parents() -> list[tuple[int, int]]:
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open(f"/proc/{name}/stat", "rb") as file:
                    found.append((int(name), int(file.read().rpartition(b")")[2].split()[1])))
            except OSError:
                continue
    return found
