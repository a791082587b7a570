"""How far a check has come, and when it is not to be waited for any longer."""

import os
import signal
import time
from typing import Optional, Tuple

from . import messages
from .check_settings import CheckSettings

ENDED_THE_RECEIVER = "it ended the process that it was forked from, twice"
STRAY_WRITE = "something that it did wrote into the pipe for its answer"
# seconds of processor time over the limit, after which a process is taken to ignore SIGXCPU
GRACE = 1.5
WALL_FACTOR = 6  # wall clock allowed for each second of processor time: machines are shared


class Progress:
    """Of one check, in a process of its own."""

    def __init__(self, pid: int, head: messages.Head, settings: CheckSettings) -> None:
        self._pid = pid
        self._timeout: float = head["timeout"]
        self._settings = settings
        self._importing: Optional[Importing] = None
        self._used_before = 0.0  # seconds of processor time, for its imports
        self._began = time.monotonic()
        self._next_look = 0.0

    def note(self, head: messages.Head, body: bytes) -> bool:
        """Take what the process says on its way to the answer; False if it is the answer."""
        if head["stage"] == "importing":
            self._importing = Importing(
                self._pid, messages.from_json(body)["module"], self._settings
            )
        elif head["stage"] == "checking":
            self._importing, self._used_before = None, messages.from_json(body)["used"]
            self._began = time.monotonic()
        else:
            return False
        return True

    def gave_up(self) -> Optional[str]:
        """Why the process should not be waited for any longer; None while it may go on."""
        if self._importing is not None:
            return self._importing.gave_up()
        now = time.monotonic()
        if now > self._began + WALL_FACTOR * self._timeout:
            return "no answer in {:g} s".format(WALL_FACTOR * self._timeout)
        # earlier it cannot have used so much
        if now > self._began + self._timeout + GRACE and now > self._next_look:
            self._next_look = now + 1.0
            used = _processor_seconds(self._pid)
            if used is not None and used - self._used_before > self._timeout + GRACE:
                return self._used_up()
        return None

    def ended(self, code: int) -> Tuple[str, str]:
        """The stage and the words for a process that ended without an answer, with that exit status
        or negative signal.

        Nothing measured is in the words: a verdict is the same on every run.
        """
        if code >= 0:
            return "crashed", "the process exited with status {} before it answered".format(code)
        if is_out_of_time(code):
            return (
                "timed-out",
                self._used_up() if self._importing is None else self._importing.took_too_long(),
            )
        return "crashed", "ended by {}".format(_signal_name(-code))

    def _used_up(self) -> str:
        return "it used more than {:g} s of processor time".format(self._timeout)


class Importing:
    """Watches a process that imports a module."""

    def __init__(self, pid: int, module: str, settings: CheckSettings) -> None:
        self._pid, self._module, self._settings = pid, module, settings
        self._deadline = time.monotonic() + WALL_FACTOR * settings.import_seconds
        self._used, self._used_at = -1.0, time.monotonic()
        self._next_look = 0.0

    def gave_up(self) -> Optional[str]:
        """Why it should not be waited for any longer; None while it may go on."""
        now = time.monotonic()
        if now > self._deadline:
            return self.took_too_long()
        if now < self._next_look:
            return None
        self._next_look = now + self._settings.stall_seconds / 10
        used = _processor_seconds(self._pid)
        if used is None or used != self._used:
            self._used, self._used_at = used or 0.0, now
        elif now - self._used_at > self._settings.stall_seconds:
            return "importing {} hangs: it used no processor time for {:g} s".format(
                self._module, self._settings.stall_seconds
            )
        return None

    def took_too_long(self) -> str:
        return "importing {} takes more than {:g} s of processor time".format(
            self._module, self._settings.import_seconds
        )


def is_out_of_time(code: int) -> bool:
    """Whether a process that ended with this exit status or negative signal was over its limit of
    processor time."""
    return code == -getattr(signal, "SIGXCPU", 0) != 0


def _processor_seconds(pid: int) -> Optional[float]:
    """What a process has used so far; None where the system does not tell."""
    try:
        with open("/proc/{}/stat".format(pid), "rb") as stat:
            after_name = stat.read().rpartition(b")")[2].split()
    except OSError:
        return None
    return (int(after_name[11]) + int(after_name[12])) / os.sysconf("SC_CLK_TCK")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)
