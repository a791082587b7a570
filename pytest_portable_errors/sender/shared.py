"""Receivers that the workers of pytest-xdist on one host share: see ``receiver/hub.py``.

The controller starts the hub; a worker connects to it.
"""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Sequence

from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.hub import peer_of
from pytest_portable_errors.sender.started import END_SECONDS, environment_of_receivers, hub_command
from pytest_portable_errors.sender.unpatched import UNPATCHED

_SOCKET = socket.socket  # bound now: tests forbid sockets
_LONGEST_PATH = 100  # bytes of a socket's path; Linux takes 107, macOS 103
_START_SECONDS = 10.0  # that the hub may take until it listens


class SharedHub:
    """The hub of a run, as its controller sees it."""

    def __init__(self) -> None:
        """Start it.

        Raises:
            OSError: It cannot be started, or cannot listen.
        """
        # Only the user may enter the folder (mkdtemp).
        folder = tempfile.mkdtemp(prefix="portable-errors-")
        self.path = os.path.join(folder, "hub")
        """Of its socket."""
        if len(os.fsencode(self.path)) > _LONGEST_PATH or sys.platform == "win32":
            os.rmdir(folder)
            raise OSError(f"{self.path}: no socket can be there")
        self._process = UNPATCHED.popen(
            hub_command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,  # Ctrl-C is for pytest alone
            cwd=os.sep,
            env=environment_of_receivers(),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        fd = self._process.stdout.fileno()
        UNPATCHED.write(self._process.stdin.fileno(), messages.encode({"socket": self.path}))
        if not (UNPATCHED.wait_readable(fd, _START_SECONDS) and UNPATCHED.read(fd, 1)):
            self.close()
            with contextlib.suppress(OSError):
                os.rmdir(folder)
            raise OSError(f"{self.path}: nobody listens there")

    def close(self) -> None:
        """End it and all receivers, and wait for that."""
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            pipe.close()
        try:
            is_stopped = UNPATCHED.processes.is_stopped(self._process.pid)
            self._process.wait(timeout=0 if is_stopped else 2 * END_SECONDS)
        except subprocess.TimeoutExpired:
            UNPATCHED.kill_tree(self._process)
            self._process.wait()


class Connection:
    """A connection to a shared receiver; it stands for ``started.Started``."""

    def __init__(self, path: str, command: Sequence[str], *, cwd: str) -> None:
        """Connect to the hub; nothing is asked yet.

        Args:
            path: Of the hub's socket.
            command: What ``started.command_of`` gave: what the hub is to start.
            cwd: The folder that it starts in.

        Raises:
            OSError: Nobody listens there, or another user does.
        """
        self.pid = UNPATCHED.getpid()
        self.python = command[0]
        self._start = {
            "command": list(command),
            "cwd": cwd,
            "environment": environment_of_receivers(),
        }
        self._socket = _SOCKET(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.connect(path)
            self._hub, user = peer_of(self._socket)
            if user not in (None, os.getuid()):
                raise PermissionError(f"{path}: another user listens there")
        except BaseException:
            self._socket.close()
            raise
        self.requests = self.replies = self._socket.fileno()

    def begin(self) -> None:
        """Tell the hub how to start the receiver.

        Raises:
            OSError: The hub has ended.
        """
        UNPATCHED.write(self.requests, messages.encode(self._start))

    def is_stopped(self) -> bool:
        """Whether a signal has stopped the hub. It looks itself whether a receiver is stopped."""
        return self._hub is not None and UNPATCHED.processes.is_stopped(self._hub)

    def read_errors(self) -> bytes:
        """Return nothing: the hub tells what a receiver says that cannot start."""
        return b""

    def drop_errors(self) -> None:
        """Do nothing, likewise."""

    def close(self) -> int | None:
        """Close the connection; the receiver goes on, for others."""
        self.requests = self.replies = -1
        self._socket.close()
        return None
