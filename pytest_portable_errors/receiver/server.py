"""The fork server: one pristine, single-threaded process that forks a child for each check, and
branches for what they import.

Every process of the tree runs this loop. It never blocks on a pipe: a child that hangs, or a branch
that imports, holds up nobody. Nothing that one check does is there for the next.
"""

import contextlib
import gc
import os
import select
from functools import partial
from time import monotonic, sleep
from typing import Callable, Dict, List, Tuple

from . import check, messages
from .branches import Branches
from .check_pool import CheckPool
from .check_settings import CheckSettings
from .limits import memory_limit
from .processes import Child, Pipes

TICK = 0.05  # seconds between looks at children that may have died without closing their pipe
REHEARSALS = 10
PATIENCE = 1.0  # seconds that what was told to end may take for it

_Ready = Dict[int, Tuple[Pipes, Callable[[], None]]]


class Server:
    """One process of the tree: takes requests on one descriptor, answers on another."""

    def __init__(self, pipes: Pipes, settings: CheckSettings, *, knock: int, at_once: int) -> None:
        """``knock`` is the descriptor on which the guardian is told that a check has ended."""
        self._pipes = pipes
        self._settings = settings
        self._knock = knock
        self._at_once = at_once
        self._checks = CheckPool(self._fork, self._answer, settings, at_once=at_once)
        self._branches = Branches(self._fork, self._serve_below, pipes.write, self._route, settings)

    def serve(self, *, ahead: bool) -> None:
        """Serve until the other side closes its pipe; then end every process below this one.
        ``ahead``: checks are to be expected here."""
        for _ in range(REHEARSALS if ahead else 0):
            check.rehearse()  # what is settled now, no child has to settle in memory of its own
        gc.freeze()  # children that collect garbage then copy fewer pages
        self._settings.memory = memory_limit()
        self._checks.expects_more = ahead
        while self._pipes.open:
            self._await_events()
            self._checks.expire()
            self._branches.expire()
            self._checks.start()
            self._checks.reap()
            self._branches.reap()
        self._end_all()

    def _await_events(self) -> None:
        ready: _Ready = {}
        poll = select.poll()

        def register(pipes: Pipes, read: Callable[[], None]) -> None:
            if pipes.open:
                ready[pipes.read_fd] = (pipes, read)
                poll.register(pipes.read_fd, select.POLLIN)
            if pipes.is_writing:
                ready[pipes.write_fd] = (pipes, pipes.flush)
                poll.register(pipes.write_fd, select.POLLOUT)

        # also for its hang-up, which must wake us even while a child hangs
        register(self._pipes, self._read_requests)
        busy = bool(self._checks.running or self._checks.ended or self._branches.are_awaited)
        for running in self._checks.running.values():
            register(running.child.pipes, partial(self._checks.read, running))
        for key, branch in self._branches.alive.items():
            register(branch.child.pipes, partial(self._branches.read, key, branch))
        events = poll.poll(0)
        if not events and self._checks.wants_more_ahead:
            self._checks.fork_ahead()  # while nobody waits for anything else
            return
        for fd, _ in events or poll.poll(TICK * 1000 if busy else None):
            pipes, handle = ready[fd]
            # by what was handled just before; the number may be another pipe's already
            if not pipes.closed:
                handle()

    def _read_requests(self) -> None:
        try:
            for head, body in self._pipes.read():
                if "end" in head:  # said, because a fork of the sender may hold the pipe open
                    self._pipes.open = False
                else:
                    self._route(head, body)
        except messages.MessageError:
            self._pipes.open = False  # nothing that follows could be read

    def _route(self, head: messages.Head, body: bytes) -> None:
        """To the branch that has imported what the payload names first, or to a child of this
        process if that is done."""
        if self._branches.take(head, body):
            return
        if "payload" in head:  # without one the request was only to get the branches ready
            self._checks.add(head, body)
        else:
            self._pipes.write({"id": head["id"], "stage": "ready"})

    def _answer(self, head: messages.Head, body: bytes) -> None:
        self._pipes.write(head, body)
        # the guardian has knocks enough to hear, or there is none
        with contextlib.suppress(OSError):
            os.write(self._knock, b".")

    # --- processes below this one

    def _fork(self, work: Callable[[Pipes], None]) -> Child:
        """A child that does ``work`` with pipes to this process, and ends."""
        there, here = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                for pipes in [self._pipes, *self._checks.pipes(), *self._branch_pipes()]:
                    pipes.close()
                os.close(there[1])
                os.close(here[0])
                work(Pipes(there[0], here[1]))
                os._exit(0)
            finally:
                os._exit(1)
        os.close(there[0])
        os.close(here[1])
        return Child(pid, Pipes(here[0], there[1]))

    def _branch_pipes(self) -> List[Pipes]:
        return [branch.child.pipes for branch in self._branches.alive.values()]

    def _serve_below(self, pipes: Pipes) -> None:
        """In a new branch."""
        Server(pipes, self._settings, knock=self._knock, at_once=self._at_once).serve(ahead=False)

    def _end_all(self) -> None:
        self._checks.end()
        self._branches.end()
        deadline = monotonic() + PATIENCE
        while (self._checks.ended or self._branches.ended) and monotonic() < deadline:
            self._checks.reap()
            self._branches.reap()
            sleep(0.002)
        for child in [*self._checks.ended, *self._branches.ended]:
            child.kill(group=False)
