"""What receivers import first in the session ``coverage`` (noxfile.py): they are measured, and all
that they fork.

No module of the tests: it is copied beside the package that the session has installed.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable

import coverage

# seconds that a process may take to write what was measured: a child that has answered is killed at
# once
PATIENCE = 0.5


def _measured(end: Callable[[int], None]) -> Callable[[int], None]:
    """``os._exit``, by which forked processes end. Not patched in the tests' own process (``patch =
    _exit``): they pickle it."""

    def save_and_end(status: int) -> None:
        measured = coverage.Coverage.current()
        # a payload may have closed or forbidden whatever that needs
        with contextlib.suppress(Exception):
            if measured is not None:
                measured.save()
        end(status)

    return save_and_end


def _patient(kill: Callable[[int, int], None]) -> Callable[[int, int], None]:
    def wait_and_kill(pid: int, number: int) -> None:
        deadline = time.monotonic() + PATIENCE
        while number == signal.SIGKILL and _runs(pid) and time.monotonic() < deadline:
            time.sleep(0.002)
        kill(pid, number)

    return wait_and_kill


def _runs(pid: int) -> bool:
    try:
        return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
    except OSError:  # no child of this process
        return False


coverage.process_startup()  # unless site has started it already, where a receiver has one
os.kill, os.killpg = _patient(os.kill), _patient(os.killpg)
os._exit = _measured(os._exit)  # type: ignore[assignment]  # a function that does not return
