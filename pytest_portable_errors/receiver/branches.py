"""The branches of one server: processes forked from it that have imported one more module, and are
servers themselves.

Importing LiteLLM takes seconds, so it is done once. The processes form a tree, and each check is
forked from the one that has imported just what its payload would import anyway.
"""

import gc
import importlib.util
import os
import sys
import time
from typing import Callable, Dict, List, NamedTuple, Optional, Tuple

from . import check, messages
from .check_pool import Fork
from .check_settings import CheckSettings
from .deadlines import ENDED_THE_RECEIVER, Importing, is_out_of_time
from .limits import limit_processor
from .processes import Child, Pipes, Request

BRANCHES = 16  # at once, below one process; the one unused for longest goes first


class Key(NamedTuple):
    """What is particular to a branch."""

    step: str
    """The module that it imports; or ``module:callable``, a consumer's start-up."""
    needs: Tuple[str, ...]
    """Modules of the serializer's that are importable there against the rule."""


class Branch:
    """A server forked from this one."""

    def __init__(self, child: Child, importing: Importing) -> None:
        self.child = child
        self.importing: Optional[Importing] = importing
        """None once it is ready."""
        self.pending: Dict[int, Request] = {}
        self.used = time.monotonic()


class Branches:
    """See above. ``serve`` is what a branch does when it has imported, ``route`` takes requests
    that must go another way after all."""

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
        # why requests for it are hopeless, or None where a check had better see for itself
        self._unfit: Dict[Key, Optional[str]] = {}
        self.alive: Dict[Key, Branch] = {}
        self.ended: List[Child] = []  # told to end or killed, not yet waited for

    def take(self, head: messages.Head, body: bytes) -> bool:
        """Send a request to the branch for what it names first; False if none is of use to it."""
        if not self._settings.rules.needs:
            # What is importable here anyway is no special need, and without it the payload can
            # share the branches of others.
            head["needs"] = {
                name: where
                for name, where in head["needs"].items()
                if not _is_findable(name.partition(".")[0])
            }
        needs = tuple(sorted(head["needs"]))
        steps = [*self._settings.setup, *head["modules"]]
        while steps and not self._is_of_use(Key(steps[0], needs)):
            del steps[0]
        if not steps:
            return False
        key = Key(steps[0], needs)
        hopeless = self._unfit.get(key)
        if hopeless is not None:
            self._answer({"stage": "timed-out", "how": hopeless, "id": head["id"]}, b"")
            return True
        branch = self.alive.get(key) or self._grow(key, head["needs"])
        branch.pending[head["id"]] = (head, body)
        branch.used = time.monotonic()
        branch.child.pipes.write(
            dict(head, modules=[step for step in steps[1:] if ":" not in step]), body
        )
        return True

    def _is_of_use(self, key: Key) -> bool:
        if key in self._unfit:
            return self._unfit[key] is not None
        if ":" in key.step:
            return True
        top = key.step.partition(".")[0]
        return key.step not in sys.modules and (
            key in self.alive or top in key.needs or _is_findable(top)
        )

    def _grow(self, key: Key, needs: Dict[str, object]) -> Branch:
        if len(self.alive) >= BRANCHES:
            idle = sorted(
                (branch.used, other) for other, branch in self.alive.items() if not branch.pending
            )
            if idle:
                self._retire(idle[0][1])

        def be_branch(pipes: Pipes) -> None:
            self._settings.rules.needs = needs
            is_fit = _import(key.step, self._settings)
            pipes.write({"stage": "branch" if is_fit else "unfit"})
            if is_fit:
                self._serve(pipes)

        child = self._fork(be_branch)
        self.alive[key] = Branch(child, Importing(child.pid, key.step, self._settings))
        return self.alive[key]

    def read(self, key: Key, branch: Branch) -> None:
        """Take what a branch says."""
        try:
            for head, body in branch.child.pipes.read():
                if head["stage"] == "branch":
                    branch.importing = None
                elif head["stage"] == "unfit":
                    self._drop(key, branch)
                    return
                elif branch.pending.pop(head["id"], None):
                    self._answer(head, body)
        except messages.MessageError:
            self._drop(key, branch)

    def expire(self) -> None:
        """Give up the branches that have ended, and those whose imports do not end."""
        for key, branch in list(self.alive.items()):
            branch.child.end_if_stopped()
            ended = branch.child.ended()
            if ended is not None and branch.importing is not None and is_out_of_time(ended):
                self._give_up(key, branch, branch.importing.took_too_long())
            elif ended is not None or (branch.importing is None and not branch.child.pipes.open):
                self._drop(key, branch)
            elif branch.importing is not None:
                why = branch.importing.gave_up()
                if why is not None:
                    self._give_up(key, branch, why)

    def _give_up(self, key: Key, branch: Branch, why: str) -> None:
        """Answer for all that wait for it, and for all that will: nobody is to wait for the same
        import once more."""
        self._unfit[key] = why
        self._retire(key)
        for number in branch.pending:
            self._answer({"stage": "timed-out", "how": why, "id": number}, b"")

    def _drop(self, key: Key, branch: Branch) -> None:
        """End a branch; what it was asked, this process does without it, so that the same defect is
        met where it is one check's."""
        if branch.importing is not None:
            self._unfit[key] = None
        self._retire(key)
        for head, body in branch.pending.values():
            killed = head.get("killed", 0) + int(branch.importing is None)
            if killed > 1:
                self._answer({"stage": "crashed", "how": ENDED_THE_RECEIVER, "id": head["id"]}, b"")
            else:
                self._route(dict(head, killed=killed), body)

    def _retire(self, key: Key) -> None:
        branch = self.alive.pop(key)
        branch.child.pipes.close()  # which tells it to end what is below it, then itself
        if branch.importing is not None:
            branch.child.kill(group=False)  # it would not notice
        self.ended.append(branch.child)

    @property
    def are_awaited(self) -> bool:
        """Whether somebody waits for one of them, which may have died or been stopped without
        closing its pipe."""
        return bool(self.ended) or any(
            branch.pending or branch.importing for branch in self.alive.values()
        )

    def reap(self) -> None:
        """Wait for those that have ended, without waiting."""
        self.ended = [child for child in self.ended if child.ended() is None]

    def end(self) -> None:
        """End them all."""
        for key in list(self.alive):
            self._retire(key)


def _import(step: str, settings: CheckSettings) -> bool:
    """Take the step; whether this process can be a branch then. If not, the check itself will meet
    the same, and say so."""
    limit_processor(settings.import_seconds)
    # a large import makes much and drops little: collecting on the way is a fifth of its time
    gc.disable()
    try:
        check.take_step(step, settings)
    except BaseException:
        return False
    gc.enable()
    limit_processor(None)
    return not _has_threads()  # of which a fork copies only one


def _is_findable(top: str) -> bool:
    try:
        return importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        return False


def _has_threads() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) > 1  # also threads that Python does not know
    except OSError:
        threading = sys.modules.get("threading")
        return threading is not None and threading.active_count() > 1
