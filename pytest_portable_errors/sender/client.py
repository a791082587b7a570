"""Receivers, as the sender sees them: start one, ask it, end it.

The only module that starts processes. What it needs is bound when it is imported, because tests patch the world (pyfakefs, gevent,
freezegun); it speaks through pipes, because tests forbid sockets.
"""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import importlib.util
import os
import select
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import frames
from pytest_portable_errors.sender.project import Imports, Project, Surroundings, find_project
from pytest_portable_errors.sender.serializers import Serializer, Serializers

NAMED_RECEIVERS = ("without-project", "stdlib", "with-project")
DEFAULT_RECEIVER = "without-project"
SLICE = 0.2  # seconds: the longest wait without a look around (a worker of pytest-xdist that blocks outlives its controller)
START_SECONDS = 60.0
PATIENCE = 400.0  # seconds beyond a check's own limit: branches import, one after the other
WALL_FACTOR = 6  # as in receiver/server.py
TICKETS_KEPT = 1_000
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
_environment = dict(os.environ)


class ReceiverEnded(Exception):
    """The receiver's process is gone."""


class Receiver:
    """One fresh interpreter, and the pipes to it."""

    def __init__(self, name: str, imports: Imports, *, cwd: str) -> None:
        """Start it in the folder ``cwd``, and wait until it has shown that what must be absent is absent.

        Raises PortableErrorsError when it cannot start or is not isolated.
        """
        self.name = name
        self.pid = os.getpid()
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
            raise PortableErrorsError(f"receiver {name!r} cannot start: {sys.executable}: {error}") from error
        finally:
            _close(requests)
            _close(answers)
        self._greet(imports)

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
            self.close()
            raise PortableErrorsError(f"receiver {self.name!r} cannot start: {sys.executable} gave no answer in {START_SECONDS:g} s")
        if hello[0]["leaks"]:
            self.close()
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
        for fd in (self._requests, self._replies):
            if fd >= 0:
                _close(fd)
        self._requests = self._replies = -1
        if self.pid != os.getpid():
            return  # a fork of the process that started it: only the descriptors are ours
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


