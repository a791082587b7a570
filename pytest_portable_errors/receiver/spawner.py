"""Where there is no safe fork: one interpreter for each check, started ahead.

The same verdicts as the fork server's, slower. Threads and blocking pipes, because that is what
every system has: Windows has no fork and no poll on pipes, and the frameworks of macOS do not
survive a fork.
"""

import contextlib
import os
import queue
import signal
import subprocess
import sys
import threading
from typing import Dict, List, NoReturn, Optional

from . import messages
from .check_settings import CheckSettings
from .deadlines import STRAY_WRITE, Progress
from .imports import Rules
from .processes import Request

TICK = 0.05  # seconds between looks at an interpreter that may have died without closing its pipe
# seconds for what an interpreter said before it ended, and the thread that listens has not passed
# on yet
LAST_WORDS = 1.0

_FOLDER = os.path.dirname(os.path.abspath(__file__))


class Interpreter:
    """One that makes one check, and what it says."""

    def __init__(self, mode: str, config: Dict[str, object]) -> None:
        flags = [
            "-I",
            *(["-S"] if sys.flags.no_site else []),
            *(["-B"] if sys.flags.dont_write_bytecode else []),
        ]
        self._process = subprocess.Popen(
            [sys.executable, *flags, _FOLDER, mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=hasattr(os, "setsid"),  # one kill reaches what the payload forks
        )
        self.pid = self._process.pid
        self._said: queue.SimpleQueue[Optional[Request]] = queue.SimpleQueue()
        self._has_closed = False
        threading.Thread(target=self._listen, daemon=True).start()
        self.tell(config)

    def tell(self, head: messages.Head, body: bytes = b"") -> None:
        assert self._process.stdin is not None
        # it has ended, which is noticed where its answer is read
        with contextlib.suppress(OSError):
            messages.write(self._process.stdin.fileno(), head, body)

    def _listen(self) -> None:
        assert self._process.stdout is not None
        decoder = messages.Decoder(skip_to=messages.START)
        try:
            while True:
                data = os.read(self._process.stdout.fileno(), messages.PIECE)
                if not data:
                    break
                for message in decoder.feed(data):
                    self._said.put(message)
        except messages.MessageError:
            self._said.put(({"stage": "crashed", "how": STRAY_WRITE}, b""))
        self._said.put(None)

    def next(self) -> Optional[Request]:
        """What it says next. None: nothing for now. An ``exit`` instead of a ``stage``: it has
        ended."""
        said = self._hear(TICK)
        if said is not None:
            return said
        # It is silent, or has closed its end: it may have ended, or become another program; what it
        # forked may hold the pipe open.
        code = self._process.poll()
        if code is None:
            return None
        return self._hear(LAST_WORDS) or ({"exit": code}, b"")

    def _hear(self, seconds: float) -> Optional[Request]:
        if self._has_closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)  # nothing more will be said
            return None
        with contextlib.suppress(queue.Empty):
            said = self._said.get(timeout=seconds)
            self._has_closed = said is None
            return said
        return None

    def kill(self) -> None:
        """Kill it and what it has forked, and wait for its end."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()


def leaks(config: Dict[str, object]) -> Dict[str, str]:
    """What an interpreter can import against the rules."""
    interpreter = Interpreter("prove", config)
    try:
        while True:
            said = interpreter.next()
            if said is not None:
                found: Dict[str, str] = said[0].get(
                    "leaks", {"?": "the check for absent modules ended without an answer"}
                )
                return found
    finally:
        interpreter.kill()


class Spawner:
    """Takes requests on one descriptor, answers on another."""

    def __init__(self, requests: int, answers: int, config: messages.Head, *, knock: int) -> None:
        self._requests, self._answers, self._knock = requests, answers, knock
        self._config = config
        self._settings = CheckSettings(config, Rules(config))
        self._waiting: queue.SimpleQueue[Request] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._alive: List[Interpreter] = []

    def serve(self) -> NoReturn:
        """Serve until the other side closes its pipe; then end everything below."""
        try:
            for _ in range(self._config["at_once"]):
                threading.Thread(target=self._work, daemon=True).start()
            while True:
                request = messages.read_one(self._requests)
                if request is None or "end" in request[0]:
                    break
                if "payload" in request[0]:
                    self._waiting.put(request)
                else:  # only to get branches ready, and here are none
                    self._answer({"id": request[0]["id"], "stage": "ready"}, b"")
        finally:
            with self._lock:
                for interpreter in self._alive:
                    interpreter.kill()
                os._exit(0)

    def _work(self) -> None:
        while True:
            with self._lock:
                interpreter = Interpreter("once", self._config)
                self._alive.append(interpreter)
            head, body = self._waiting.get()
            interpreter.tell(head, body)
            answer, details = self._result(interpreter, head)
            self._answer(dict(answer, id=head["id"]), details)
            with self._lock:
                self._alive.remove(interpreter)
                interpreter.kill()

    def _result(self, interpreter: Interpreter, head: messages.Head) -> Request:
        progress = Progress(interpreter.pid, head, self._settings)
        while True:
            said = interpreter.next()
            if said is None:
                why = progress.gave_up()
                if why is not None:
                    return {"stage": "timed-out", "how": why}, b""
            elif "exit" in said[0]:
                stage, how = progress.ended(said[0]["exit"])
                return {"stage": stage, "how": how}, b""
            elif not progress.note(*said):
                return said

    def _answer(self, head: messages.Head, body: bytes) -> None:
        with self._lock:
            messages.write(self._answers, head, body)
        # the guardian has knocks enough to hear, or there is none
        with contextlib.suppress(OSError):
            os.write(self._knock, b".")
