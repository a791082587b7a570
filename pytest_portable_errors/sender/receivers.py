"""The receivers of one process: started when they are needed, and kept until it ends."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.deadlines import (
    ENDED_THE_RECEIVER,
    FORKED_FROM_ENDED,
    WALL_FACTOR,
)
from pytest_portable_errors.receiver.described import Answer
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS, receiver_named
from pytest_portable_errors.sender.answered import Answered
from pytest_portable_errors.sender.client import IMPORT_SECONDS, Receiver, ReceiverEnded
from pytest_portable_errors.sender.known_missing import KnownMissing
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.project import Imports, Project, find_project
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.request import Request, import_steps
from pytest_portable_errors.sender.started import Started, command_of
from pytest_portable_errors.sender.unpatched import UNPATCHED

if TYPE_CHECKING:
    from pytest_portable_errors.sender.shared import Connection

RECEIVERS = 4  # at once; for one more, the one that was started first is ended
# Seconds that an answer may take beyond the wall-clock limit of a check: what the payload needs is
# imported first.
PATIENCE = WALL_FACTOR * IMPORT_SECONDS + 100.0


def ensure_can_send() -> None:
    """Refuse a Python from which nothing can be sent.

    Raises:
        PortableErrorsError: This is PyPy.
    """
    if sys.implementation.name == "pypy":
        raise PortableErrorsError(
            "exceptions are sent from CPython alone, because cloudpickle cannot be imported in "
            "PyPy. Run these tests with CPython, and name PyPy as the reader: "
            f"portable_errors_receiver = {sys.executable}"
        )


class Receivers:
    """The receivers of one process, the project that they serve, and its serializers.

    A receiver is started on first use and kept. Threads may share the object: tests raise in
    threads, too.
    """

    def __init__(
        self,
        context: ProjectContext | None = None,
        serializers: Serializers | None = None,
        *,
        controller: int | None = None,
        hub: str | None = None,
    ) -> None:
        """Take what is known of the project; no receiver is started yet.

        Args:
            context: What the receivers are told about the project. None: ``ProjectContext.here()``.
            serializers: Those that can be named. None: the built-in ones and the carriers'.
            controller: Process ID of the parent (pytest-xdist's controller). When another process
                becomes the parent, this one ends instead of waiting for an answer that nobody
                reads. None: any parent will do.
            hub: Path of the socket by which this process shares receivers with others. None: it has
                receivers of its own.

        Raises:
            PortableErrorsError: This is PyPy, from which nothing can be sent.
        """
        ensure_can_send()
        self._context = context
        self._controller = controller
        self._hub = hub
        self.serializers = serializers or Serializers()
        self._project: Project | None = None
        self._planned: dict[tuple[str, tuple[str, ...]], Imports] = {}
        self._running: dict[tuple[str, Imports], Receiver] = {}
        # Started ahead, and not told yet what they may import; by their names.
        self._waiting: dict[str, Started | Connection] = {}
        self.answered = Answered()
        """What the answers so far have taught: a payload is checked once, whichever tests raise
        it."""
        self._lock = threading.RLock()

    @property
    def project(self) -> Project:
        """The project around the tests; the first use reads the installed metadata."""
        if self._project is None:
            self._project = find_project(self._context or ProjectContext.here())
        return self._project

    def exclude_tests(self, files: frozenset[str]) -> None:
        """Make modules that pytest has collected absent in every receiver.

        Receivers that are asked for later obey; those that already run are not changed.

        Args:
            files: Real paths of the modules. They replace what was set before.
        """
        self._context = replace(self._context or ProjectContext.here(), collected=files)
        self._project = None  # found again: the tests' folders tell more names of the project
        self._planned.clear()

    def prepare(self, receiver: str, modules: Sequence[str]) -> None:
        """Start a receiver and have it import modules, without waiting for either.

        Args:
            receiver: Its name, or the path of an interpreter.
            modules: Dotted names. An import that fails does no harm.

        Raises:
            PortableErrorsError: There is no such receiver, or nothing to start.
        """
        # That it has ended is noticed when it is greeted.
        with self._lock, contextlib.suppress(ReceiverEnded):
            self._get(receiver).submit({"modules": import_steps(modules), "needs": {}})

    def start(self, receiver: str, *, waits: bool = False) -> None:
        """Start a receiver now, without waiting, so that it is ready when a test needs it.

        Args:
            receiver: Its name, or the path of an interpreter.
            waits: Whether it is enough to have a process that becomes the receiver when the first
                payload is sent. One that is given by a path starts at once.

        Raises:
            PortableErrorsError: There is no such receiver, or nothing to start.
        """
        with self._lock:
            if waits and receiver in NAMED_RECEIVERS:
                self._waiting[receiver] = self._started(receiver, None, waits=True)
            else:
                self._get(receiver)

    def submit(self, request: Request) -> PendingAnswer:
        """Have a payload rebuilt and described, without waiting for the answer.

        Args:
            request: The payload, and what is asked.

        Returns:
            The pending answer; of an equal request, where one was submitted before.

        Raises:
            PortableErrorsError: There is no such receiver, it cannot start, or what the serializer
                needs is not installed here.
        """
        with self._lock:
            plan = self._plan(request.receiver)
            key = (plan, request.content)
            pending = self.answered.payloads.get(key)
            if pending is None:
                pending = PendingAnswer(request=request, plan=plan, wait=self.answer)
                known_missing = self._known_missing(pending)
                if known_missing is not None:
                    pending.known = known_missing.answer_to(request.names)
                if pending.known is None:
                    for waiting in list(self._waiting):
                        self._get(waiting)  # its start takes no longer beside the other's
                    pending.running = self._ready(request.receiver)
                    # That it has ended is noticed when the answer is read.
                    with contextlib.suppress(ReceiverEnded):
                        pending.number = pending.running.submit(request.head(), request.payload)
                self.answered.keep_payload(key, pending)
            return pending

    def answer(self, pending: PendingAnswer) -> Answer:
        """Wait for the answer to a request.

        An answer that may not be the payload's own doing is forgotten, so that an equal request is
        sent again.

        Args:
            pending: What ``submit`` gave.

        Returns:
            The answer; its ``stage`` says how far the payload came.

        Raises:
            PortableErrorsError: The receiver had to be started again, and cannot start.
        """
        with self._lock:
            if pending.known is None:
                pending.known = self._await(pending)
                known_missing = self._known_missing(pending)
                if known_missing is not None:
                    known_missing.learn(pending.request.names, pending.known)
                has_answered = pending.known["stage"] in ("arrived", "loads", "timed-out")
                if not has_answered or pending.running is None:
                    self.answered.forget(pending)
            return pending.known

    def _known_missing(self, pending: PendingAnswer) -> KnownMissing | None:
        """What the receiver is known to lack; None where the request is not plain."""
        return self.answered.known_missing[pending.plan] if pending.request.is_plain else None

    def _await(self, pending: PendingAnswer) -> Answer:
        """Wait for the answer; send the request once more if the receiver ends instead."""
        request = pending.request
        seconds = WALL_FACTOR * request.timeout + PATIENCE
        ended_before: dict[str, str] = {}
        while True:
            try:
                if pending.running is None or pending.number is None:
                    pending.running = self._ready(request.receiver)
                    pending.number = pending.running.submit(
                        {**request.head(), **ended_before}, request.payload
                    )
                answer = pending.running.result(pending.number, seconds=seconds)
                has_ended = answer is not None and answer.get("how") == ENDED_THE_RECEIVER
            except (ReceiverEnded, messages.MessageError):
                answer, has_ended = None, True
            if has_ended and not ended_before:
                # A payload can kill the processes above it. That may have been another payload, or
                # the system, so this one is sent once more, and now alone: to no shared receiver.
                self._hub = None
                self._drop(pending.running)
                pending.running = None
                ended_before = {"ended_before": FORKED_FROM_ENDED}
                continue
            if has_ended:
                self._drop(pending.running)
                pending.running = None
                return {"stage": "crashed", "how": ENDED_THE_RECEIVER}
            if answer is None:
                self._drop(pending.running)
                pending.running = None
                return {
                    "stage": "timed-out",
                    "how": f"the receiver did not answer in {seconds:g} s",
                }
            return _as_answer(answer)

    def end(self) -> None:
        """Tell all receivers to end, without waiting until they have."""
        self._close_waiting()
        for process in list(self._running.values()):
            process.end()

    def close(self) -> None:
        """End all receivers and wait until they have; all are told before the first wait."""
        self.end()
        for process in list(self._running.values()):
            self._drop(process)

    def _plan(self, receiver: str) -> Imports:
        """What a receiver may import now.

        For the named ones it depends on ``sys.path``, which tests change. Raises
        PortableErrorsError when there is no such receiver.
        """
        key = (receiver, tuple(map(str, sys.path)) if receiver in NAMED_RECEIVERS else ())
        if key not in self._planned:
            try:
                name = receiver_named(receiver, relative_to=str(self.project.context.root))
            except PortableErrorsError as error:
                raise PortableErrorsError(f"unknown receiver {receiver!r}: {error}") from error
            self._planned[key] = self.project.imports(name)
        return self._planned[key]

    def _get(self, receiver: str) -> Receiver:
        """The receiver, as it is planned now; started if it does not run."""
        key = (receiver, self._plan(receiver))
        for running_key, process in list(self._running.items()):
            # In a fork that a test has made: the receiver answers the process that started it.
            if process.pid != UNPATCHED.getpid():
                process.close()
                del self._running[running_key]
        if key not in self._running:
            # Tests that change sys.path need a receiver each.
            while len(self._running) >= RECEIVERS:
                self._drop(next(iter(self._running.values())))
            started = self._waiting.pop(receiver, None)
            if started is not None and started.pid != UNPATCHED.getpid():
                started.close()
                started = None
            started = started or self._started(receiver, key[1].python)
            self._running[key] = Receiver(*key, started, controller=self._controller)
        return self._running[key]

    def _started(
        self, receiver: str, python: str | None, *, waits: bool = False
    ) -> Started | Connection:
        """Start an interpreter for a receiver, or connect to a shared one.

        Raises PortableErrorsError.
        """
        root = (self._context or ProjectContext.here()).root
        with_project = receiver == "with-project"
        command = command_of(python, site=with_project or receiver not in NAMED_RECEIVERS)
        # A consumer's folder is not the project's: LiteLLM, for one, reads a .env file from it.
        cwd = str(root) if with_project else os.sep
        if self._hub is not None:
            # Imported here to keep start-up fast, and before the first test body.
            from pytest_portable_errors.sender.shared import Connection

            try:
                return Connection(self._hub, command, cwd=cwd)
            except Exception:  # nobody listens; or a test has patched what sockets stand on
                self._hub = None
        try:
            return Started(command, cwd=cwd, waits=waits)
        # An OSError; or anything, where a test has patched what subprocess stands on.
        except Exception as error:
            raise PortableErrorsError(
                f"receiver {receiver!r} cannot start: {command[0]}: {error}"
            ) from error

    def _close_waiting(self) -> None:
        """End the processes that were started ahead, and that nobody has asked."""
        while self._waiting:
            self._waiting.popitem()[1].close()

    def _ready(self, receiver: str, *, is_second: bool = False) -> Receiver:
        """The receiver, once it has shown that it is isolated. Raises PortableErrorsError.

        It is started a second time where somebody has killed it, or the hub.
        """
        process = self._get(receiver)
        try:
            process.greet()
        except PortableErrorsError:
            self._drop(process)
            raise
        except ReceiverEnded:
            self._hub = None  # from now on this process has its own
            self._drop(process)
            if is_second:
                raise PortableErrorsError(
                    f"receiver {receiver!r} cannot start: it was killed, twice"
                ) from None
            return self._ready(receiver, is_second=True)
        return process

    def _drop(self, dropped: Receiver | None) -> None:
        """End a receiver and forget it; None: there is none."""
        if dropped is not None:
            dropped.close()
        self._running = {
            key: process for key, process in self._running.items() if process is not dropped
        }


def _as_answer(head: messages.Head) -> Answer:
    """What ``receiver/check.py`` answered, with the tuples that JSON lacks."""
    answer = cast(Answer, head)
    if "python" in answer.get("error", {}):
        major, minor = answer["error"]["python"]
        answer["error"]["python"] = major, minor
    if "missing" in answer:
        answer["missing"] = [(module, name, absent) for module, name, absent in answer["missing"]]
    return answer
