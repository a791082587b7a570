"""One receiver, as the sender sees it: greet it, ask it, end it.

What it needs is bound when it is imported, because tests patch the world (pyfakefs, gevent,
freezegun). It speaks through pipes, because tests forbid sockets.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.sender.project import Imports
from pytest_portable_errors.sender.started import Started
from pytest_portable_errors.sender.unpatched import UNPATCHED

if TYPE_CHECKING:
    from pytest_portable_errors.sender.shared import Connection

SLICE = 0.2  # seconds: the longest wait before it is checked whether the controller is gone
START_SECONDS = 60.0  # wall clock that a receiver may take until it greets
IMPORT_SECONDS = 120.0  # processor time that the imports of what a payload names may take
STALL_SECONDS = 30.0  # wall clock, after which an import that uses no processor time is given up

_KILLED = -9  # the exit status of what SIGKILL has ended, which Windows lacks
AT_ONCE = max(2, UNPATCHED.cores)  # checks that one receiver makes at the same time


class ReceiverEnded(Exception):
    """The receiver's process has ended, or was closed."""


class Receiver:
    """One fresh interpreter, and what was asked of it."""

    def __init__(
        self,
        name: str,
        imports: Imports,
        started: Started | Connection,
        *,
        controller: int | None = None,
    ) -> None:
        """Tell the interpreter what it may import, without waiting for it: see ``greet``.

        Args:
            name: What failure texts call it.
            imports: What it may import.
            started: The interpreter, its own or shared; the receiver closes it.
            controller: Process ID of the parent (pytest-xdist's controller). When another process
                becomes the parent, nobody reads answers any more, and this process ends. None: any
                parent will do.
        """
        self.name = name
        self._controller = controller
        self.started = started
        self._decoder = messages.Decoder(skip_to=messages.START)
        self._answers: dict[int, messages.Head] = {}
        self._next = 0
        self._is_greeted = False
        limits = {
            "at_once": AT_ONCE,
            "import_seconds": IMPORT_SECONDS,
            "stall_seconds": STALL_SECONDS,
        }
        with contextlib.suppress(ReceiverEnded, OSError):  # greet says why it has ended
            started.begin()
            self._send(
                {
                    **asdict(imports),
                    **limits,
                    "python": [sys.implementation.name, *sys.version_info[:2]],
                    "prefix": sys.prefix,
                    "exec_prefix": sys.exec_prefix,
                }
            )

    @property
    def pid(self) -> int:
        """The process that started it."""
        return self.started.pid

    @property
    def process(self) -> subprocess.Popen[bytes]:
        """The process of one that is not shared."""
        assert isinstance(self.started, Started)
        return self.started.process

    def greet(self) -> None:
        """Wait until it has shown that what must be absent is absent; later calls do nothing.

        Raises:
            PortableErrorsError: It cannot start, or is not isolated; then it is closed.
            ReceiverEnded: Somebody has killed it; or it was shared, and the hub has ended.
            MessageError: What it wrote is no message; then it is closed.
        """
        if self._is_greeted:
            return
        try:
            self._await_greeting()
        except BaseException:
            self.close()
            raise
        self._is_greeted = True
        self.started.drop_errors()

    def _await_greeting(self) -> None:
        heads: list[messages.Head] = []
        errors = b""
        seconds_left = START_SECONDS
        try:
            while not heads and seconds_left > 0:
                heads = self._receive(SLICE)
                seconds_left -= SLICE
                if not heads:
                    self._ensure_running()
                errors += self.started.read_errors()
        except ReceiverEnded:
            errors += self.started.read_errors()
            status = self.close()
            if status in (None, _KILLED):
                raise  # the hub has ended, or somebody has killed it: that is no fault of its own
            text = errors.decode(errors="backslashreplace")
            raise self._cannot_start(status, text) from None
        if not heads:
            raise PortableErrorsError(
                f"receiver {self.name!r} cannot start: {self.started.python} gave no answer in "
                f"{START_SECONDS:g} s"
            )
        greeting, *answers = heads
        if greeting["event"] == messages.ENDED:
            raise self._cannot_start(greeting["status"], greeting["errors"])
        if greeting["leaks"]:
            leaks = "; ".join(f"{module} ({file})" for module, file in greeting["leaks"].items())
            raise PortableErrorsError(
                f"receiver {self.name!r} is not isolated, it can import what must be absent "
                f"there: {leaks}"
            )
        self._answers.update((answer["id"], answer) for answer in answers)

    def _cannot_start(self, status: int, errors: str) -> PortableErrorsError:
        """The error for how it ended, with the line that tells most of what it has written."""
        lines = [line for line in errors.split("\n") if line.strip()]
        because = (
            "" if not lines else f": {lines[-1] if lines[0].startswith('Traceback') else lines[0]}"
        )
        how = f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        return PortableErrorsError(
            f"receiver {self.name!r} cannot start: {self.started.python} {how}{because}"
        )

    def submit(self, head: messages.Head, payload: bytes = b"") -> int:
        """Send a request, without waiting for its answer.

        Args:
            head: The request, as ``Request.head`` gives it; its number is added.
            payload: Bytes to rebuild; none, to have modules imported only.

        Returns:
            The request's number, for ``result``.

        Raises:
            ReceiverEnded: There is nobody to send it to.
        """
        self._next += 1
        self._send({**head, "id": self._next}, payload)
        return self._next

    def result(self, number: int, *, seconds: float) -> messages.Head | None:
        """Wait for the answer to a request, and hand it out once.

        Args:
            number: What ``submit`` gave.
            seconds: How long to wait while nothing arrives, in wall-clock time. It is counted in
                slices, because tests change the clock.

        Returns:
            The answer; None if there was none in that time.

        Raises:
            ReceiverEnded: The process has ended instead.
            MessageError: What it wrote is no message.
        """
        seconds_left = seconds
        while number not in self._answers and seconds_left > 0:
            answers = self._receive(SLICE)
            self._answers.update((answer["id"], answer) for answer in answers)
            if not answers:
                seconds_left -= SLICE
                self._exit_without_controller()
                self._ensure_running()
        return self._answers.pop(number, None)

    def _ensure_running(self) -> None:
        """Raise ReceiverEnded for one that is stopped, as a payload can stop what is above it: it
        would answer nobody any more."""
        if self.started.is_stopped():
            raise ReceiverEnded

    def _exit_without_controller(self) -> None:
        if self._controller is not None and UNPATCHED.getppid() != self._controller:
            self.close()
            # The controller was killed: this worker would wait for an answer that nobody reads.
            UNPATCHED.exit(1)

    def end(self) -> None:
        """Tell it to end, without waiting until it has; a fork of its starter tells nothing."""
        if self.pid == UNPATCHED.getpid() and self.started.requests >= 0:
            with contextlib.suppress(ReceiverEnded, OSError):
                # Closing the pipe would do, unless something that a test forked holds it open.
                self._send({"end": True})

    def close(self) -> int | None:
        """End it and everything below it; it is killed if it has not ended after some seconds.

        Returns:
            How it ended: see ``Started.close``.
        """
        self.end()
        return self.started.close()

    def _send(self, head: messages.Head, body: bytes = b"") -> None:
        try:
            UNPATCHED.write(self.started.requests, messages.encode(head, body))
        except OSError:
            raise ReceiverEnded from None

    def _receive(self, seconds: float) -> list[messages.Head]:
        """Return the messages that arrive within that time.

        Raises ReceiverEnded, and MessageError for what is no message.
        """
        if self.started.replies < 0:
            # It was closed meanwhile, for what another payload did to it, or to make room.
            raise ReceiverEnded
        if not UNPATCHED.wait_readable(self.started.replies, seconds):
            return []
        data = UNPATCHED.read(self.started.replies, messages.PIECE)
        if not data:
            raise ReceiverEnded
        return [
            {**head, **messages.from_json(body)} if body else head
            for head, body in self._decoder.feed(data)
        ]
