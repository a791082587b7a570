"""The fork server: one pristine, single-threaded process that forks a child for each check.

Importing LiteLLM takes seconds, so for the modules that a payload names a *branch* is forked, imports the first of them and then is a
server itself, for the rest: the processes form a tree, and each check is forked from the one that has imported just what its payload
would import anyway. Nothing that one check does is there for the next.

Every process of the tree runs the same loop. It never blocks on a pipe: a child that hangs, or a branch that imports, holds up nobody.
"""

import gc
import importlib
import importlib.util
import os
import resource
import select
import sys
import time
from collections import deque
from functools import partial
from typing import Any, Callable, Deque, Dict, List, NoReturn, Optional, Set, Tuple

from . import check, frames
from .children import BRANCH_SECONDS, WALL_FACTOR, Branch, Check, Child, Pipes, Request, how_it_ended
from .imports import Rules

BRANCHES = 16  # at once, below one process; the one unused for longest goes first
TICK = 0.05  # seconds between looks at children that may have died without closing their pipe

_Key = Tuple[str, Tuple[str, ...]]


class Server:
    """One process of the tree: takes requests on one descriptor, answers on another."""

    def __init__(self, pipes: Pipes, rules: Rules, *, at_once: int) -> None:
        self._pipes = pipes
        self._rules = rules
        self._at_once = at_once
        self._waiting: Deque[Request] = deque()
        self._checks: Dict[int, Check] = {}
        self._branches: Dict[_Key, Branch] = {}
        self._unfit: Set[_Key] = set()
        self._ended: List[Child] = []  # killed or told to end, not yet waited for

    # --- the loop

    def serve(self) -> None:
        """Serve until the other side closes its pipe; then end every process below this one."""
        gc.freeze()  # children that collect garbage then copy fewer pages
        while self._pipes.open:
            self._await_events()
            self._expire()
            while self._waiting and len(self._checks) < self._at_once:
                self._fork_check(*self._waiting.popleft())
            self._reap()
        self._end_all()

    def _await_events(self) -> None:
        ready: Dict[int, Tuple[Pipes, Callable[[], None]]] = {self._pipes.read_fd: (self._pipes, self._read_requests)}
        poll = select.poll()
        poll.register(self._pipes.read_fd, select.POLLIN)  # its hang-up must wake us even while a child hangs
        for running in list(self._checks.values()):
            if running.pipes.open:
                ready[running.pipes.read_fd] = (running.pipes, partial(self._read_answer, running))
                poll.register(running.pipes.read_fd, select.POLLIN)
        for key, branch in list(self._branches.items()):
            ready[branch.pipes.read_fd] = (branch.pipes, partial(self._read_branch, key, branch))
            poll.register(branch.pipes.read_fd, select.POLLIN)
        for pipes in [self._pipes, *(branch.pipes for branch in self._branches.values())]:
            if pipes.is_writing:
                ready[pipes.write_fd] = (pipes, pipes.flush)
                poll.register(pipes.write_fd, select.POLLOUT)
        idle = not (self._checks or self._ended or any(not branch.ready for branch in self._branches.values()))
        for fd, _ in poll.poll(None if idle else TICK * 1000):
            pipes, handle = ready[fd]
            if not pipes.closed:  # by what was handled just before; the number may be another pipe's already
                handle()

    def _read_requests(self) -> None:
        try:
            for head, body in self._pipes.read():
                if "end" in head:  # said, because a fork of the sender may hold the pipe open
                    self._pipes.open = False
                else:
                    self._route(head, body)
        except frames.FrameError:
            self._pipes.open = False  # nothing that follows could be read

    def _route(self, head: frames.Head, body: bytes) -> None:
        """To the branch that has imported what the payload names first, or to a child of this process if that is done."""
        modules = list(head["modules"])
        if not self._rules.needs:
            # What is importable here anyway is no special need, and without it the payload can share the branches of others.
            head["needs"] = {name: where for name, where in head["needs"].items() if not self._is_findable(name.partition(".")[0])}
        needs = tuple(sorted(head["needs"]))
        while modules and not self._is_worth_a_branch((modules[0], needs)):
            del modules[0]
        if not modules:
            if "payload" in head:  # without one the request was only to get the branches ready
                self._waiting.append((head, body))
            else:
                self._pipes.write({"id": head["id"], "stage": "ready"})
            return
        key = (modules[0], needs)
        branch = self._branches.get(key) or self._fork_branch(key, head["needs"])
        branch.pending[head["id"]] = (head, body)
        branch.used = time.monotonic()
        branch.pipes.write(dict(head, modules=modules[1:]), body)

    def _is_worth_a_branch(self, key: _Key) -> bool:
        module, needs = key
        if module in sys.modules or key in self._unfit:
            return False
        top = module.partition(".")[0]
        return key in self._branches or top in needs or self._is_findable(top)

    def _is_findable(self, top: str) -> bool:
        try:
            return importlib.util.find_spec(top) is not None
        except (ImportError, ValueError):
            return False

    # --- checks

    def _fork_check(self, head: frames.Head, body: bytes) -> None:
        read_fd, write_fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._leave(read_fd)
                self._rules.needs = head["needs"]
                check.run(head, body, write_fd)
            finally:
                os._exit(1)
        os.close(write_fd)
        self._checks[pid] = Check(pid, Pipes(read_fd, -1), head)

    def _read_answer(self, running: Check) -> None:
        try:
            for answer, _ in running.pipes.read():
                self._pipes.write(answer)  # before the child is waited for: the exit of a large process takes long
                self._forget_check(running)
                return
        except frames.FrameError:
            self._answer_for(running, "crashed", "something that it did wrote into the pipe for its answer")

    def _expire(self) -> None:
        """Answer for the children that cannot: dead or over their time."""
        for running in list(self._checks.values()):
            status = running.status()
            if status is not None and running.pipes.open:
                self._read_answer(running)  # its last words may still be in the pipe
            if running.pid not in self._checks:
                continue
            if status is not None:
                timed_out = os.WIFSIGNALED(status[0]) and status[1] >= running.head["timeout"] - 0.1
                self._answer_for(running, "timed-out" if timed_out else "crashed", how_it_ended(*status))
            elif time.monotonic() > running.deadline:
                limit = WALL_FACTOR * running.head["timeout"]
                self._answer_for(running, "timed-out", "no answer in {:g} s".format(limit))
        for key, branch in list(self._branches.items()):
            if not branch.ready and time.monotonic() > branch.deadline:
                self._drop_branch(key, branch, "importing {} took over {:g} s".format(key[0], BRANCH_SECONDS))

    def _answer_for(self, running: Check, stage: str, how: str) -> None:
        self._pipes.write({"id": running.head["id"], "stage": stage, "how": how})
        self._forget_check(running)

    def _forget_check(self, running: Check) -> None:
        del self._checks[running.pid]
        running.pipes.close()
        running.kill(group=True)
        self._ended.append(running)

    # --- branches

    def _fork_branch(self, key: _Key, needs: Dict[str, Any]) -> Branch:
        if len(self._branches) >= BRANCHES:
            idle = sorted((branch.used, other) for other, branch in self._branches.items() if not branch.pending)
            if idle:
                self._retire(idle[0][1])
        there, here = os.pipe(), os.pipe()
        pid = os.fork()
        if pid == 0:
            try:
                self._leave(there[1], here[0])
                self._rules.needs = needs
                _be_branch(key[0], Pipes(there[0], here[1]), self._rules, self._at_once)
            finally:
                os._exit(1)
        os.close(there[0])
        os.close(here[1])
        self._branches[key] = Branch(pid, Pipes(here[0], there[1]))
        return self._branches[key]

    def _read_branch(self, key: _Key, branch: Branch) -> None:
        try:
            for head, body in branch.pipes.read():
                if head["stage"] == "branch":
                    branch.ready = True
                elif head["stage"] == "unfit":
                    self._drop_branch(key, branch, head["how"])
                    return
                elif branch.pending.pop(head["id"], None):
                    self._pipes.write(head, body)
        except frames.FrameError as error:
            self._drop_branch(key, branch, str(error))
            return
        if not branch.pipes.open:
            self._drop_branch(key, branch, "it ended")

    def _drop_branch(self, key: _Key, branch: Branch, why: str) -> None:
        """End a branch; what it was asked, this process does without it, so that the same defect is met where it is one check's."""
        if not branch.ready:
            self._unfit.add(key)
        self._retire(key)
        for head, body in branch.pending.values():
            killed = head.get("killed", 0) + int(branch.ready)
            if killed > 1:
                self._pipes.write(
                    {"id": head["id"], "stage": "crashed", "how": "the process that it was forked from was ended too: " + why}
                )
            else:
                self._route(dict(head, killed=killed), body)

    def _retire(self, key: _Key) -> None:
        branch = self._branches.pop(key)
        branch.pipes.close()  # which tells it to end what is below it, then itself
        if not branch.ready:
            branch.kill(group=False)  # it imports, and would not notice
        self._ended.append(branch)

    # --- ends

    def _leave(self, *more: int) -> None:
        """In a new child: let go of what belongs to the server."""
        self._pipes.close()
        for running in self._checks.values():
            running.pipes.close()
        for branch in self._branches.values():
            branch.pipes.close()
        for fd in more:
            os.close(fd)

    def _reap(self) -> None:
        self._ended = [child for child in self._ended if child.status() is None]

    def _end_all(self) -> None:
        for running in list(self._checks.values()):
            self._forget_check(running)
        for key in list(self._branches):
            self._retire(key)
        patience = time.monotonic() + 1.0
        while self._ended and time.monotonic() < patience:
            self._reap()
            time.sleep(0.002)
        for child in self._ended:
            child.kill(group=False)


def _be_branch(module: str, pipes: Pipes, rules: Rules, at_once: int) -> NoReturn:
    """In a new branch: import the module, tell how that went, and serve."""
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    within = int(BRANCH_SECONDS) if hard == resource.RLIM_INFINITY else min(int(BRANCH_SECONDS), hard)
    resource.setrlimit(resource.RLIMIT_CPU, (within, hard))
    unfit: Optional[str] = None
    gc.disable()  # a large import makes much and drops little: collecting on the way is a fifth of its time
    try:
        importlib.import_module(module)
        if _has_threads():
            unfit = "importing {} started a thread, and a fork copies only one".format(module)
    except BaseException as error:  # the check itself will meet it, and say so
        unfit = "importing {} raised {}".format(module, type(error).__name__)
    gc.enable()
    resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))
    pipes.write({"stage": "unfit", "how": unfit} if unfit else {"stage": "branch"})
    if unfit is None:
        Server(pipes, rules, at_once=at_once).serve()
    os._exit(0)


def _has_threads() -> bool:
    try:
        return len(os.listdir("/proc/self/task")) > 1  # also threads that Python does not know
    except OSError:
        threading = sys.modules.get("threading")
        return threading is not None and threading.active_count() > 1
