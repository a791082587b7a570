"""One receiver, as the sender sees it: start it, ask it, end it.

The only module that starts processes. What it needs is bound when it is imported, because tests patch the world (pyfakefs, gevent,
freezegun); it speaks through pipes, because tests forbid sockets.
"""

from __future__ import annotations

import contextlib
import os
import select
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import frames
from pytest_portable_errors.sender.project import Imports

SLICE = 0.2  # seconds: the longest wait without a look around (a worker of pytest-xdist that blocks outlives its controller)
START_SECONDS = 60.0
AT_ONCE = max(2, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 2)

_RECEIVER = Path(__file__).resolve().parent.parent / "receiver"
_popen, _pipe, _read, _write, _close, _poll, _monotonic = (
    subprocess.Popen,
    os.pipe,
    os.read,
    os.write,
    os.close,
    select.poll,
    time.monotonic,
)
_getpid, _environment = os.getpid, dict(os.environ)


class ReceiverEnded(Exception):
    """The receiver's process is gone."""


class Receiver:
    """One fresh interpreter, and the pipes to it."""

    def __init__(self, name: str, imports: Imports, *, cwd: str) -> None:
        """Start it in the folder ``cwd``, and wait until it has shown that what must be absent is absent.

        Raises PortableErrorsError when it cannot start or is not isolated.
        """
        self.name = name
        self.pid = _getpid()
        self._decoder = frames.Decoder()
        self._answers: dict[int, frames.Head] = {}
        self._next = 0
        requests, self._requests = _pipe()
        self._replies, answers = _pipe()
        flags = ["-I"] if imports.site else ["-I", "-S"]
        try:
            self._process = _popen(
                [sys.executable, *flags, *(["-B"] if sys.dont_write_bytecode else []), str(_RECEIVER), str(requests), str(answers)],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                pass_fds=(requests, answers),
                start_new_session=True,  # Ctrl-C is pytest's
                cwd=cwd,
                # Importing LiteLLM would ask the network for its price list.
                env={**_environment, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
            )
        except OSError as error:
            _close(self._requests)
            _close(self._replies)
            raise PortableErrorsError(f"receiver {name!r} cannot start: {sys.executable}: {error}") from error
        finally:
            _close(requests)
            _close(answers)
        try:
            self._greet(imports)
        except BaseException:
            self.close()
            raise

    def _greet(self, imports: Imports) -> None:
        deadline = _monotonic() + START_SECONDS
        hello: list[frames.Head] = []
        try:
            self._send({**asdict(imports), "prefix": sys.prefix, "exec_prefix": sys.exec_prefix, "at_once": AT_ONCE})
            while not hello and _monotonic() < deadline:
                hello = self._receive(deadline - _monotonic())
        except ReceiverEnded:
            raise PortableErrorsError(
                f"receiver {self.name!r} cannot start: {sys.executable} {self._ending()} before it answered"
            ) from None
        if not hello:
            raise PortableErrorsError(f"receiver {self.name!r} cannot start: {sys.executable} gave no answer in {START_SECONDS:g} s")
        if hello[0]["leaks"]:
            leaks = "; ".join(f"{module} ({file})" for module, file in hello[0]["leaks"].items())
            raise PortableErrorsError(f"receiver {self.name!r} is not isolated, it can import what must be absent there: {leaks}")

    def submit(self, head: frames.Head, payload: bytes = b"") -> int:
        """Send a request and return its number, for ``result``.

        Raises ReceiverEnded when there is nobody to send it to.
        """
        self._next += 1
        self._send({**head, "id": self._next}, payload)
        return self._next

    def result(self, number: int, *, seconds: float) -> frames.Head | None:
        """The answer to a request, None when there was none in that time.

        Raises ReceiverEnded when the process has ended instead.
        """
        deadline = _monotonic() + seconds
        while number not in self._answers and _monotonic() < deadline:
            for answer in self._receive(deadline - _monotonic()):
                self._answers[answer["id"]] = answer
        return self._answers.pop(number, None)

    def close(self) -> None:
        """End it and everything below it."""
        is_ours = self.pid == _getpid()  # not in a fork of the process that started it, which has only the descriptors
        if is_ours and self._requests >= 0:
            with contextlib.suppress(ReceiverEnded, OSError):
                self._send({"end": True})  # closing the pipe says so too, unless something that a test forked holds it open
        for fd in (self._requests, self._replies):
            if fd >= 0:
                _close(fd)
        self._requests = self._replies = -1
        if not is_ours:
            return
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _send(self, head: frames.Head, body: bytes = b"") -> None:
        view = memoryview(frames.encode(head, body))
        try:
            while view:
                view = view[_write(self._requests, view) :]
        except BrokenPipeError:
            raise ReceiverEnded from None

    def _receive(self, seconds: float) -> list[frames.Head]:
        """What arrives within a slice of that time. Raises ReceiverEnded, and FrameError for what is no answer."""
        if self._replies < 0:
            raise ReceiverEnded  # closed meanwhile, for what another payload did to it or to make room
        poll = _poll()
        poll.register(self._replies, select.POLLIN)
        if not poll.poll(max(0.0, min(SLICE, seconds)) * 1000):
            return []
        data = _read(self._replies, 1 << 20)
        if not data:
            raise ReceiverEnded
        return [head for head, _ in self._decoder.feed(data)]

    def _ending(self) -> str:
        self.close()
        status = self._process.returncode
        return f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
