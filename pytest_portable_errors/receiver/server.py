"""The fork server: one fresh process, with one thread, that forks checks and branches.

It forks a child for each check, and branches for what the checks import. Every process of the tree
runs this loop. It never blocks on a pipe: a child that hangs, or a branch that imports, holds up
nobody. Nothing that one check does is there for the next.
"""

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
from .reaper import knock_on

TICK = 0.05  # seconds between looks at children that may have died without closing their pipe
REHEARSALS = 10  # ordinary checks that a server makes for practice before it forks the first
PATIENCE = 1.0  # seconds that children may take to end, before they are killed

_Ready = Dict[int, Tuple[Pipes, Callable[[], None]]]


class Server:
    """One process of the tree: it reads requests from one pipe and writes answers to another.

    Args:
        pipes: To the process that sends the requests.
        settings: The check settings of this process.
        knock: The descriptor by which the reaper learns that a check has ended; -1 without a
            reaper.
        at_once: How many checks of this process run at the same time, at most.
    """

    def __init__(self, pipes: Pipes, settings: CheckSettings, *, knock: int, at_once: int) -> None:
        self._pipes = pipes
        self._settings = settings
        self._knock = knock
        self._at_once = at_once
        self._checks = CheckPool(self._fork, self._answer, settings, at_once=at_once)
        self._branches = Branches(self._fork, self._serve_below, pipes.write, self._route, settings)

    def serve(self, *, ahead: bool) -> None:
        """Serve until the other side ends, or says that it does; then end all processes below.

        Args:
            ahead: Whether checks are expected in this process, so that forking ahead pays from the
                start. A branch learns it from its first check.
        """
        for _ in range(REHEARSALS if ahead else 0):
            check.rehearse()  # what Python caches now, no child has to cache in memory of its own
        if hasattr(gc, "freeze"):  # PyPy has none
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
        """Wait until something can be read or written, and do that; or fork a child ahead."""
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
        if self._knock >= 0:
            poll.register(self._knock, 0)  # for its hang-up alone: the reaper has ended
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
            if fd == self._knock:
                self._pipes.open = False  # nobody ends any more what a payload leaves behind
                return
            pipes, handle = ready[fd]
            # What was handled just before may have closed it, and its number may be another pipe's.
            if not pipes.closed:
                handle()

    def _read_requests(self) -> None:
        try:
            for head, body in self._pipes.read():
                if "end" in head:  # a message, because a fork of the sender may hold the pipe open
                    self._pipes.open = False
                else:
                    self._route(head, body)
        except messages.MessageError:
            self._pipes.open = False  # nothing that follows could be read

    def _route(self, head: messages.Head, body: bytes) -> None:
        """Send a request to a branch, or to a child of this process if no branch is of use."""
        if self._branches.take(head, body):
            return
        if "payload" in head:  # without one the request was only to get the branches ready
            self._checks.add(head, body)
        else:
            self._pipes.write({"id": head["id"], "event": "ready"})

    def _answer(self, head: messages.Head, body: bytes) -> None:
        self._pipes.write(head, body)
        knock_on(self._knock)

    # --- processes below this one

    def _fork(self, work: Callable[[Pipes], None]) -> Child:
        """Fork a child that does ``work`` with pipes to this process, and ends."""
        to_child, to_parent = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                for pipes in [self._pipes, *self._checks.pipes(), *self._branch_pipes()]:
                    pipes.close()
                os.close(to_child[1])
                os.close(to_parent[0])
                work(Pipes(to_child[0], to_parent[1]))
                os._exit(0)
            finally:
                os._exit(1)
        os.close(to_child[0])
        os.close(to_parent[1])
        return Child(pid, Pipes(to_parent[0], to_child[1]))

    def _branch_pipes(self) -> List[Pipes]:
        return [branch.child.pipes for branch in self._branches.alive.values()]

    def _serve_below(self, pipes: Pipes) -> None:
        """Serve requests in a new branch."""
        Server(pipes, self._settings, knock=self._knock, at_once=self._at_once).serve(ahead=False)

    def _end_all(self) -> None:
        """End all checks and branches; kill those that do not end in time."""
        self._checks.end()
        self._branches.end()
        deadline = monotonic() + PATIENCE
        while (self._checks.ended or self._branches.ended) and monotonic() < deadline:
            self._checks.reap()
            self._branches.reap()
            sleep(0.002)
        for child in [*self._checks.ended, *self._branches.ended]:
            child.kill(group=False)
