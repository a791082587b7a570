"""The branches of one server: processes forked from it that have imported one more module.

A branch is a server itself. So the processes form a tree, and each check is forked from the one
that has imported just what its payload would import anyway: importing LiteLLM takes seconds, and is
done once.
"""

import contextlib
import gc
import importlib
import importlib.util
import os
import signal
import sys
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from . import check, messages
from .check_pool import Fork
from .check_settings import CheckSettings
from .deadlines import ENDED_THE_RECEIVER, FORKED_FROM_ENDED, Importing, is_out_of_time
from .limits import limit_processor
from .messages import Message
from .processes import Child, Pipes

BRANCHES = 16  # that live below one process; the idle one unused for longest goes first


class Key(NamedTuple):
    """What tells the branches of one server apart."""

    step: str
    """The module that it imports; or ``module:callable``, which it calls as the consumer does at
    its start."""
    needs: Tuple[str, ...]
    """Sorted names of modules that the serializer needs, and that can be imported there whatever
    the rules say."""


class Branch:
    """A server forked from this one, and what it has not answered yet."""

    def __init__(self, child: Child, importing: Importing) -> None:
        self.child = child
        self.importing: Optional[Importing] = importing
        """Watches its import; None once it is ready."""
        self.pending: Dict[int, Message] = {}
        """Requests that it has not answered, by their numbers."""
        self.used = time.monotonic()
        """When it was made or last got a request, in seconds of ``time.monotonic``."""


