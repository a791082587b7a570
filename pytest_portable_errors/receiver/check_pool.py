"""The checks of one server: those of one subject in one child, several children at the same time.

One child is forked ahead for the next check. A child that has rebuilt a payload is not fresh any
more, unless the payload left nothing behind. It is kept for further checks of the same subject: one
exception, or one class. So long as nobody asks, it is stopped.
"""

import os
import signal
from collections import deque
from typing import Callable, Deque, Dict, List, NamedTuple, Optional

from . import check, messages
from .check_settings import CheckSettings
from .deadlines import STRAY_WRITE, Progress
from .messages import Message
from .processes import Child, Pipes
from .side_effects import SideEffects

Fork = Callable[[Callable[[Pipes], None]], Child]


class Running(NamedTuple):
    """A child that makes a check."""

    child: Child
    number: int
    """The number of its request."""
    progress: Progress
    request: Message
    is_used: bool
    """Whether the child has made another check of this subject before."""


PARKED = 32  # children that are kept for their subjects; that used longest ago goes first


class CheckPool:
    """Hands requests to children, passes on their answers, and ends the children.

    Args:
        fork: Forks a child that does the work passed to it.
        answer: Takes the answers, head and body.
        settings: The check settings of this process.
        at_once: How many checks run at the same time, at most.
    """

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
        self._waiting: Deque[Message] = deque()
        # Forked before they are needed; or with a check behind them that left nothing behind.
        self._ahead: Deque[Child] = deque()
        # By their subjects; the one that was used last is at the end.
        self._parked: Dict[str, Child] = {}
        self.running: Dict[int, Running] = {}
        """The children that make checks, by process ID."""
        self.ended: List[Child] = []
        """Killed, and not yet reaped."""
        self.expects_more = False
        """Whether there will be checks here, so that forking ahead pays."""

    def add(self, head: messages.Head, body: bytes) -> None:
        """Take a request; ``start`` hands it to a child."""
        self._waiting.append((head, body))

    def start(self) -> None:
        """Hand waiting requests to children, while fewer than ``at_once`` make checks.

        A request waits while its subject's child is busy.
        """
        busy = {_subject(running.request[0]) for running in self.running.values()} - {""}
        for head, body in list(self._waiting) if len(self.running) < self._at_once else ():
            subject = _subject(head)
            if subject in busy:
                continue
            self._waiting.remove((head, body))
            self._hand_over(head, body, self._parked.pop(subject, None))
            busy |= {subject} - {""}
            if len(self.running) >= self._at_once:
                return

    def _hand_over(self, head: messages.Head, body: bytes, parked: Optional[Child]) -> None:
        """Give a request to a child: the parked one of its subject, if there is one."""
        child = parked
        if child is not None:
            child.signal_group(signal.SIGCONT)
        else:
            child = self._ahead.popleft() if self._ahead else self._fork(self._be_check)
        self.expects_more = True
        child.pipes.write(head, body)
        progress = Progress(child.pid, head, self._settings)
        self.running[child.pid] = Running(
            child, head["id"], progress, (head, body), parked is not None
        )

    @property
    def wants_more_ahead(self) -> bool:
        """Whether checks are expected and no child is ready for one."""
        return self.expects_more and not self._ahead

    def fork_ahead(self) -> None:
        """Have one more child ready.

        Forking it, and touching its memory for the first time, is most of what a check costs.
        """
        self._ahead.append(self._fork(self._be_check_ahead))

    def _be_check(self, pipes: Pipes) -> None:
        """Make checks, in a new child."""
        os.setsid()  # one kill reaches what the payload forks
        os.set_blocking(pipes.read_fd, True)
        os.set_blocking(pipes.write_fd, True)
        check.run(pipes.read_fd, pipes.write_fd, self._settings, SideEffects())

    def _be_check_ahead(self, pipes: Pipes) -> None:
        check.rehearse()
        self._be_check(pipes)

    def pipes(self) -> List[Pipes]:
        """The pipes to every child that lives, whether it makes a check or is ready for one."""
        return [
            child.pipes
            for child in (
                *(running.child for running in self.running.values()),
                *self._ahead,
                *self._parked.values(),
            )
        ]

    def read(self, running: Running) -> None:
        """Pass on the answer of a child; what comes before the answer goes to its ``progress``.

        The child is then ready for another check, of its subject or of any, or it is ended.
        """
        try:
            for head, body in running.child.pipes.read():
                if not running.progress.note(head, body):
                    ready_for = head.pop("next", "")
                    # before the child is waited for: the exit of a large process takes long
                    self._answer(head, body)
                    if ready_for == "any":
                        self._ahead.append(self.running.pop(running.child.pid).child)
                    elif ready_for == "same" and _subject(running.request[0]):
                        self._park(running)
                    else:
                        self._end_check(running)
                    return
        except messages.MessageError:
            self._answer_for(running, {"stage": "crashed", "how": STRAY_WRITE})

    def expire(self) -> None:
        """Answer for the children that cannot: those that have ended, or are over their time."""
        for running in list(self.running.values()):
            code = running.child.ended()
            if code is not None and running.child.pipes.open:
                self.read(running)  # its last words may still be in the pipe
            if running.child.pid not in self.running:
                continue
            if code is not None:
                self._answer_for(running, running.progress.ended(code))
                continue
            given_up = running.progress.gave_up()
            if given_up is not None:
                self._answer_for(running, given_up)

    def _answer_for(self, running: Running, answer: messages.Head) -> None:
        """Answer for a child that cannot; or make the check again, in a fresh child.

        Once more is right where an earlier check of the child may be to blame, and where somebody
        else may have ended it, such as the system for want of memory: a check that ends its process
        does so again.
        """
        head, body = running.request
        if running.is_used:
            self._waiting.append(running.request)
        elif answer["stage"] == "crashed" and "ended_before" not in head:
            self._waiting.append((dict(head, fresh=True, ended_before=answer["how"]), body))
        else:
            self._answer(dict(answer, id=running.number), b"")
        self._end_check(running)

    def _park(self, running: Running) -> None:
        """Stop a child until its subject's next check; end the one that was parked longest."""
        del self.running[running.child.pid]
        running.child.signal_group(signal.SIGSTOP)
        self._parked[_subject(running.request[0])] = running.child
        if len(self._parked) > PARKED:
            self._end_parked(next(iter(self._parked)))

    def _end_parked(self, subject: str) -> None:
        child = self._parked.pop(subject)
        child.pipes.close()
        child.kill(group=True)
        self.ended.append(child)

    def _end_check(self, running: Running) -> None:
        """Kill a child and what it has forked; it is reaped later."""
        del self.running[running.child.pid]
        running.child.pipes.close()
        running.child.kill(group=True)
        self.ended.append(running.child)

    def reap(self) -> None:
        """Collect the exit statuses of those that have ended, without waiting for the others."""
        self.ended = [child for child in self.ended if child.ended() is None]
        for child in [child for child in self._ahead if child.ended() is not None]:
            child.pipes.close()  # something killed it
            self._ahead.remove(child)
        for subject, child in list(self._parked.items()):
            if child.ended() is not None:
                child.pipes.close()
                del self._parked[subject]

    def end(self) -> None:
        """Drop the waiting requests and kill all children, without waiting for their end."""
        self._waiting.clear()
        for running in list(self.running.values()):
            self._end_check(running)
        for subject in list(self._parked):
            self._end_parked(subject)
        for child in self._ahead:
            child.pipes.close()
            child.kill(group=False)
            self.ended.append(child)
        self._ahead.clear()


def _subject(head: messages.Head) -> str:
    """The subject of a request; "" for one that needs a child of its own."""
    return "" if head.get("fresh") else head.get("subject", "")
