"""The receivers of this process, and the requests on their way to them."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

from pytest_portable_errors.diagnosis.credentials import CredentialScan
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.losses import error_text
from pytest_portable_errors.diagnosis.pickle_reader import Reading, content
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import messages
from pytest_portable_errors.receiver.deadlines import ENDED_THE_RECEIVER, WALL_FACTOR
from pytest_portable_errors.receiver.record import Record
from pytest_portable_errors.receiver.values import DEPTH
from pytest_portable_errors.receiver_names import NAMED_RECEIVERS, receiver_named
from pytest_portable_errors.sender.client import IMPORT_SECONDS, Receiver, ReceiverEnded
from pytest_portable_errors.sender.known_missing import KnownMissing
from pytest_portable_errors.sender.paths import locations
from pytest_portable_errors.sender.project import Imports, Project, ProjectContext, find_project
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, Serializer
from pytest_portable_errors.sender.unpatched import UNPATCHED

RECEIVERS = 4  # at once; the one started first goes first
TICKETS_KEPT = 1_000
RUN_TRIAL_SECONDS = 60.0  # of processor time, for the trials of all fixes in one process
# beyond a check's own limit: what it needs is imported first
PATIENCE = WALL_FACTOR * IMPORT_SECONDS + 100.0

Content = tuple[str, tuple[str, ...], bool, int, bool, float, bytes]


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
    depth: int = DEPTH
    """How deep the values of what arrives are described: as deep as those of what was sent."""
    names_are_cut: bool = False
    """Whether the payload was too long to read all names."""
    replay: bool = False
    """Whether to say how far loads comes, and nothing else."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What of the serializer's needs this payload may come to use: none, if pickle loads it and
        it names nothing of them.

        So most payloads of pickle and cloudpickle are the same request.
        """
        needs = self.serializer.needs
        tops = {need.partition(".")[0] for need in needs}
        is_plain = self.serializer.loader == PICKLE_LOADER and self.receiver in NAMED_RECEIVERS
        if self.names_are_cut and any(top.encode() in self.payload for top in tops):
            return needs
        return (
            ()
            if is_plain and tops.isdisjoint(module.partition(".")[0] for module, _ in self.names)
            else needs
        )

    @property
    def content(self) -> Content:
        """What the answer depends on."""
        return (
            self.serializer.loader,
            self.needs,
            self.traceback,
            self.depth,
            self.replay,
            self.timeout,
            sha256(content(self.payload)).digest(),
        )

    def head(self) -> messages.Head:
        """The request as the receiver reads it. Raises PortableErrorsError when what the serializer
        needs is not installed here."""
        modules = _steps(
            [self.serializer.loader.partition(":")[0], *(module for module, _ in self.names)]
        )
        is_named = self.receiver in NAMED_RECEIVERS
        return {
            "modules": modules,
            "imports": modules,
            # A receiver that is named has what the serializer needs, from here; another interpreter
            # has its own, or lacks it.
            "needs": _needed(self.needs) if is_named else {},
            "requires": [] if is_named else list(self.needs),
            "payload": True,
            "loader": self.serializer.loader,
            "names": list(self.names),
            "names_are_cut": self.names_are_cut,
            "timeout": self.timeout,
            "traceback": self.traceback,
            "depth": self.depth,
            "replay": self.replay,
        }


@dataclass(slots=True)
class TrialTime:
    """How long fixes may still be tried in this process."""

    left: float = RUN_TRIAL_SECONDS
    """Seconds of its processor time."""

    def of(self, wanted: float) -> float:
        """As many of the wanted seconds as are left."""
        return min(wanted, self.left)

    def spent(self, seconds: float) -> None:
        """Take what was used."""
        self.left -= seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """One search for credentials: what was searched, and what it found."""

    reading: Reading
    sent: Record
    received: Record | None
    found: CredentialScan


@dataclass(slots=True, kw_only=True)
class PendingAnswer:
    """A request on its way. Its answer is read when it is needed."""

    receivers: Receivers
    request: Request
    known_missing: KnownMissing | None
    """What the answer adds to, if it tells of absent modules: those of the receiver as it was when
    this was sent."""
    running: Receiver | None = None
    number: int | None = None
    known: messages.Head | None = None
    fixes: dict[object, tuple[Fix, ...]] = field(default_factory=dict)
    """Those that were tried for this payload already, by what else they depend on."""

    def answer(self) -> messages.Head:
        """See ``Receivers.answer``."""
        return self.receivers.answer(self)

    def usable_answer(self) -> messages.Head:
        """The same. Raises PortableErrorsError where it is the receiver that is not made as it has
        to be."""
        answer, receiver = self.answer(), self.request.receiver
        if answer["stage"] == "loader":
            serializer, why = self.request.serializer, error_text(answer["error"])
            if receiver in NAMED_RECEIVERS:
                raise PortableErrorsError(
                    f"serializer {serializer.name!r}: receiver {receiver!r} cannot import its "
                    f"loader {serializer.loader} ({why}). "
                    "Name the modules that it needs in `needs`"
                )
            raise PortableErrorsError(
                f"serializer {serializer.name!r} cannot be used in receiver {receiver!r} "
                f"({why}). Install it there, or choose another"
            )
        if answer["stage"] == "setup":
            raise PortableErrorsError(
                f"portable_errors_receiver_setup = {answer['setup']}: raised "
                f"{error_text(answer['error'])} in receiver {receiver!r}"
            )
        return answer


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
        self._tickets: dict[tuple[Imports, Content], PendingAnswer] = {}
        self.recent: deque[tuple[Any, ...]] = deque(maxlen=8)
        """The last verdicts, for the same exception by another serializer."""
        self.searched: deque[Search] = deque(maxlen=8)
        """The last searches for credentials."""
        self.trial_time = TrialTime()
        self._known_missing: defaultdict[Imports, KnownMissing] = defaultdict(KnownMissing)
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
            self._get(receiver).submit({"modules": _steps(modules), "needs": {}})

    def start(self, receiver: str) -> None:
        """Start a receiver now, so that no test has to. It starts while the tests run.

        Raises PortableErrorsError when there is nothing to start.
        """
        with self._lock:
            self._get(receiver)

    def submit(self, request: Request) -> PendingAnswer:
        """Have a payload rebuilt and described, without waiting for that.

        Raises PortableErrorsError when the receiver cannot start.
        """
        with self._lock:
            plan = self._plan(request.receiver)
            key = (plan, request.content)
            if key not in self._tickets:
                pending_answer = PendingAnswer(
                    receivers=self,
                    request=request,
                    known_missing=self._known_missing[plan] if _is_plain(request) else None,
                )
                if pending_answer.known_missing is not None:
                    pending_answer.known = pending_answer.known_missing.answer_to(request.names)
                if pending_answer.known is None:
                    pending_answer.running = self._ready(request.receiver)
                    # it will be noticed when the answer is read
                    with contextlib.suppress(ReceiverEnded):
                        pending_answer.number = pending_answer.running.submit(
                            request.head(), request.payload
                        )
                self._tickets[key] = pending_answer
                while len(self._tickets) > TICKETS_KEPT:
                    del self._tickets[next(iter(self._tickets))]
            return self._tickets[key]

    def answer(self, pending_answer: PendingAnswer) -> messages.Head:
        """The answer to a pending_answer; its ``stage`` says how far the payload came. Waits for
        it.

        Raises PortableErrorsError when the receiver cannot start.
        """
        with self._lock:
            if pending_answer.known is None:
                pending_answer.known = self._await(pending_answer)
                if pending_answer.known_missing is not None:
                    pending_answer.known_missing.learn(
                        pending_answer.request.names, pending_answer.known
                    )
                is_its_own = (
                    pending_answer.known["stage"] in ("arrived", "loads", "timed-out")
                    and pending_answer.running is not None
                )
                if not is_its_own:  # it may have been another payload's doing, or the machine's
                    self._tickets = {
                        key: other
                        for key, other in self._tickets.items()
                        if other is not pending_answer
                    }
            return pending_answer.known

    def _await(self, pending_answer: PendingAnswer) -> messages.Head:
        request, seconds = (
            pending_answer.request,
            WALL_FACTOR * pending_answer.request.timeout + PATIENCE,
        )
        for _ in range(2):
            try:
                if pending_answer.running is None or pending_answer.number is None:
                    pending_answer.running = self._ready(request.receiver)
                    pending_answer.number = pending_answer.running.submit(
                        request.head(), request.payload
                    )
                answer = pending_answer.running.result(pending_answer.number, seconds=seconds)
            except (ReceiverEnded, messages.MessageError):
                # A payload can kill the process that it was forked from. Perhaps it was another
                # one's: once more, and now alone.
                self._drop(pending_answer.running)
                pending_answer.running = None
                continue
            if answer is None:
                self._drop(pending_answer.running)
                pending_answer.running = None
                return {
                    "stage": "timed-out",
                    "how": f"the receiver did not answer in {seconds:g} s",
                }
            return answer
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


def _is_plain(request: Request) -> bool:
    return (
        request.serializer.loader == PICKLE_LOADER
        and not request.replay
        and request.receiver in NAMED_RECEIVERS
    )


def _steps(modules: Sequence[str]) -> list[str]:
    """In their order, each after the top of its package, so that branches for two modules of
    LiteLLM share one."""
    return list(
        dict.fromkeys(step for module in modules for step in (module.partition(".")[0], module))
    )


def _needed(needs: Sequence[str]) -> dict[str, tuple[str | None, list[str] | None]]:
    try:
        return locations(needs)
    except PortableErrorsError as error:
        raise PortableErrorsError(f"the serializer needs what is not there: {error}") from error