Content = tuple[str, str, bool, float, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A payload, and what is asked of a receiver."""

    receiver: str
    payload: bytes
    serializer: Serializer
    names: Sequence[tuple[str, str]]
    """The globals that the payload imports, in their order."""
    timeout: float
    """Seconds of processor time."""
    traceback: bool

    @property
    def content(self) -> Content:
        """What the answer depends on. A pickle's first two bytes name its protocol; 4 and 5 are read alike."""
        same = self.payload[2:] if self.payload[:2] in (b"\x80\x04", b"\x80\x05") else self.payload
        return (self.receiver, self.serializer.loader, self.traceback, self.timeout, hashlib.sha256(same).digest())

    def head(self) -> frames.Head:
        """The request as the receiver reads it. Raises PortableErrorsError when what the serializer needs is not installed here."""
        head = _head(
            modules=[self.serializer.loader.partition(":")[0], *(module for module, _ in self.names)],
            needs=_locations(self.serializer.needs),
        )
        return {
            **head,
            "payload": True,
            "loader": self.serializer.loader,
            "names": list(self.names),
            "timeout": self.timeout,
            "traceback": self.traceback,
        }


@dataclass(slots=True, kw_only=True)
class Ticket:
    """A request on its way. Its answer is read when it is needed."""

    receivers: Receivers
    request: Request
    running: Receiver | None
    number: int | None
    known: frames.Head | None = None

    def answer(self) -> frames.Head:
        """See ``Receivers.answer``."""
        return self.receivers.answer(self)


class Receivers:
    """The receivers of this process, started on first use and kept; and what names mean around here."""

    def __init__(self, surroundings: Surroundings | None = None, serializers: Serializers | None = None) -> None:
        self._surroundings = surroundings
        self.serializers = serializers or Serializers()
        self._project: Project | None = None
        self._planned: dict[tuple[str, tuple[str, ...]], Imports] = {}
        self._running: dict[tuple[str, Imports], Receiver] = {}
        self._tickets: dict[Content, Ticket] = {}  # a payload is checked once, for whichever tests raise it
        self._lock = threading.RLock()  # tests raise in threads, too

    @property
    def project(self) -> Project:
        """The project around the tests. Reads the installed metadata on first use."""
        if self._project is None:
            self._project = find_project(self._surroundings or Surroundings.here())
        return self._project

    def exclude_tests(self, files: frozenset[str]) -> None:
        """Tell which module files pytest has collected: no receiver has them."""
        self._surroundings = replace(self._surroundings or Surroundings.here(), collected=files)
        if self._project is not None:
            self._project = replace(self._project, surroundings=self._surroundings)
        self._planned.clear()

    def prepare(self, receiver: str, modules: Sequence[str]) -> None:
        """Start a receiver, and have it import these modules, without waiting for either to be done with."""
        with self._lock:
            self._get(receiver).submit(_head(modules=modules, needs={}))

    def start(self, receiver: str) -> None:
        """Start a receiver now, so that no test has to.

        Raises PortableErrorsError when it cannot start.
        """
        with self._lock:
            self._get(receiver)

    def submit(self, request: Request) -> Ticket:
        """Have a payload rebuilt and described, without waiting for that.

        Raises PortableErrorsError when the receiver cannot start.
        """
        with self._lock:
            if request.content not in self._tickets:
                running = self._get(request.receiver)
                number = None
                with contextlib.suppress(ReceiverEnded):  # it will be noticed when the answer is read
                    number = running.submit(request.head(), request.payload)
                self._tickets[request.content] = Ticket(receivers=self, request=request, running=running, number=number)
                while len(self._tickets) > TICKETS_KEPT:
                    del self._tickets[next(iter(self._tickets))]
            return self._tickets[request.content]

    def answer(self, ticket: Ticket) -> frames.Head:
        """The answer to a ticket; its ``stage`` says how far the payload came. Waits for it.

        Raises PortableErrorsError when the receiver cannot start.
        """
        with self._lock:
            if ticket.known is None:
                ticket.known = self._await(ticket)
                if ticket.known["stage"] not in ("arrived", "loads"):  # it may have been another payload's doing, or the machine's
                    self._tickets.pop(ticket.request.content, None)
            return ticket.known

    def _await(self, ticket: Ticket) -> frames.Head:
        request, seconds = ticket.request, WALL_FACTOR * ticket.request.timeout + PATIENCE
        for _ in range(2):
            try:
                if ticket.running is None or ticket.number is None:
                    ticket.running = self._get(request.receiver)
                    ticket.number = ticket.running.submit(request.head(), request.payload)
                answer = ticket.running.result(ticket.number, seconds=seconds)
            except (ReceiverEnded, frames.FrameError):
                # A payload can kill the process that it was forked from. Perhaps it was another one's: once more, and now alone.
                self._drop(ticket.running)
                ticket.running = None
                continue
            if answer is None:
                self._drop(ticket.running)
                return {"stage": "timed-out", "how": f"the receiver did not answer in {seconds:g} s"}
            return answer
        return {"stage": "crashed", "how": "it ended the receiver itself, twice"}

    def close(self) -> None:
        """End all receivers."""
        for running in list(self._running.values()):
            self._drop(running)

    def _get(self, receiver: str) -> Receiver:
        if receiver not in NAMED_RECEIVERS:
            raise PortableErrorsError(f"unknown receiver {receiver!r}: expected one of {', '.join(NAMED_RECEIVERS)}")
        for key, running in list(self._running.items()):
            if running.pid != os.getpid():  # a test forked: the receiver answers the process that started it
                running.close()
                del self._running[key]
        asked = (receiver, tuple(sys.path))
        if asked not in self._planned:
            self._planned[asked] = self.project.imports(receiver)
        key = (receiver, self._planned[asked])
        if key not in self._running:
            # A consumer's folder is not the project's: LiteLLM, for one, reads a .env file from it.
            self._running[key] = Receiver(*key, cwd=str(self.project.surroundings.root) if receiver == "with-project" else os.sep)
        return self._running[key]

    def _drop(self, running: Receiver | None) -> None:
        if running is not None:
            running.close()
        self._running = {key: other for key, other in self._running.items() if other is not running}


def _head(*, modules: Sequence[str], needs: Mapping[str, Any]) -> frames.Head:
    """``modules`` are imported in their order, each after the top of its package, so that branches for two modules of LiteLLM share one."""
    steps = (step for module in modules for step in (module.partition(".")[0], module))
    return {"modules": list(dict.fromkeys(steps)), "needs": dict(needs)}


def _locations(needs: Sequence[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    """File and package folders of the modules that a serializer needs, and of the packages that they lie in (a namespace has no file).

    Raises PortableErrorsError when one is not installed here.
    """
    found: dict[str, tuple[str | None, list[str] | None]] = {}
    for need in needs:
        parts = need.split(".")
        for name in (".".join(parts[: n + 1]) for n in range(len(parts))):
            try:
                spec = importlib.util.find_spec(name)
            except (ImportError, ValueError):
                spec = None
            if spec is None:
                raise PortableErrorsError(f"the serializer needs {need!r}, which cannot be imported here")
            folders = spec.submodule_search_locations
            found[name] = (spec.origin if spec.has_location else None, None if folders is None else list(folders))
    return found


class _Shared:
    """The one global: ``check_round_trip`` can be called from anywhere, and a process needs its receivers once."""

    receivers: Receivers | None = None


def shared() -> Receivers:
    """The receivers of this process."""
    if _Shared.receivers is None:
        share(Receivers())
    assert _Shared.receivers is not None  # just shared
    return _Shared.receivers


def share(receivers: Receivers | None) -> Receivers | None:
    """Make these the receivers of this process, and give the ones before (the plugin puts them back in the end)."""
    before, _Shared.receivers = _Shared.receivers, receivers
    if receivers is not None:
        atexit.register(receivers.close)
    return before
