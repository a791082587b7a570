"""The processes below a server, and the pipes to them."""

import os
import signal
import time
from collections import deque
from typing import Deque, Dict, List, Optional, Tuple

from . import frames

WALL_FACTOR = 6  # wall clock allowed for each second of processor time: machines are shared
BRANCH_SECONDS = 120.0  # processor time, and wall clock, that the imports of a branch may take

Request = Tuple[frames.Head, bytes]


class Pipes:
    """Both directions to one other process: messages in, and out without ever blocking."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.open = True
        self.closed = False
        self._decoder = frames.Decoder()
        self._waiting: Deque[memoryview] = deque()
        for fd in {read_fd, write_fd} - {-1}:
            os.set_blocking(fd, False)

    def read(self) -> List[Request]:
        """What has arrived. ``open`` is False once the other side has ended. Raises FrameError."""
        try:
            data = os.read(self.read_fd, 1 << 20)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.open = bool(data)
        return self._decoder.feed(data)

    def write(self, head: frames.Head, body: bytes = b"") -> None:
        self._waiting.append(memoryview(frames.encode(head, body)))
        self.flush()

    def flush(self) -> None:
        while self._waiting:
            try:
                sent = os.write(self.write_fd, self._waiting[0])
            except BlockingIOError:
                return
            except OSError:  # the reader is gone; its end is noticed where it is read from
                self._waiting.clear()
                return
            self._waiting[0] = self._waiting[0][sent:]
            if not self._waiting[0]:
                self._waiting.popleft()

    @property
    def is_writing(self) -> bool:
        return bool(self._waiting)

    def close(self) -> None:
        """Close our ends."""
        self.closed = True
        for fd in {self.read_fd, self.write_fd} - {-1}:
            os.close(fd)


class Child:
    """A process forked from this one, and the pipes to it."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        self.pid, self.pipes = pid, pipes
        self._status: Optional[Tuple[int, float]] = None

    def status(self) -> Optional[Tuple[int, float]]:
        """``(wait status, seconds of processor time)`` once it has ended, None while it runs."""
        if self._status is None:
            found, status, usage = os.wait4(self.pid, os.WNOHANG)
            if found:
                self._status = (status, usage.ru_utime + usage.ru_stime)
        return self._status

    def kill(self, *, group: bool) -> None:
        """Kill it, and with ``group`` what it has forked. The caller waits for its end."""
        for kill in (os.killpg, os.kill) if group else (os.kill,):
            try:
                kill(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue


class Check(Child):
    """A child that makes one check."""

    def __init__(self, pid: int, pipes: Pipes, head: frames.Head) -> None:
        super().__init__(pid, pipes)
        self.head = head
        self.deadline = time.monotonic() + WALL_FACTOR * head["timeout"]


class Branch(Child):
    """A server forked from this one, with one more module imported."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        super().__init__(pid, pipes)
        self.ready = False
        self.deadline = time.monotonic() + BRANCH_SECONDS
        self.pending: Dict[int, Request] = {}
        self.used = time.monotonic()


def how_it_ended(status: int, seconds: float) -> str:
    if os.WIFSIGNALED(status):
        number = os.WTERMSIG(status)
        if number == signal.SIGXCPU or (number == signal.SIGKILL and seconds > 0.5):
            return "ended by {} after {:.1f} s of processor time".format(_signal_name(number), seconds)
        return "ended by {}".format(_signal_name(number))
    return "the process exited with status {} before it answered".format(os.WEXITSTATUS(status))


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)
