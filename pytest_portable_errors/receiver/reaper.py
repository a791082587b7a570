"""The reaper: the process above a server that ends what the server or a payload leaves behind.

A payload can fork into a session of its own, kill the server that it was forked from, or stop it.
On Linux such orphans become children of the reaper (PR_SET_CHILD_SUBREAPER, prctl(2)); elsewhere
there is no reaper.
"""

import contextlib
import os
import select
import signal
import sys
import time
from typing import Iterable, List, Optional, Sequence

from .process_tree import PROCESSES

# linux/prctl.h
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
PAUSE = 0.2  # seconds between two looks for orphans, at least
PATIENCE = 2.0  # seconds that killed processes may take to end


def guard(server_fds: Sequence[int]) -> int:
    """Fork: the child goes on as the server, and the parent becomes its reaper and never returns.

    Args:
        server_fds: Descriptors of the server that the reaper must not hold open.

    Returns:
        The descriptor for ``knock_on``, in the child; -1 where there is no reaper.
    """
    if not sys.platform.startswith("linux"):
        return -1
    knock_read, knock_write = os.pipe()
    ready_read, ready_write = os.pipe()
    os.set_blocking(knock_write, False)
    server = os.fork()
    if server == 0:
        os.close(knock_read)
        os.close(ready_write)
        os.read(ready_read, 1)  # ends when the reaper is ready for orphans
        os.close(ready_read)
        return knock_write
    try:
        for fd in (*server_fds, ready_read, knock_write):
            os.close(fd)
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)
        wake_when_parent_ends()
        os.close(ready_write)
        _watch(server, knock_read)
    finally:
        os._exit(0)


def knock_on(knock: int) -> None:
    """Tell the reaper that a check has ended; ``knock`` is what ``guard`` returned."""
    # The reaper has knocks enough to hear, or there is none.
    with contextlib.suppress(OSError):
        os.write(knock, b".")


def wake_when_parent_ends() -> None:
    """Have this process continued when its parent ends, in case it is stopped then: it has to end,
    too. That is a matter of Linux; elsewhere nothing happens."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGCONT)


def end_with_parent() -> None:
    """Have this process killed when the thread ends that started it, and have the orphans among
    its descendants become its children. That is a matter of Linux; elsewhere nothing happens."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _prctl(option: int, value: int) -> None:
    """Set an option of this process (prctl(2)), where there is such a thing."""
    try:
        import ctypes  # imported here, because neither the server nor a check needs it

        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
    except (ImportError, OSError, AttributeError, TypeError):
        pass  # not Linux, or a Python without ctypes: orphans fall to init


def _watch(server: int, knock_read: int) -> None:
    """Kill orphans until the server ends, then all children that are left.

    It looks when a child has ended; and when a check has, but for that no more often than every
    ``PAUSE``.
    """
    child_read, child_write = os.pipe()
    os.set_blocking(child_write, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(child_write, warn_on_full_buffer=False)
    while True:
        changed_pid, status = os.waitpid(server, os.WNOHANG | os.WUNTRACED)
        if changed_pid and os.WIFSTOPPED(status):
            # A payload has stopped it: it would answer nobody any more.
            os.kill(server, signal.SIGKILL)
        elif changed_pid:
            break
        _kill(pid for pid in _children() if pid != server)
        # What ends during the pause may be the server: that is looked at before it sleeps.
        if not _wait([child_read], PAUSE):
            _wait([child_read, knock_read], None)
    deadline = time.monotonic() + PATIENCE
    while _kill(_children()) and time.monotonic() < deadline:
        time.sleep(0.005)


def _wait(fds: Sequence[int], seconds: Optional[float]) -> bool:
    """Wait until there is something to read, and drop it; whether there was.

    ``seconds`` of None: without end.
    """
    readable = select.select(fds, [], [], seconds)[0]
    for fd in readable:
        os.read(fd, 1 << 16)
    return bool(readable)


def _children() -> List[int]:
    """Process IDs of this process's children: those that it forked, and the orphans."""
    return PROCESSES.children().get(os.getpid(), [])


def _kill(pids: Iterable[int]) -> bool:
    """Kill these children and reap those that have ended already; whether there were any."""
    had_any = False
    for pid in pids:
        had_any = True
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, os.WNOHANG)
    return had_any
