"""The receivers of this process: started when needed, kept, and ended with it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Sequence
from dataclasses import replace
from typing import cast

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.deadlines import ENDED_THE_RECEIVER, WALL_FACTOR
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
from pytest_portable_errors.sender.unpatched import UNPATCHED

RECEIVERS = 4  # at once; the one started first goes first
# beyond a check's own limit: what it needs is imported first
PATIENCE = WALL_FACTOR * IMPORT_SECONDS + 100.0


class Receivers:
    """The receivers of this process, started on first use and kept; and what names mean around
    here."""

    def __init__(
        self,
        context: ProjectContext | None = None,
        serializers: Serializers | None = None,
        *,
        controller: int | None = None,
    ) -> None:
        """``controller`` is the parent process without which nobody wants an answer
        (pytest-xdist's); None: whatever it is."""
        self._context = context
        self._controller = controller
        self.serializers = serializers or Serializers()
        self._project: Project | None = None
        self._planned: dict[tuple[str, tuple[str, ...]], Imports] = {}
        self._running: dict[tuple[str, Imports], Receiver] = {}
        # a payload is checked once, for whichever tests raise it
        self.answered = Answered()
        """What was done before, and is not done again."""
        self._lock = threading.RLock()  # tests raise in threads, too

    @property
    def project(self) -> Project:
        """The project around the tests. Reads the installed metadata on first use."""
        if self._project is None:
            self._project = find_project(self._context or ProjectContext.here())
        return self._project

    def exclude_tests(self, files: frozenset[str]) -> None:
        """Tell which module files pytest has collected: no receiver has them."""
        self._context = replace(self._context or ProjectContext.here(), collected=files)
        self._project = None  # the folders of the tests tell more of its names
        self._planned.clear()

    def prepare(self, receiver: str, modules: Sequence[str]) -> None:
        """Start a receiver, and have it import these modules, without waiting for either to be done
        with."""
        # it will be noticed when it is greeted
        with self._lock, contextlib.suppress(ReceiverEnded):
            self._get(receiver).submit({"modules": import_steps(modules), "needs": {}})

    def start(self, receiver: str) -> None:
        """Start a receiver now, so that no test has to. It starts while the tests run.

        Raises PortableErrorsError when there is nothing to start.
        """
        with self._lock:
            self._get(receiver)

    def submit(self, request: Request) -> PendingAnswer:
        """Have a payload rebuilt and described, without waiting for that.

        Raises:
            PortableErrorsError: The receiver cannot start.
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
                    pending.running = self._ready(request.receiver)
                    # it will be noticed when the answer is read
                    with contextlib.suppress(ReceiverEnded):
                        pending.number = pending.running.submit(request.head(), request.payload)
                self.answered.keep_payload(key, pending)
            return pending

    def answer(self, pending: PendingAnswer) -> Answer:
        """Wait for the answer to a request; its ``stage`` says how far the payload came.

        Raises:
            PortableErrorsError: The receiver cannot start.
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
        """What the receiver is known to lack; None where pickle alone does not load the payload."""
        return self.answered.known_missing[pending.plan] if pending.request.is_plain else None

    def _await(self, pending: PendingAnswer) -> Answer:
        request = pending.request
        seconds = WALL_FACTOR * request.timeout + PATIENCE
        for _ in range(2):
            try:
                if pending.running is None or pending.number is None:
                    pending.running = self._ready(request.receiver)
                    pending.number = pending.running.submit(request.head(), request.payload)
                answer = pending.running.result(pending.number, seconds=seconds)
            except (ReceiverEnded, messages.MessageError):
                # A payload can kill the process that it was forked from. Perhaps it was another
                # one's: once more, and now alone.
                self._drop(pending.running)
                pending.running = None
                continue
            if answer is None:
                self._drop(pending.running)
                pending.running = None
                return {
                    "stage": "timed-out",
                    "how": f"the receiver did not answer in {seconds:g} s",
                }
            return _as_answer(answer)
        return {"stage": "crashed", "how": ENDED_THE_RECEIVER}

    def end(self) -> None:
        """Tell all receivers to end, without waiting for that."""
        for running in list(self._running.values()):
            running.end()

    def close(self) -> None:
        """End all receivers: all are told before the first is waited for."""
        self.end()
        for running in list(self._running.values()):
            self._drop(running)

    def _plan(self, receiver: str) -> Imports:
        """What that receiver may import now: for the named ones it depends on ``sys.path``, which
        tests change."""
        asked = (receiver, tuple(map(str, sys.path)) if receiver in NAMED_RECEIVERS else ())
        if asked not in self._planned:
            try:
                name = receiver_named(receiver, relative_to=str(self.project.context.root))
            except PortableErrorsError as error:
                raise PortableErrorsError(f"unknown receiver {receiver!r}: {error}") from error
            self._planned[asked] = self.project.imports(name)
        return self._planned[asked]

    def _get(self, receiver: str) -> Receiver:
        key = (receiver, self._plan(receiver))
        for other, running in list(self._running.items()):
            # a test forked: the receiver answers the process that started it
            if running.pid != UNPATCHED.getpid():
                running.close()
                del self._running[other]
        if key not in self._running:
            while len(self._running) >= RECEIVERS:  # tests that change sys.path want one each
                self._drop(next(iter(self._running.values())))
            # A consumer's folder is not the project's: LiteLLM, for one, reads a .env file from it.
            cwd = str(self.project.context.root) if receiver == "with-project" else os.sep
            self._running[key] = Receiver(*key, cwd=cwd, controller=self._controller)
        return self._running[key]

    def _ready(self, receiver: str) -> Receiver:
        running = self._get(receiver)
        try:
            running.greet()
        except PortableErrorsError:
            self._drop(running)
            raise
        return running

    def _drop(self, running: Receiver | None) -> None:
        if running is not None:
            running.close()
        self._running = {key: other for key, other in self._running.items() if other is not running}


def _as_answer(head: messages.Head) -> Answer:
    """What ``receiver/check.py`` answered; JSON has no tuples."""
    answer = cast(Answer, head)
    if "missing" in answer:
        answer["missing"] = [(module, name, absent) for module, name, absent in answer["missing"]]
    return answer
