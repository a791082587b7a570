"""Starts an interpreter for each check, ahead of it: for systems where forking is not safe.

The answers are the fork server's, and come later. It uses threads and blocking pipes, because every
system has those: Windows has no fork and no poll on pipes, and the frameworks of macOS do not
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
from .messages import Message
from .reaper import knock_on

TICK = 0.05  # seconds between looks at an interpreter that may have died without closing its pipe
# Seconds for the listening thread to pass on what an interpreter wrote before it ended.
LAST_WORDS = 1.0

_FOLDER = os.path.dirname(os.path.abspath(__file__))


class Interpreter:
    """An interpreter that makes one check, and the messages that it writes.

    Args:
        mode: What it does: ``once`` or ``prove`` (``start.py``).
        config: Its first message.
    """

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
        # None stands for the end of its pipe.
        self._messages: queue.SimpleQueue[Optional[Message]] = queue.SimpleQueue()
        self._has_closed = False
        threading.Thread(target=self._listen, daemon=True).start()
        self.tell(config)

    def tell(self, head: messages.Head, body: bytes = b"") -> None:
        """Write a message to it; nothing happens if it has ended."""
        assert self._process.stdin is not None
        # Its end is noticed where its answer is read.
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
                    self._messages.put(message)
        except messages.MessageError:
            self._messages.put(({"stage": "crashed", "how": STRAY_WRITE}, b""))
        self._messages.put(None)

    def next(self) -> Optional[Message]:
        """Wait ``TICK`` seconds for its next message; ``LAST_WORDS`` more if it has ended.

        Returns:
            The message; None if there is none so far. Once it has ended and everything was read, a
            head with its ``exit`` status, or negative signal, in place of a ``stage``.
        """
        message = self._hear(TICK)
        if message is not None:
            return message
        # It is silent, or has closed its end: it may have ended, or become another program; what it
        # forked may hold the pipe open.
        code = self._process.poll()
        if code is None:
            return None
        return self._hear(LAST_WORDS) or ({"exit": code}, b"")

    def _hear(self, seconds: float) -> Optional[Message]:
        """Wait so long for its next message; None: there is none, or its pipe has ended."""
        if self._has_closed:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(timeout=seconds)  # nothing more will be said
            return None
        with contextlib.suppress(queue.Empty):
            message = self._messages.get(timeout=seconds)
            self._has_closed = message is None
            return message
        return None

    def kill(self) -> None:
        """Kill it and what it has forked, and wait for its end."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except (AttributeError, ProcessLookupError, PermissionError):
            self._process.kill()
        self._process.wait()


def leaks(config: Dict[str, object]) -> Dict[str, str]:
    """Start an interpreter to tell what can be imported against the rules.

    Args:
        config: Its first message.

    Returns:
        Those modules and where each was found; empty if the imports are restricted as they have to
        be. The key ``?`` stands for an interpreter that ended without an answer.
    """
    interpreter = Interpreter("prove", config)
    try:
        while True:
            message = interpreter.next()
            if message is not None:
                locations: Dict[str, str] = message[0].get(
                    "leaks", {"?": "the check for absent modules ended without an answer"}
                )
                return locations
    finally:
        interpreter.kill()


class Spawner:
    """Serves requests with interpreters that make one check each.

    Args:
        requests: The descriptor to read requests from; it blocks.
        answers: The descriptor to write answers to; it blocks.
        config: The first message, which each interpreter gets as well; ``at_once`` is how many run
            at the same time.
        knock: The descriptor by which the reaper learns that a check has ended; -1 without a
            reaper.
    """

    def __init__(self, requests: int, answers: int, config: messages.Head, *, knock: int) -> None:
        self._requests, self._answers, self._knock = requests, answers, knock
        self._config = config
        self._settings = CheckSettings(config, Rules(config))
        self._waiting: queue.SimpleQueue[Message] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._alive: List[Interpreter] = []

    def serve(self) -> NoReturn:
        """Serve until the other side ends, or says that it does; then kill all interpreters."""
        try:
            for _ in range(self._config["at_once"]):
                threading.Thread(target=self._work, daemon=True).start()
            while True:
                request = messages.read_one(self._requests)
                if request is None or "end" in request[0]:
                    break
                if "payload" in request[0]:
                    self._waiting.put(request)
                else:  # it was only to get branches ready, and a spawner has none
                    self._answer({"id": request[0]["id"], "event": "ready"}, b"")
        finally:
            with self._lock:
                for interpreter in self._alive:
                    interpreter.kill()
                os._exit(0)

    def _work(self) -> None:
        """Make checks in a thread: start an interpreter, wait for a request, pass on the answer."""
        while True:
            with self._lock:
                interpreter = Interpreter("once", self._config)
                self._alive.append(interpreter)
            head, body = self._waiting.get()
            interpreter.tell(head, body)
            answer, details = self._result(interpreter, head)
            if answer["stage"] == "crashed" and "ended_before" not in head:
                # perhaps by somebody else; see ``CheckPool``
                self._waiting.put((dict(head, ended_before=answer["how"]), body))
            else:
                self._answer(dict(answer, id=head["id"]), details)
            with self._lock:
                self._alive.remove(interpreter)
                interpreter.kill()

    def _result(self, interpreter: Interpreter, head: messages.Head) -> Message:
        """The answer of an interpreter, or one in its place if it ends or is given up."""
        progress = Progress(interpreter.pid, head, self._settings)
        while True:
            message = interpreter.next()
            if message is None:
                given_up = progress.gave_up()
                if given_up is not None:
                    return given_up, b""
            elif "exit" in message[0]:
                return progress.ended(message[0]["exit"]), b""
            elif not progress.note(*message):
                return message

    def _answer(self, head: messages.Head, body: bytes) -> None:
        with self._lock:
            messages.write(self._answers, head, body)
        knock_on(self._knock)