class Branches:
    """Forks branches, passes requests and answers between them and this server, and ends them.

    Args:
        fork: Forks a child that does the work passed to it.
        serve: What a branch does once it has imported its module, with the pipes to this process.
        answer: Takes the answers, head and body.
        route: Takes the requests of a branch that ended, head and body, to be made without it.
        settings: The check settings of this process.
    """

    def __init__(
        self,
        fork: Fork,
        serve: Callable[[Pipes], None],
        answer: Callable[[messages.Head, bytes], None],
        route: Callable[[messages.Head, bytes], None],
        settings: CheckSettings,
    ) -> None:
        self._fork, self._serve, self._answer, self._route = fork, serve, answer, route
        self._settings = settings
        # Steps that no branch can take, each with why its requests time out; None where a check
        # takes the step itself, and meets the same failure.
        self._unfit: Dict[Key, Optional[str]] = {}
        self.alive: Dict[Key, Branch] = {}
        self.ended: List[Child] = []
        """Told to end or killed, and not yet reaped."""

    def take(self, head: messages.Head, body: bytes) -> bool:
        """Send a request to the branch for the first step that a branch can take for it.

        Where the import of that step is known to take too long, or to hang, the answer is given at
        once: the request has timed out.

        Args:
            head: The request's head. Of its ``needs``, those that can be imported here anyway are
                taken out.
            body: The payload.

        Returns:
            False if no branch is of use to the request: this process has to make its check.
        """
        if not self._settings.rules.needs:
            # What is importable here anyway is no special need, and without it the payload can
            # share the branches of others.
            head["needs"] = {
                name: location
                for name, location in head["needs"].items()
                if not _is_findable(name.partition(".")[0])
            }
        needs = tuple(sorted(head["needs"]))
        steps = [*self._settings.setup, *head["modules"]]
        while steps and not self._is_of_use(Key(steps[0], needs)):
            del steps[0]
        if not steps:
            return False
        key = Key(steps[0], needs)
        reason = self._unfit.get(key)
        if reason is not None:
            self._answer({"stage": "timed-out", "how": reason, "id": head["id"]}, b"")
            return True
        branch = self.alive.get(key) or self._grow(key, head["needs"])
        branch.pending[head["id"]] = (head, body)
        branch.used = time.monotonic()
        branch.child.pipes.write(
            dict(head, modules=[step for step in steps[1:] if ":" not in step]), body
        )
        return True

    def _is_of_use(self, key: Key) -> bool:
        """Whether the step has a branch, may get one, or is known to time out."""
        if key in self._unfit:
            return self._unfit[key] is not None
        if ":" in key.step:
            return True
        top = key.step.partition(".")[0]
        return key.step not in sys.modules and (
            key in self.alive or top in key.needs or _is_findable(top)
        )

    def _grow(self, key: Key, needs: Dict[str, object]) -> Branch:
        """Fork a branch; where there are too many, retire the idle one unused for longest."""
        if len(self.alive) >= BRANCHES:
            idle = sorted(
                (branch.used, idle_key)
                for idle_key, branch in self.alive.items()
                if not branch.pending
            )
            if idle:
                self._retire(idle[0][1])

        def be_branch(pipes: Pipes) -> None:
            self._settings.rules.needs = needs
            is_fit = _becomes_branch(key.step, self._settings)
            pipes.write({"event": "branch" if is_fit else "unfit"})
            if is_fit:
                self._serve(pipes)

        child = self._fork(be_branch)
        self.alive[key] = Branch(child, Importing(child.pid, key.step, self._settings))
        return self.alive[key]

    def read(self, key: Key, branch: Branch) -> None:
        """Pass on the answers of a branch; note that it is ready, or drop it if it never will."""
        try:
            for head, body in branch.child.pipes.read():
                if head.get("event") == "branch":
                    branch.importing = None
                elif head.get("event") == "unfit":
                    self._drop(key, branch)
                    return
                elif branch.pending.pop(head["id"], None):
                    self._answer(head, body)
        except messages.MessageError:
            self._drop(key, branch)

    def expire(self) -> None:
        """Drop the branches that have ended; give up those whose imports take too long, or hang."""
        for key, branch in list(self.alive.items()):
            branch.child.end_if_stopped()
            code = branch.child.ended()
            if code is not None and branch.importing is not None and is_out_of_time(code):
                self._give_up(key, branch, branch.importing.took_too_long())
            elif code is not None or (branch.importing is None and not branch.child.pipes.open):
                self._drop(key, branch)
            elif branch.importing is not None:
                reason = branch.importing.gave_up()
                if reason is not None:
                    self._give_up(key, branch, reason)

    def _give_up(self, key: Key, branch: Branch, reason: str) -> None:
        """Answer that its requests have timed out, and every later request for the same step.

        So nobody waits for the same import once more.
        """
        self._unfit[key] = reason
        self._retire(key)
        for number in branch.pending:
            self._answer({"stage": "timed-out", "how": reason, "id": number}, b"")

    def _drop(self, key: Key, branch: Branch) -> None:
        """End a branch and reroute its requests, so that a crash is blamed on one check.

        A branch that was not ready is not forked again: its requests are made without it. A request
        that was waiting in two ready branches when they ended is answered: the receiver crashed.
        """
        if branch.importing is not None:
            self._unfit[key] = None
        self._retire(key)
        for head, body in branch.pending.values():
            if branch.importing is not None:
                self._route(head, body)
            elif "ended_before" in head:
                self._answer({"stage": "crashed", "how": ENDED_THE_RECEIVER, "id": head["id"]}, b"")
            else:
                self._route(dict(head, ended_before=FORKED_FROM_ENDED), body)

    def _retire(self, key: Key) -> None:
        """Tell a branch to end; it is reaped later."""
        branch = self.alive.pop(key)
        branch.child.pipes.close()  # which tells it to end what is below it, then itself
        if branch.importing is not None:
            branch.child.kill(group=False)  # it would not notice
        self.ended.append(branch.child)

    @property
    def are_awaited(self) -> bool:
        """Whether any branch imports, owes an answer or is ending.

        Such a one must be looked at again and again: it may die, or be stopped, without closing its
        pipe.
        """
        return bool(self.ended) or any(
            branch.pending or branch.importing for branch in self.alive.values()
        )

    def reap(self) -> None:
        """Collect the exit statuses of those that have ended, without waiting for the others."""
        self.ended = [child for child in self.ended if child.ended() is None]

    def end(self) -> None:
        """Tell all branches to end, without waiting for that."""
        for key in list(self.alive):
            self._retire(key)


def _becomes_branch(step: str, settings: CheckSettings) -> bool:
    """Take the step; whether this process can be a branch then.

    If not, a check takes the step itself, meets the same failure, and reports it.
    """
    limit_processor(settings.import_seconds)
    # a large import makes much and drops little: collecting on the way is a fifth of its time
    gc.disable()
    try:
        check.take_step(step, settings)
    except BaseException:
        return False
    gc.enable()
    limit_processor(None)
    if hasattr(signal, "SIGPIPE"):  # command line tools give it its default when imported
        signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    # A fork copies one thread only, and ends or hangs where there are several interpreters.
    return not (_has_threads() or _has_subinterpreters())


def _is_findable(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _has_threads() -> bool:
    """Whether this process has more than one thread."""
    try:
        return len(os.listdir("/proc/self/task")) > 1  # also threads that Python does not know
    except OSError:
        threading = sys.modules.get("threading")
        return threading is not None and threading.active_count() > 1


def _has_subinterpreters() -> bool:
    """Whether this process has more than one interpreter (PEP 734).

    A library may make one when it is imported. Up to 3.12 the module that lists them has another
    name, and PyPy has neither.
    """
    for name in ("_interpreters", "_xxsubinterpreters"):
        with contextlib.suppress(ImportError):
            return len(importlib.import_module(name).list_all()) > 1
    return False
