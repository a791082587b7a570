"""What Linux tells of processes: the state of one, and which descend from it; and their end.

Other systems have no ``/proc``: there no process is known to be stopped, and none to be below
another.
"""

import os
import signal
import sys
from typing import Any, Dict, List, Optional, Set

_ROUNDS = 50  # looks for processes that were forked while the others were being stopped


class ProcessTree:
    """Looks at processes with the system's own functions.

    Tests replace those of ``os``, also where a module has bound them under names of its own.
    """

    def __init__(self) -> None:
        system: Any = sys.modules[os.name]  # what os has them from
        self._open, self._read, self._close = system.open, system.read, system.close
        self._listdir, self._kill = system.listdir, system.kill
        self._read_only = os.O_RDONLY

    def stat_fields(self, pid: int) -> List[bytes]:
        """What proc(5) lists for ``/proc/PID/stat``: the third field and those after it.

        So index 0 is its state, 1 its parent's process ID, 11 and 12 its processor time in clock
        ticks. The second field, its name, may hold spaces and parentheses.

        Raises:
            OSError: There is no such process, or the system has no ``/proc``.
        """
        fd = self._open("/proc/{}/stat".format(pid), self._read_only)
        try:
            stat: bytes = self._read(fd, 4096)
            return stat.rpartition(b")")[2].split()
        finally:
            self._close(fd)

    def is_stopped(self, pid: int) -> bool:
        """Whether a signal has stopped a process (SIGSTOP, SIGTSTP), so that it does nothing."""
        return self._state(pid) == b"T"

    def _state(self, pid: int) -> Optional[bytes]:
        """The letter of its state; None for a process that has ended, or where none is told."""
        try:
            state = self.stat_fields(pid)[0]
        except (OSError, IndexError):
            return None
        return None if state in (b"Z", b"X") else state

    def children(self) -> Dict[int, List[int]]:
        """Process IDs by those of their parents, zombies included."""
        children: Dict[int, List[int]] = {}
        try:
            names = self._listdir("/proc")
        except OSError:
            return children
        for name in names:
            if name.isdigit():
                try:
                    parent = int(self.stat_fields(int(name))[1])
                except (OSError, IndexError):
                    continue  # it has ended meanwhile
                children.setdefault(parent, []).append(int(name))
        return children

    def end(self, root: int) -> None:
        """Kill a process and all that descend from it, whatever their sessions and states are.

        All are stopped first, so that none can fork another meanwhile, and no orphan falls to init.
        """
        stopped: Set[int] = set()
        for _ in range(_ROUNDS):
            running = self._below(root) - stopped
            if not running:
                break
            for pid in running:
                self._signal(pid, signal.SIGSTOP)
            stopped |= running
        for pid in stopped | {root}:
            self._signal(pid, signal.SIGKILL)

    def _below(self, root: int) -> Set[int]:
        """The process and all that descend from it, without those that have ended."""
        children, waiting, below = self.children(), [root], set()
        while waiting:
            pid = waiting.pop()
            waiting += children.get(pid, ())
            if self._state(pid) is not None:
                below.add(pid)
        return below

    def _signal(self, pid: int, number: int) -> None:
        try:
            self._kill(pid, number)
        except (ProcessLookupError, PermissionError):
            return


PROCESSES = ProcessTree()
