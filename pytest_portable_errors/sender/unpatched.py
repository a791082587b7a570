"""The operating system as it is before tests patch it.

Tests replace ``os``, ``time`` and ``subprocess``, also where another module has bound their
functions under names of its own (pyfakefs and freezegun look through the globals of every module).
What an object holds, they leave alone.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any, NoReturn

from pytest_portable_errors.receiver.process_tree import PROCESSES


class Unpatched:
    """Functions of the system as they are when this is made, and facts about the machine.

    ``UNPATCHED`` is made when this module is imported, which is before the first test body.
    """

    def __init__(self) -> None:
        # What os has these from: a test that replaces os.write may be the first to import this.
        system: Any = sys.modules[os.name]
        self.popen = subprocess.Popen
        self.getpid: Callable[[], int] = system.getpid
        self.getppid: Callable[[], int] = system.getppid
        self.read: Callable[[int, int], bytes] = system.read
        self.exit: Callable[[int], NoReturn] = system._exit
        self.processes = PROCESSES
        self.monotonic, self.process_time = time.monotonic, time.process_time
        self.environment = dict(os.environ)
        """A copy of the environment, as it was then."""
        self.cores: int = (
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1
        )
        self.can_fork: bool = hasattr(os, "fork") and sys.platform != "darwin"
        """Whether a forked process may go on as it is: the frameworks of macOS do not survive a
        fork."""
        self._sleep = time.sleep
        self._write = system.write
        self._killpg = getattr(system, "killpg", None)
        self._mask = getattr(signal, "pthread_sigmask", None)
        self._poll = getattr(select, "poll", None)

    def wait_readable(self, fd: int, seconds: float) -> bool:
        """Wait until a pipe has something to read, or has ended.

        Args:
            fd: The descriptor of the pipe.
            seconds: The longest wait, in wall-clock time; 0 to look once.

        Returns:
            Whether there is something to read, or the end.
        """
        if sys.platform == "win32":
            return self._peek(fd, seconds)
        assert self._poll is not None  # everywhere but on Windows
        poll = self._poll()
        poll.register(fd, select.POLLIN)
        return bool(poll.poll(seconds * 1000))

    def write(self, fd: int, data: bytes) -> None:
        """Write all of it to a pipe, and be told if nobody reads it, whatever SIGPIPE does here.

        Command line tools give that signal its default, which is to end the process, and their
        tests do so in this one.

        Args:
            fd: The descriptor of the pipe.
            data: Any number of bytes.

        Raises:
            OSError: Nobody reads it.
        """
        if self._mask is None:  # Windows has neither
            self._write_all(fd, data)
            return
        before = self._mask(signal.SIG_BLOCK, {signal.SIGPIPE})
        try:
            self._write_all(fd, data)
        except OSError:
            if signal.SIGPIPE not in before and signal.SIGPIPE in signal.sigpending():
                signal.sigwait({signal.SIGPIPE})  # it would be raised when it is unblocked
            raise
        finally:
            self._mask(signal.SIG_SETMASK, before)

    def _write_all(self, fd: int, data: bytes) -> None:
        view = memoryview(data)
        while view:
            size = self._write(fd, view)
            if not size:
                raise OSError("nothing was written")
            view = view[size:]

    def kill_tree(self, process: subprocess.Popen[bytes]) -> None:
        """Kill a process that was started in a session of its own, and all that is in it or below.

        Where the system has no sessions, the process alone is killed.
        """
        if self._killpg is not None:
            self.processes.end(process.pid)
            try:
                self._killpg(process.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                return
        process.kill()

    if sys.platform == "win32":

        def _peek(self, fd: int, seconds: float) -> bool:
            """Look into a pipe every millisecond.

            Windows has no poll for pipes, and no other way to look without reading.
            """
            import _winapi
            import msvcrt

            handle = msvcrt.get_osfhandle(fd)
            for _ in range(max(1, int(seconds / 0.001))):
                try:
                    if _winapi.PeekNamedPipe(handle, 0)[0]:
                        return True
                except OSError:
                    return True  # it has ended: reading it says so
                self._sleep(0.001)
            return False


UNPATCHED = Unpatched()
