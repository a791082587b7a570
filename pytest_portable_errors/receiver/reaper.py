"""The process above a server: whatever becomes of the server, nothing that it or a payload has
started stays behind.

A payload can fork into a session of its own, kill the server that it was forked from, or stop it.
On Linux it is the guardian that such orphans fall to (PR_SET_CHILD_SUBREAPER, prctl(2)); elsewhere
there is none.
"""

import os
import select
import signal
import sys
import time
from typing import Iterable, List, Optional, Sequence

_PR_SET_CHILD_SUBREAPER = 36  # linux/prctl.h
PAUSE = 0.2  # seconds between two looks for orphans
PATIENCE = 2.0  # seconds that killed processes may take to end


def guard(theirs: Sequence[int]) -> int:
    """Fork. The child, which goes on as the server, gets a descriptor to knock on after each check;
    the parent does not return.

    ``theirs`` are descriptors that the guardian must not hold open. The result is -1 where there is
    no guardian.
    """
    if not sys.platform.startswith("linux"):
        return -1
    knocks, knock = os.pipe()
    watched, watching = os.pipe()
    os.set_blocking(knock, False)
    server = os.fork()
    if server == 0:
        os.close(knocks)
        os.close(watching)
        os.read(watched, 1)  # ends when the guardian is ready for orphans
        os.close(watched)
        return knock
    try:
        for fd in (*theirs, watched, knock):
            os.close(fd)
        _adopt_orphans()
        os.close(watching)
        _watch(server, knocks)
    finally:
        os._exit(0)


def _adopt_orphans() -> None:
    try:
        import ctypes  # here, because neither the server nor a check needs it

        ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    except (ImportError, OSError, AttributeError):
        pass  # a Python without ctypes: orphans fall to init


def _watch(server: int, knocks: int) -> None:
    """Kill orphans until the server ends, then whatever is left."""
    endings, ending = os.pipe()
    os.set_blocking(ending, False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(ending, warn_on_full_buffer=False)
    while True:
        found, status = os.waitpid(server, os.WNOHANG | os.WUNTRACED)
        if found and os.WIFSTOPPED(status):
            # a payload has stopped it: it would answer nobody any more
            os.kill(server, signal.SIGKILL)
        elif found:
            break
        _kill(pid for pid in _children() if pid != server)
        _wait([endings], PAUSE)
        _wait([endings, knocks], None)
    deadline = time.monotonic() + PATIENCE
    while _kill(_children()) and time.monotonic() < deadline:
        time.sleep(0.005)


def _wait(fds: Sequence[int], seconds: Optional[float]) -> None:
    """Until there is something to read, and read it."""
    for fd in select.select(fds, [], [], seconds)[0]:
        os.read(fd, 1 << 16)


def _children() -> List[int]:
    """Process ids of our children: those that we forked and the orphans that fell to us."""
    own = os.getpid()
    found = []
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                with open("/proc/{}/stat".format(name), "rb") as stat:
                    parent = stat.read().rpartition(b")")[2].split()[1]
            except OSError:
                continue  # it has ended meanwhile
            if int(parent) == own:
                found.append(int(name))
    return found


def _kill(pids: Iterable[int]) -> bool:
    """Kill these children and wait for those that have ended; whether there were any."""
    any_left = False
    for pid in pids:
        any_left = True
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, os.WNOHANG)
    return any_left
