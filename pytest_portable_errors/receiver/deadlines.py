"""How far a check has come, and when the server gives it up."""

import os
import signal
import time
from typing import Optional

from . import messages
from .check_settings import CheckSettings
from .process_tree import PROCESSES

ENDED_THE_RECEIVER = "it ended the process that it was forked from, twice"
FORKED_FROM_ENDED = "the process that it was forked from ended"
STRAY_WRITE = "something that it did wrote into the pipe for its answer"
# Seconds of processor time over the limit, after which a process is taken to ignore SIGXCPU.
GRACE = 1.5
WALL_FACTOR = 6  # seconds of wall clock for each second of processor time: machines are shared


class Progress:
    """How far one check has come, in a process of its own.

    Args:
        pid: The process that makes the check.
        head: The request's head. Its ``timeout`` is in seconds of processor time, for loads.
        settings: The limits of imports.
    """

    def __init__(self, pid: int, head: messages.Head, settings: CheckSettings) -> None:
        self._pid = pid
        self._timeout: float = head["timeout"]
        self._settings = settings
        self._importing: Optional[Importing] = None
        self._used_before = 0.0  # seconds of processor time, when its imports were done
        self._began = time.monotonic()
        self._next_look = 0.0
        self._is_describing = False

    def note(self, head: messages.Head, body: bytes) -> bool:
        """Take a message of the process; whether it came before the answer, and is used up.

        Args:
            head: Its ``event`` is ``importing``, ``checking`` or ``describing``; answers have none.
            body: For ``importing`` the module; for ``checking`` the processor time used so far, in
                seconds.

        Raises:
            MessageError: The body is no JSON object.
        """
        if head.get("event") == "importing":
            self._importing = Importing(
                self._pid, messages.from_json(body)["module"], self._settings
            )
        elif head.get("event") == "checking":
            self._importing, self._used_before = None, messages.from_json(body)["used"]
            self._began = time.monotonic()
        elif head.get("event") == "describing":
            self._is_describing = True
        else:
            return False
        return True

    def gave_up(self) -> Optional[messages.Head]:
        """What to answer for a process that is given up; None while it may go on."""
        reason = self._reason_to_give_up()
        return None if reason is None else self._timed_out(reason)

    def _reason_to_give_up(self) -> Optional[str]:
        if self._importing is not None:
            return self._importing.gave_up()
        now = time.monotonic()
        if now > self._began + WALL_FACTOR * self._timeout:
            return "no answer in {:g} s".format(WALL_FACTOR * self._timeout)
        # Earlier it cannot have used so much.
        if now > self._began + self._timeout + GRACE and now > self._next_look:
            self._next_look = now + 1.0
            used = _processor_seconds(self._pid)
            if used is not None and used - self._used_before > self._timeout + GRACE:
                return self._used_up()
        return None

    def _timed_out(self, how: str) -> messages.Head:
        return {"stage": "timed-out", "how": how, "is_describing": self._is_describing}

    def ended(self, code: int) -> messages.Head:
        """What to answer for a process that ended without an answer.

        Args:
            code: Its exit status, or the negative number of the signal that ended it.

        Returns:
            Fields of an answer. Nothing measured is in its words: a verdict is the same on every
            run.
        """
        if code >= 0:
            how = "the process exited with status {} before it answered".format(code)
            return {"stage": "crashed", "how": how}
        if is_out_of_time(code):
            return self._timed_out(
                self._used_up() if self._importing is None else self._importing.took_too_long()
            )
        return {"stage": "crashed", "how": "ended by {}".format(_signal_name(-code))}

    def _used_up(self) -> str:
        return "it used more than {:g} s of processor time".format(self._timeout)


class Importing:
    """Watches a process that imports a module.

    Args:
        pid: The process.
        module: Its name, for the report; or ``module:callable`` of a start-up.
        settings: The limits of imports.
    """

    def __init__(self, pid: int, module: str, settings: CheckSettings) -> None:
        self._pid, self._module, self._settings = pid, module, settings
        self._deadline = time.monotonic() + WALL_FACTOR * settings.import_seconds
        self._used, self._used_at = -1.0, time.monotonic()
        self._next_look = 0.0

    def gave_up(self) -> Optional[str]:
        """Why the import is given up, in words for the report; None while it may go on.

        It is given up past its limit of wall clock, or when it has used no processor time for
        ``stall_seconds``.
        """
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
        """The words for an import that is over its limit."""
        return "importing {} takes more than {:g} s of processor time".format(
            self._module, self._settings.import_seconds
        )


def is_out_of_time(code: int) -> bool:
    """Whether a process that ended so was over its limit of processor time (SIGXCPU).

    ``code`` is its exit status, or the negative number of the signal that ended it.
    """
    return code == -getattr(signal, "SIGXCPU", 0) != 0


def _processor_seconds(pid: int) -> Optional[float]:
    """Processor time that a process has used so far; None where the system does not tell."""
    try:
        stat = PROCESSES.stat_fields(pid)
    except OSError:
        return None
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "signal {}".format(number)
