"""The processes below a fork server, and the pipes to them."""

import contextlib
import os
import signal
from collections import deque
from typing import Deque, List, Optional, Tuple

from . import messages

Request = Tuple[messages.Head, bytes]


class Pipes:
    """Both directions to one other process: messages in, and out without ever blocking."""

    def __init__(self, read_fd: int, write_fd: int) -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.open = True
        self.closed = False
        self._decoder = messages.Decoder()
        self._waiting: Deque[memoryview] = deque()
        for fd in (read_fd, write_fd):
            os.set_blocking(fd, False)

    def read(self) -> List[Request]:
        """What has arrived. ``open`` is False once the other side has ended. Raises
        MessageError."""
        try:
            data = os.read(self.read_fd, messages.PIECE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.open = bool(data)
        return self._decoder.feed(data)

    def write(self, head: messages.Head, body: bytes = b"") -> None:
        self._waiting.append(memoryview(messages.encode(head, body)))
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
        for fd in (self.read_fd, self.write_fd):
            os.close(fd)


class Child:
    """A process forked from this one, and the pipes to it."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        self.pid, self.pipes = pid, pipes
        self._ended: Optional[int] = None

    def ended(self) -> Optional[int]:
        """Its exit status, or the negative signal that ended it; None while it runs."""
        if self._ended is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self._ended = (
                    -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
                )
        return self._ended

    def end_if_stopped(self) -> None:
        """A payload can stop the process that it was forked from, which would answer nobody any
        more."""
        if self.ended() is None:
            with contextlib.suppress(ChildProcessError):  # it ended just now
                if os.waitid(os.P_PID, self.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None:
                    self.kill(group=False)

    def kill(self, *, group: bool) -> None:
        """Kill it, and with ``group`` what it has forked. The caller waits for its end."""
        for kill in (os.killpg, os.kill) if group else (os.kill,):
            try:
                kill(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
