"""The processes below a fork server, and the pipes to them."""

import contextlib
import os
import signal
from collections import deque
from typing import Deque, List, Optional

from . import messages


class Pipes:
    """The two pipes to one other process; reading and writing never block.

    Args:
        read_fd: The descriptor from which messages come; it is made non-blocking.
        write_fd: The descriptor to which messages go; likewise.
        skip_to: The bytes right before the first message; see ``messages.Decoder``.
    """

    def __init__(self, read_fd: int, write_fd: int, *, skip_to: bytes = b"") -> None:
        self.read_fd, self.write_fd = read_fd, write_fd
        self.open = True
        """False once the other side has ended, or is not to be read from any longer."""
        self.closed = False
        """Whether ``close`` was called: the numbers of the descriptors may be another pipe's."""
        self._decoder = messages.Decoder(skip_to=skip_to)
        self._waiting: Deque[memoryview] = deque()
        for fd in (read_fd, write_fd):
            os.set_blocking(fd, False)

    def read(self) -> List[messages.Message]:
        """Read what has arrived, and set ``open`` to False if the other side has ended.

        Returns:
            The messages that are complete now.

        Raises:
            MessageError: What arrived is no message.
        """
        try:
            data = os.read(self.read_fd, messages.PIECE)
        except BlockingIOError:
            return []
        except OSError:
            data = b""
        self.open = bool(data)
        return self._decoder.feed(data)

    def write(self, head: messages.Head, body: bytes = b"") -> None:
        """Write a message as far as the pipe takes it; keep the rest for ``flush``."""
        self.write_bytes(messages.encode(head, body))

    def write_bytes(self, data: bytes) -> None:
        """Write bytes that are no message, in the same way."""
        self._waiting.append(memoryview(data))
        self.flush()

    def flush(self) -> None:
        """Write what is kept as far as the pipe takes it; drop it if the other side is gone."""
        while self._waiting:
            try:
                size = os.write(self.write_fd, self._waiting[0])
            except BlockingIOError:
                return
            except OSError:  # the other side is gone, which is noticed where it is read from
                self._waiting.clear()
                return
            self._waiting[0] = self._waiting[0][size:]
            if not self._waiting[0]:
                self._waiting.popleft()

    @property
    def is_writing(self) -> bool:
        """Whether anything is kept for ``flush``."""
        return bool(self._waiting)

    def close(self) -> None:
        """Close this process's ends of both pipes."""
        self.closed = True
        for fd in (self.read_fd, self.write_fd):
            os.close(fd)


class Child:
    """A process forked from this one, and the pipes to it."""

    def __init__(self, pid: int, pipes: Pipes) -> None:
        self.pid, self.pipes = pid, pipes
        self._ended: Optional[int] = None

    def ended(self) -> Optional[int]:
        """Its exit status, or the negative number of the signal that ended it; None while it runs.

        Never waits. The first call after its end reaps the child.
        """
        if self._ended is None:
            self._note(*os.waitpid(self.pid, os.WNOHANG))
        return self._ended

    def _note(self, changed_pid: int, status: int) -> None:
        """Keep how the child ended, as ``os.waitpid`` says it; 0 as the process ID: not yet."""
        if changed_pid:
            self._ended = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)

    def end_if_stopped(self) -> None:
        """Kill the child if it is stopped: it would answer nobody any more.

        A payload can stop the process that it was forked from.
        """
        if self._ended is None:
            changed_pid, status = os.waitpid(self.pid, os.WNOHANG | os.WUNTRACED)
            if changed_pid and os.WIFSTOPPED(status):
                self.kill(group=False)
            else:
                self._note(changed_pid, status)

    def signal_group(self, number: int) -> None:
        """Send a signal to the child and what it has forked: the group of processes that it leads.

        Nothing happens if they have ended.
        """
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, number)

    def kill(self, *, group: bool) -> None:
        """Kill the child; the caller waits for its end.

        Args:
            group: Whether to kill what it has forked as well: the group of processes that it leads.
        """
        for kill in (os.killpg, os.kill) if group else (os.kill,):
            try:
                kill(self.pid, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
