"""A receiver's interpreter that was started, and the pipes to it, by which ``client.py`` speaks.

This is the only module of the sender that starts processes.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.sender.unpatched import UNPATCHED

START_VARIABLE = "PORTABLE_ERRORS_RECEIVER_START"
"""Environment variable that chooses how receivers make their checks: see ``start_method``."""
END_SECONDS = 3.0  # that a receiver may take to end, before it is killed

_QUIET = {
    # Without it importing LiteLLM asks the network for its price list.
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    # Without them importing numpy starts threads for arithmetic, and from a process that has
    # threads no check can be forked.
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
}
_RECEIVER = Path(__file__).resolve().parent.parent / "receiver"
_SHELL = "/bin/sh"
# A shell reads a pipe byte by byte, so that it takes this one line and no more (POSIX, "read").
_WAIT = 'read -r _ && exec "$@"'


class Started:
    """One interpreter, and the pipes to it.

    It may be a shell that waits for a word and then becomes the interpreter. That costs next to
    nothing where nobody ever asks the receiver, and is started before tests patch the world.
    """

    def __init__(self, command: Sequence[str], *, cwd: str, waits: bool = False) -> None:
        """Start it.

        Args:
            command: What ``command_of`` gave.
            cwd: The folder that it starts in.
            waits: Whether it waits for ``begin``, where the system has a shell.

        Raises:
            OSError: It cannot be started; or anything, where a test has patched what subprocess
                stands on.
        """
        self.pid = UNPATCHED.getpid()
        """The process that started it."""
        self.python = command[0]
        self._waits = waits and os.path.exists(_SHELL)
        self.process = UNPATCHED.popen(
            [_SHELL, "-c", _WAIT, _SHELL, *command] if self._waits else command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for pytest alone
            cwd=cwd,
            env=environment_of_receivers(),
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.requests, self.replies = self.process.stdin.fileno(), self.process.stdout.fileno()
        """Descriptors to write to, and to read from."""

    def begin(self) -> None:
        """Let a shell that waits become the interpreter.

        Raises:
            OSError: It has ended.
        """
        if self._waits:
            self._waits = False
            UNPATCHED.write(self.requests, b"\n")

    def is_stopped(self) -> bool:
        """Whether a signal has stopped the process, which would answer nobody any more."""
        return UNPATCHED.processes.is_stopped(self.process.pid)

    def read_errors(self) -> bytes:
        """Read, without waiting, what the interpreter has written to its standard error."""
        assert self.process.stderr is not None
        fd, errors = self.process.stderr.fileno(), b""
        while UNPATCHED.wait_readable(fd, 0):
            piece = UNPATCHED.read(fd, messages.PIECE)
            if not piece:
                break
            errors += piece
        return errors

    def drop_errors(self) -> None:
        """Close the pipe of its standard error: it has started, and writes nothing there."""
        assert self.process.stderr is not None
        self.process.stderr.close()

    def close(self) -> int | None:
        """Close the pipes, which ends it and everything below it; kill it if it does not end.

        Returns:
            Its exit status, or the negative number of the signal that ended it. None in a fork of
            the process that started it, which closes only descriptors of its own.
        """
        self.requests = self.replies = -1
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
        if self.pid != UNPATCHED.getpid():
            # Its end does not concern a fork, where Popen would warn that it still runs.
            self.process.returncode = 0
            return None
        try:
            self.process.wait(timeout=0 if self.is_stopped() else END_SECONDS)
        except subprocess.TimeoutExpired:
            UNPATCHED.kill_tree(self.process)
            self.process.wait()
        return self.process.returncode


def command_of(python: str | None, *, site: bool) -> list[str]:
    """The command that starts a receiver.

    Args:
        python: Path of its interpreter. None: the sender's own.
        site: Whether ``site`` runs there, with its ``.pth`` files.

    Raises:
        PortableErrorsError: See ``start_method``.
    """
    return [
        python or sys.executable,
        *(["-I"] if site else ["-I", "-S"]),
        *(["-B"] if sys.dont_write_bytecode else []),
        str(_RECEIVER),
        start_method(),
    ]


def hub_command() -> list[str]:
    """The command that starts the hub (``receiver/hub.py``)."""
    return [sys.executable, "-I", "-S", str(_RECEIVER), "hub"]


def environment_of_receivers() -> dict[str, str]:
    """The environment that receivers have.

    Without what pytest puts there: that differs from worker to worker, and no consumer has it.
    """
    own = {
        name: value
        for name, value in UNPATCHED.environment.items()
        if not name.startswith("PYTEST_")
    }
    return {**own, **_QUIET}


def start_method() -> str:
    """Return how receivers make their checks: ``fork`` where that is safe, otherwise ``spawn``.

    The environment variable ``START_VARIABLE`` takes precedence.

    Raises:
        PortableErrorsError: The variable is neither ``fork`` nor ``spawn``.
    """
    asked = UNPATCHED.environment.get(START_VARIABLE, "")
    if asked not in ("", "fork", "spawn"):
        raise PortableErrorsError(
            f"{START_VARIABLE}={asked!r} (environment): expected fork or spawn"
        )
    return asked or ("fork" if UNPATCHED.can_fork else "spawn")
