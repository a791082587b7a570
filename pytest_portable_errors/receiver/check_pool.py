"""The checks of one server: each in a child of its own, several at the same time, and one child
forked ahead for the next."""

import os
from collections import deque
from typing import Callable, Deque, Dict, List, NamedTuple

from . import check, messages
from .check_settings import CheckSettings
from .deadlines import STRAY_WRITE, Progress
from .processes import Child, Pipes, Request
from .side_effects import SideEffects

Fork = Callable[[Callable[[Pipes], None]], Child]


class Running(NamedTuple):
    """A child that makes a check."""

    child: Child
    number: int
    progress: Progress


class CheckPool:
    """See above. ``fork`` gives a child with pipes to it; ``answer`` takes what is to be told to
    who asked."""

    def __init__(
        self,
        fork: Fork,
        answer: Callable[[messages.Head, bytes], None],
        settings: CheckSettings,
        *,
        at_once: int,
    ) -> None:
        self._fork = fork
        self._answer = answer
        self._settings = settings
        self._at_once = at_once
        self._waiting: Deque[Request] = deque()
        # forked before they are needed, or as good as that again
        self._ahead: Deque[Child] = deque()
        self.running: Dict[int, Running] = {}
        self.ended: List[Child] = []  # answered for, not yet waited for
        self.expects_more = False
        """Whether there will be checks here, so that forking ahead pays."""

    def add(self, head: messages.Head, body: bytes) -> None:
        self._waiting.append((head, body))

    def start(self) -> None:
        """Hand what waits to children, as far as there may be more of them."""
        while self._waiting and len(self.running) < self._at_once:
            child = self._ahead.popleft() if self._ahead else self._fork(self._be_check)
            self.expects_more = True
            head, body = self._waiting.popleft()
            child.pipes.write(head, body)
            self.running[child.pid] = Running(
                child, head["id"], Progress(child.pid, head, self._settings)
            )

    @property
    def wants_more_ahead(self) -> bool:
        return self.expects_more and not self._ahead

    def fork_ahead(self) -> None:
        """Have one more child ready: forking it, and touching its memory for the first time, is
        most of what a check costs."""
        self._ahead.append(self._fork(self._be_check_ahead))

    def _be_check(self, pipes: Pipes) -> None:
        os.setsid()  # one kill reaches what the payload forks
        os.set_blocking(pipes.read_fd, True)
        os.set_blocking(pipes.write_fd, True)
        check.run(pipes.read_fd, pipes.write_fd, self._settings, SideEffects())

    def _be_check_ahead(self, pipes: Pipes) -> None:
        check.rehearse()
        self._be_check(pipes)

    def pipes(self) -> List[Pipes]:
        """Those to every child that lives."""
        return [
            child.pipes
            for child in (*(running.child for running in self.running.values()), *self._ahead)
        ]

    def read(self, running: Running) -> None:
        """Take what a child says."""
        try:
            for head, body in running.child.pipes.read():
                if not running.progress.note(head, body):
                    again = head.pop("again", False)
                    # before the child is waited for: the exit of a large process takes long
                    self._answer(head, body)
                    if again:
                        self._ahead.append(self.running.pop(running.child.pid).child)
                    else:
                        self._forget(running)
                    return
        except messages.MessageError:
            self._answer_for(running, "crashed", STRAY_WRITE)

    def expire(self) -> None:
        """Answer for the children that cannot: dead or over their time."""
        for running in list(self.running.values()):
            ended = running.child.ended()
            if ended is not None and running.child.pipes.open:
                self.read(running)  # its last words may still be in the pipe
            if running.child.pid not in self.running:
                continue
            if ended is not None:
                self._answer_for(running, *running.progress.ended(ended))
                continue
            why = running.progress.gave_up()
            if why is not None:
                self._answer_for(running, "timed-out", why)

    def _answer_for(self, running: Running, stage: str, how: str) -> None:
        self._answer({"stage": stage, "how": how, "id": running.number}, b"")
        self._forget(running)

    def _forget(self, running: Running) -> None:
        del self.running[running.child.pid]
        running.child.pipes.close()
        running.child.kill(group=True)
        self.ended.append(running.child)

    def reap(self) -> None:
        """Wait for those that have ended, without waiting."""
        self.ended = [child for child in self.ended if child.ended() is None]
        for child in [child for child in self._ahead if child.ended() is not None]:
            child.pipes.close()  # something killed it
            self._ahead.remove(child)

    def end(self) -> None:
        """End them all."""
        self._waiting.clear()
        for running in list(self.running.values()):
            self._forget(running)
        for child in self._ahead:
            child.pipes.close()
            child.kill(group=False)
            self.ended.append(child)
        self._ahead.clear()
