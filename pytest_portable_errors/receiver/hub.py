"""The hub: the process that shares receivers among the workers of pytest-xdist on one host.

The controller starts it, and it ends when the controller does, by the end of a pipe. Workers
connect to a socket in a folder that only the user may enter. A connection begins with how a
receiver is started and with the receiver's first message; connections that begin alike share one
receiver. So LiteLLM is imported once, and not once for each worker.

Requests and answers are passed on as they are, but for their numbers.
"""

import contextlib
import os
import select
import socket
import struct
import subprocess
import time
from functools import partial
from typing import Callable, Dict, List, Optional, Set, Tuple

from . import messages
from .process_tree import PROCESSES
from .processes import Pipes
from .reaper import wake_when_parent_ends

IDLE = 4  # receivers that stay although nobody is connected to them; the oldest goes first
END_SECONDS = 3.0  # that a receiver may take to end, before it is killed
# Seconds between two looks at receivers: those that owe an answer; those that were told to end.
AWAITED_SECONDS, IDLE_SECONDS = 0.2, 1.0


class Client:
    """A worker's connection.

    Args:
        connection: The socket, which is closed here: its descriptors are duplicated.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.pipes = Pipes(os.dup(connection.fileno()), os.dup(connection.fileno()))
        connection.close()
        self.start: Optional[messages.Head] = None
        """How its receiver is started; None until it has said so."""
        self.receiver: Optional[Shared] = None
        self.pipes.write_bytes(messages.START)


class Shared:
    """A receiver, and those who are connected to it.

    Args:
        start: ``command``, ``cwd`` and ``environment`` of its process.
        config: Its first message.
    """

    def __init__(self, start: messages.Head, config: messages.Head) -> None:
        self.clients: Set[Client] = set()
        self.greeting: Optional[messages.Head] = None
        self.asked: Dict[int, Tuple[Client, int]] = {}
        """By the number of a request: who has sent it, and under which number."""
        self._next = 0
        self.process = subprocess.Popen(
            start["command"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
            cwd=start["cwd"],
            env=start["environment"],
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.pipes = Pipes(
            os.dup(self.process.stdout.fileno()),
            os.dup(self.process.stdin.fileno()),
            skip_to=messages.START,
        )
        self.process.stdin.close()
        self.process.stdout.close()
        self.pipes.write(config)

    def ask(self, client: Client, head: messages.Head, body: bytes) -> None:
        """Pass on a request."""
        self._next += 1
        self.asked[self._next] = client, head["id"]
        self.pipes.write(dict(head, id=self._next), body)

    def end(self) -> None:
        """Tell it to end, without waiting."""
        if not self.pipes.closed:
            self.pipes.write({"end": True})
            self.pipes.close()

    def wait(self, deadline: float) -> None:
        """Wait for its end; kill it at the deadline, in seconds of ``time.monotonic``."""
        try:
            self.process.wait(timeout=max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            PROCESSES.end(self.process.pid)
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, 9)  # where the system does not tell what is below it
            self.process.wait()

    def end_if_stopped(self) -> None:
        """Kill a receiver that is stopped, and all below it: it would answer nobody any more."""
        if self.asked and PROCESSES.is_stopped(self.process.pid):
            PROCESSES.end(self.process.pid)

    def how_it_ended(self) -> messages.Head:
        """The event for one that has ended before it greeted: its status and last words.

        It is killed if it has only closed its pipe.
        """
        self.wait(time.monotonic() + END_SECONDS)
        assert self.process.stderr is not None
        os.set_blocking(self.process.stderr.fileno(), False)  # who has escaped may hold it open
        errors = self.process.stderr.read() or b""
        return {
            "event": messages.ENDED,
            "status": self.process.returncode,
            "errors": errors[-messages.PIECE :].decode(errors="backslashreplace"),
        }


class Hub:
    """Serves until the controller ends.

    Args:
        control: The descriptor whose end is the controller's.
        listener: The socket that workers connect to.
    """

    def __init__(self, control: int, listener: socket.socket) -> None:
        self._control, self._listener = control, listener
        self._clients: List[Client] = []
        self._receivers: Dict[bytes, Shared] = {}
        self._ended: List[Shared] = []

    def serve(self) -> None:
        """Pass messages on until the controller has ended; then end all receivers."""
        while self._serve_once():
            self._ended = [each for each in self._ended if each.process.poll() is None]
        for shared in self._receivers.values():
            shared.end()
        deadline = time.monotonic() + END_SECONDS
        for shared in [*self._receivers.values(), *self._ended]:
            shared.wait(deadline)

    def _serve_once(self) -> bool:
        """Wait for something and handle it; whether to go on."""
        poll = select.poll()
        handlers: Dict[int, Callable[[], None]] = {}

        def register(pipes: Pipes, read: Callable[[], None]) -> None:
            handlers[pipes.read_fd] = read
            poll.register(pipes.read_fd, select.POLLIN)
            if pipes.is_writing:
                handlers[pipes.write_fd] = pipes.flush
                poll.register(pipes.write_fd, select.POLLOUT)

        poll.register(self._control, select.POLLIN)
        handlers[self._listener.fileno()] = self._accept
        poll.register(self._listener.fileno(), select.POLLIN)
        for client in self._clients:
            register(client.pipes, partial(self._read_client, client))
        for key, shared in self._receivers.items():
            register(shared.pipes, partial(self._read_receiver, key, shared))
        alive = {client.pipes for client in self._clients}
        alive |= {shared.pipes for shared in self._receivers.values()}
        by_fd = {fd: pipes for pipes in alive for fd in (pipes.read_fd, pipes.write_fd)}
        awaited = [shared for shared in self._receivers.values() if shared.asked]
        for shared in awaited:
            shared.end_if_stopped()
        seconds = AWAITED_SECONDS if awaited else IDLE_SECONDS if self._ended else None
        for fd, _ in poll.poll(None if seconds is None else seconds * 1000):
            if fd == self._control:
                return False  # it never writes: this is its end
            # What was handled just before may have closed it.
            if fd not in by_fd or not by_fd[fd].closed:
                handlers[fd]()
        return True

    def _accept(self) -> None:
        connection, _ = self._listener.accept()
        if peer_of(connection)[1] in (None, os.getuid()):
            self._clients.append(Client(connection))
        else:
            connection.close()

    def _read_client(self, client: Client) -> None:
        try:
            for head, body in client.pipes.read():
                if "end" in head:
                    client.pipes.open = False
                elif client.start is None:
                    client.start = head
                elif client.receiver is None:
                    self._connect(client, client.start, head)
                else:
                    client.receiver.ask(client, head, body)
        except (messages.MessageError, KeyError, TypeError, OSError):
            client.pipes.open = False
        if not client.pipes.open:
            self._drop(client)

    def _connect(self, client: Client, start: messages.Head, config: messages.Head) -> None:
        """Connect a client to the receiver that it describes, which is started if there is none."""
        # What was known to be absent when a worker began is no part of the description.
        key = messages.as_json({**start, **config, "prove": []})
        shared = self._receivers.get(key)
        if shared is None:
            shared = self._receivers[key] = Shared(start, config)
        shared.clients.add(client)
        client.receiver = shared
        if shared.greeting is not None:
            client.pipes.write(shared.greeting)

    def _read_receiver(self, key: bytes, shared: Shared) -> None:
        try:
            for head, body in shared.pipes.read():
                if shared.greeting is None:
                    shared.greeting = head
                    for client in shared.clients:
                        client.pipes.write(head)
                elif head["id"] in shared.asked:
                    client, number = shared.asked.pop(head["id"])
                    if not client.pipes.closed:
                        client.pipes.write(dict(head, id=number), body)
        except messages.MessageError:
            shared.pipes.open = False
        if not shared.pipes.open:
            self._tell_end(key, shared)

    def _tell_end(self, key: bytes, shared: Shared) -> None:
        """Close the connections of a receiver that has ended; say how, if it never greeted."""
        del self._receivers[key]
        shared.pipes.close()
        ending = {}
        if shared.greeting is None:
            ending = shared.how_it_ended()
        else:
            self._ended.append(shared)  # its reaper may still be busy
        for client in list(shared.clients):
            if ending:
                client.pipes.write(ending)
            self._drop(client)

    def _drop(self, client: Client) -> None:
        """Forget a connection; end the receiver that waits longest, if too many are idle."""
        if client.pipes.closed:
            return
        client.pipes.close()
        self._clients.remove(client)
        if client.receiver is not None:
            client.receiver.clients.discard(client)
        idle = [key for key, shared in self._receivers.items() if not shared.clients]
        for key in idle[: max(0, len(idle) - IDLE)]:
            shared = self._receivers.pop(key)
            shared.end()
            self._ended.append(shared)


def peer_of(connection: socket.socket) -> Tuple[Optional[int], Optional[int]]:
    """The process and the user at the other end of a socket, by number; None where the system does
    not tell."""
    if not hasattr(socket, "SO_PEERCRED"):
        return None, None
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid, user, _ = struct.unpack("3i", credentials)
    return pid, user


def main(control: int, path: str) -> None:
    """Listen at a path, say so by a byte on standard output, and serve.

    Args:
        control: The descriptor whose end is the controller's.
        path: Of the socket, which is made here; it and its folder are deleted at the end.
    """
    wake_when_parent_ends()
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(128)
        os.write(1, b".")
        try:
            Hub(control, listener).serve()
        finally:
            with contextlib.suppress(OSError):
                os.unlink(path)
                os.rmdir(os.path.dirname(path))
