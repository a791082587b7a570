"""One receiver, as the sender sees it: start it, ask it, end it.

The only module of the sender that starts processes. What it needs is bound when it is imported,
because tests patch the world (pyfakefs, gevent, freezegun); it speaks through pipes, because tests
forbid sockets.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.sender.project import Imports
from pytest_portable_errors.sender.unpatched import UNPATCHED

START_VARIABLE = "PORTABLE_ERRORS_RECEIVER_START"
SLICE = 0.2  # seconds: the longest wait without a look around
START_SECONDS = 60.0
IMPORT_SECONDS = 120.0  # processor time that the imports of what a payload names may take
STALL_SECONDS = 30.0  # after which an import that uses no processor time is given up

_QUIET = {
    # else importing LiteLLM asks the network for its price list
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # Importing numpy else starts threads for arithmetic, and from a process that has threads no
    # check can be forked.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
_RECEIVER = Path(__file__).resolve().parent.parent / "receiver"
AT_ONCE = max(2, UNPATCHED.cores)


class ReceiverEnded(Exception):
    """The receiver's process is gone."""


class Receiver:
    """One fresh interpreter, and the pipes to it."""

    def __init__(
        self, name: str, imports: Imports, *, cwd: str, controller: int | None = None
    ) -> None:
        """Start it in the folder ``cwd``, without waiting for it: see ``greet``.

        ``controller`` is the parent process without which nobody wants an answer (pytest-xdist's);
        None: whatever it is. Raises PortableErrorsError when there is nothing to start.
        """
        self.name = name
        self._controller = controller
        self.pid = UNPATCHED.getpid()
        self._python = imports.python or sys.executable
        self._decoder = messages.Decoder(skip_to=messages.START)
        self._answers: dict[int, messages.Head] = {}
        self._next = 0
        self._is_greeted = False
        flags = ["-I"] if imports.site else ["-I", "-S"]
        try:
            self._process = UNPATCHED.popen(
                [
                    self._python,
                    *flags,
                    *(["-B"] if sys.dont_write_bytecode else []),
                    str(_RECEIVER),
                    start_method(),
                ],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,  # Ctrl-C is pytest's
                cwd=cwd,
                env={**UNPATCHED.environment, **_QUIET},
            )
        # OSError; or anything, where a test has patched what subprocess stands on
        except Exception as error:
            raise PortableErrorsError(
                f"receiver {name!r} cannot start: {self._python}: {error}"
            ) from error
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._requests, self._replies = self._process.stdin.fileno(), self._process.stdout.fileno()
        limits = {
            "at_once": AT_ONCE,
            "import_seconds": IMPORT_SECONDS,
            "stall_seconds": STALL_SECONDS,
        }
        with contextlib.suppress(ReceiverEnded):  # it will be told when it is greeted
            self._send(
                {**asdict(imports), **limits, "prefix": sys.prefix, "exec_prefix": sys.exec_prefix}
            )

    def greet(self) -> None:
        """Wait until it has shown that what must be absent is absent. It does so once.

        Raises PortableErrorsError when it cannot start or is not isolated; then it is closed.
        """
        if self._is_greeted:
            return
        try:
            self._hear_out()
        except BaseException:
            self.close()
            raise
        self._is_greeted = True
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _hear_out(self) -> None:
        hello: list[messages.Head] = []
        complaints = b""
        patience = START_SECONDS
        try:
            while not hello and patience > 0:
                hello = self._receive(SLICE)
                patience -= SLICE
                complaints += self._complaints()
        except ReceiverEnded:
            how = self._ending(complaints + self._complaints())
            raise PortableErrorsError(
                f"receiver {self.name!r} cannot start: {self._python} {how}"
            ) from None
        if not hello:
            raise PortableErrorsError(
                f"receiver {self.name!r} cannot start: {self._python} gave no answer in "
                f"{START_SECONDS:g} s"
            )
        if hello[0]["leaks"]:
            leaks = "; ".join(f"{module} ({file})" for module, file in hello[0]["leaks"].items())
            raise PortableErrorsError(
                f"receiver {self.name!r} is not isolated, it can import what must be absent "
                f"there: {leaks}"
            )
        self._answers.update((answer["id"], answer) for answer in hello[1:])

    def _complaints(self) -> bytes:
        """What an interpreter that does not start says about it."""
        assert self._process.stderr is not None
        fd, said = self._process.stderr.fileno(), b""
        while UNPATCHED.wait_readable(fd, 0):
            piece = UNPATCHED.read(fd, messages.PIECE)
            if not piece:
                break
            said += piece
        return said

    def _ending(self, complaints: bytes) -> str:
        self.close()
        status = self._process.returncode
        lines = complaints.decode(errors="backslashreplace").split("\n")
        said = [line for line in lines if line.strip()]
        because = (
            "" if not said else f": {said[-1] if said[0].startswith('Traceback') else said[0]}"
        )
        return (
            f"was ended by signal {-status}" if status < 0 else f"exited with status {status}"
        ) + because

    def submit(self, head: messages.Head, payload: bytes = b"") -> int:
        """Send a request and return its number, for ``result``.

        Raises ReceiverEnded when there is nobody to send it to.
        """
        self._next += 1
        self._send({**head, "id": self._next}, payload)
        return self._next

    def result(self, number: int, *, seconds: float) -> messages.Head | None:
        """The answer to a request, None when there was none in that time.

        Raises ReceiverEnded when the process has ended instead.
        """
        patience = seconds  # counted in slices: tests change the clock
        while number not in self._answers and patience > 0:
            arrived = self._receive(SLICE)
            self._answers.update((answer["id"], answer) for answer in arrived)
            if not arrived:
                patience -= SLICE
                self._look_around()
        return self._answers.pop(number, None)

    def _look_around(self) -> None:
        if self._controller is not None and UNPATCHED.getppid() != self._controller:
            self.close()
            # the controller was killed, and this worker would wait for an answer that nobody reads
            UNPATCHED.exit(1)

    def end(self) -> None:
        """Tell it to end, without waiting for that."""
        # not in a fork of the process that started it
        if self.pid == UNPATCHED.getpid() and self._requests >= 0:
            with contextlib.suppress(ReceiverEnded, OSError):
                # closing the pipe says so too, unless something that a test forked holds it open
                self._send({"end": True})

    def close(self) -> None:
        """End it and everything below it."""
        self.end()
        # a fork of the process that started it has only the descriptors
        is_ours = self.pid == UNPATCHED.getpid()
        self._requests = self._replies = -1
        for pipe in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert pipe is not None
            pipe.close()
        if not is_ours:
            self._process.returncode = 0  # its end is none of a fork's business, and no warning is
            return
        try:
            self._process.wait(timeout=3)
        except subprocess.TimeoutExpired:
            UNPATCHED.kill_session(self._process)
            self._process.wait()

    def _send(self, head: messages.Head, body: bytes = b"") -> None:
        view = memoryview(messages.encode(head, body))
        try:
            while view:
                view = view[UNPATCHED.write(self._requests, view) :]
        except OSError:
            raise ReceiverEnded from None

    def _receive(self, seconds: float) -> list[messages.Head]:
        """What arrives within that time. Raises ReceiverEnded, and FrameError for what is no
        answer."""
        if self._replies < 0:
            # closed meanwhile, for what another payload did to it or to make room
            raise ReceiverEnded
        if not UNPATCHED.wait_readable(self._replies, seconds):
            return []
        data = UNPATCHED.read(self._replies, messages.PIECE)
        if not data:
            raise ReceiverEnded
        return [
            {**head, **messages.from_json(body)} if body else head
            for head, body in self._decoder.feed(data)
        ]


def start_method() -> str:
    """How a receiver makes its checks: ``fork``, or ``spawn`` where that is not safe, or is asked
    for.

    Raises PortableErrorsError for anything else that is asked for.
    """
    asked = UNPATCHED.environment.get(START_VARIABLE, "")
    if asked not in ("", "fork", "spawn"):
        raise PortableErrorsError(
            f"{START_VARIABLE}={asked!r} (environment): expected fork or spawn"
        )
    return asked or ("fork" if UNPATCHED.can_fork else "spawn")
