"""Exceptions that attack whoever rebuilds them, one entry for each kind; and what must become of
each.

A module of the project, not a test: the receivers ``with-project`` have it. Deeds are done while
the exception is loaded.
"""

from __future__ import annotations

import atexit
import builtins
import contextlib
import ctypes
import gc
import json
import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from error_zoo import chained

from pytest_portable_errors import Stage

HUGE = 100 * 1024 * 1024
BOTH = ("pickle", "cloudpickle")


class Attacks(Exception):
    """Does the deed of that name when it is rebuilt; nothing else is wrong with it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild, self.args


def rebuild(deed: str, *args: object) -> Attacks:
    DEEDS[deed]()
    return Attacks(deed, *args)


def _ignore_all_signals() -> None:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        with contextlib.suppress(OSError):
            signal.signal(number, signal.SIG_IGN)


def _spin() -> None:
    while True:
        pass


def _hang_in_c() -> None:
    ctypes.PyDLL(None).sleep(10_000)  # keeps the interpreter's lock


def _compute_in_c() -> None:
    re.match("(a+)+$", "a" * 64 + "b")


def _ignore_and_spin() -> None:
    _ignore_all_signals()
    _spin()


def _ignore_and_sleep() -> None:
    _ignore_all_signals()
    while True:
        time.sleep(1)


def _fork_twice_and_stay() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(10_000)
        os._exit(0)


def _fork_and_hold_the_pipe() -> None:
    if os.fork() == 0:
        time.sleep(10_000)


def _orphan_and_kill_parent() -> None:
    _fork_twice_and_stay()
    time.sleep(0.05)
    os.kill(os.getppid(), signal.SIGKILL)


def _stop_parent() -> None:
    os.kill(os.getppid(), signal.SIGSTOP)
    time.sleep(10_000)


def _wait_for_an_alarm() -> None:
    signal.alarm(1)
    time.sleep(10_000)


def _clear_sys_path() -> None:
    sys.path.clear()
    sys.meta_path.clear()


def _leave_threads() -> None:
    for _ in range(4):
        threading.Thread(target=time.sleep, args=(10_000,)).start()


def _scribble() -> None:
    for fd in range(64):
        with contextlib.suppress(OSError):
            os.write(fd, b"x" * 64)


def _shout() -> None:
    sys.stdout.write("noise\n" * 1_000_000)
    sys.stdout.flush()
    subprocess.run("echo noise; echo noise >&2", shell=True)


def _become_another_program() -> None:
    os.execv("/bin/sleep", ["sleep", "10000"])


def _tamper_with_builtins() -> None:
    builtins.len = None  # type: ignore[assignment]  # the deed
    builtins.isinstance = None  # type: ignore[assignment]  # the deed


def _tamper_with_os() -> None:
    os.write = None  # type: ignore[assignment]  # the deed


def _tamper_with_json() -> None:
    json.dumps = None  # type: ignore[assignment]  # the deed


def _gc_hooks() -> None:
    gc.callbacks.append(lambda *_: 1 / 0)
    gc.set_threshold(1)


def _recurse() -> None:
    _recurse()


def _raise_in_profile() -> None:
    sys.setprofile(lambda *_: 1 / 0)


def _leave_folder() -> None:
    folder = "/tmp/portable-errors-gone-{}".format(os.getpid())
    os.mkdir(folder)
    os.chdir(folder)
    os.rmdir(folder)


class TellsItsParent(Exception):
    """Arrives with the id of the process above the one that rebuilt it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return tell_parent, ()


def tell_parent() -> Exception:
    return Exception(os.getppid())


DEEDS: dict[str, Callable[[], object]] = {
    "exit": lambda: os._exit(3),
    "sys-exit": lambda: sys.exit(4),
    "keyboard-interrupt": lambda: exec("raise KeyboardInterrupt"),
    "kill-itself": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "kill-parent": lambda: os.kill(os.getppid(), signal.SIGKILL),
    "kill-parent-leaving-an-orphan": _orphan_and_kill_parent,
    "stop-itself": lambda: os.kill(os.getpid(), signal.SIGSTOP),
    "stop-parent": _stop_parent,
    "segfault": lambda: os.kill(os.getpid(), signal.SIGSEGV),
    "abort": os.abort,
    "alarm": _wait_for_an_alarm,
    "hang-in-python": lambda: time.sleep(10_000),
    "hang-in-c": _hang_in_c,
    "spin-in-python": _spin,
    "spin-in-c": _compute_in_c,
    "ignore-signals-and-spin": _ignore_and_spin,
    "ignore-signals-and-sleep": _ignore_and_sleep,
    "fork-and-return-twice": os.fork,
    "fork-twice-and-stay": _fork_twice_and_stay,
    "fork-and-hold-the-pipe": _fork_and_hold_the_pipe,
    "threads-left-running": _leave_threads,
    "atexit-hang": lambda: atexit.register(time.sleep, 10_000),
    "close-descriptors": lambda: os.closerange(0, 4096),
    "scribble-into-descriptors": _scribble,
    "no-more-descriptors": lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0)),
    "noise": _shout,
    "another-program": _become_another_program,
    "8-gigabytes": lambda: bytearray(8 * 1024**3),
    "clear-sys-modules": lambda: sys.modules.clear(),
    "clear-sys-path": _clear_sys_path,
    "clear-environment": os.environ.clear,
    "gone-folder": _leave_folder,
    "tamper-with-builtins": _tamper_with_builtins,
    "tamper-with-os": _tamper_with_os,
    "tamper-with-json": _tamper_with_json,
    "low-recursion-limit": lambda: sys.setrecursionlimit(60),
    "high-recursion-limit": lambda: sys.setrecursionlimit(10**9),
    "endless-recursion": _recurse,
    "gc-hooks": _gc_hooks,
    "warnings-as-errors": lambda: warnings.simplefilter("error"),
    "profile-hook": _raise_in_profile,
}


class StrRaises(Exception):
    def __str__(self) -> str:
        raise SystemExit(5)


class ReprRecurses:
    def __repr__(self) -> str:
        return repr(self)


class LiesAboutItsClass(Exception):
    @property  # type: ignore[misc]  # on purpose
    def __class__(self) -> type:
        return int


class Tricky(type):
    def __getattribute__(cls, name: str) -> Any:
        if name.startswith("__") and name not in (
            "__mro__",
            "__reduce_ex__",
            "__new__",
            "__dict__",
            "__class__",
        ):
            return super().__getattribute__(name)
        return super().__getattribute__(name)

    def __eq__(cls, other: object) -> bool:
        raise ValueError("no equality")

    def __hash__(cls) -> int:
        return 1

    def __instancecheck__(cls, instance: object) -> bool:
        raise ValueError("no instances")

    def __subclasscheck__(cls, subclass: type) -> bool:
        raise ValueError("no subclasses")


class HasATrickyClass(Exception, metaclass=Tricky):
    pass


class Untouchable(Tricky):
    """Cannot be a key, either: pickle does not get past its reducers, which it looks up by
    class."""

    def __hash__(cls) -> int:
        raise ValueError("no hash")


class Untouched(metaclass=Untouchable):
    pass


class Reduces(Exception):
    """``__reduce__`` gives what it was told to."""

    def __init__(self, to: object) -> None:
        super().__init__()
        self.to = to

    def __reduce__(self) -> Any:
        if isinstance(self.to, BaseException):
            raise self.to
        return self.to


class DeletedDeadly(Exception):
    """Its finalizer ends the process that has rebuilt it."""

    def __setstate__(self, state: object) -> None:
        self.armed = True

    def __reduce__(self) -> tuple[Any, ...]:
        return DeletedDeadly, self.args, {"any": 1}

    def __del__(self) -> None:
        if getattr(self, "armed", False):
            os._exit(7)


def long_chain() -> BaseException:
    exc: BaseException = ValueError("innermost")
    for number in range(100_000):
        exc = chained(ValueError(number), context=exc)
    return exc


def chain_in_a_circle() -> BaseException:
    one, other = ValueError(1), ValueError(2)
    one.__context__, other.__context__ = other, one
    return one


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def with_attribute(exc: BaseException, value: object) -> BaseException:
    exc.held = value  # type: ignore[attr-defined]  # any exception takes one
    return exc


def circular() -> list[Any]:
    value: list[Any] = [1]
    value.append(value)
    return value


@dataclass(frozen=True, kw_only=True)
class Kind:
    """One way to attack, and what must become of it."""

    name: str
    make: Callable[[], BaseException]
    stage: Stage
    says: str = "arrives whole"
    """Words of the verdict."""
    timeout: float = 5.0

    @property
    def is_slow(self) -> bool:
        """Whether one check of it takes a second or more."""
        return self.stage is Stage.TIMED_OUT or self.name in SLOW


SLOW = ("alarm", "huge-message", "large-message", "chain-of-100,000")


def _deed(name: str, stage: Stage, says: str = "arrives whole", timeout: float = 5.0) -> Kind:
    return Kind(name=name, make=lambda: Attacks(name, 1), stage=stage, says=says, timeout=timeout)


ARRIVED, CRASHED, TIMED_OUT, LOADS, DUMPS = (
    Stage.ARRIVED,
    Stage.CRASHED,
    Stage.TIMED_OUT,
    Stage.LOADS,
    Stage.DUMPS,
)
KINDS = (
    _deed("exit", CRASHED, "exited with status 3"),
    _deed("sys-exit", LOADS, "SystemExit: 4"),
    _deed("keyboard-interrupt", LOADS, "KeyboardInterrupt"),
    _deed("kill-itself", CRASHED, "ended by SIGKILL"),
    _deed("kill-parent", CRASHED, "it ended the process that it was forked from, twice"),
    _deed(
        "kill-parent-leaving-an-orphan",
        CRASHED,
        "it ended the process that it was forked from, twice",
    ),
    _deed("stop-itself", TIMED_OUT, "no answer in 1.2 s", 0.2),
    _deed("stop-parent", CRASHED, "it ended the process that it was forked from, twice"),
    _deed("segfault", CRASHED, "ended by SIGSEGV"),
    _deed("abort", CRASHED, "ended by SIGABRT"),
    _deed("alarm", CRASHED, "ended by SIGALRM"),
    _deed("hang-in-python", TIMED_OUT, "no answer in 1.2 s", 0.2),
    _deed("hang-in-c", TIMED_OUT, "no answer in 1.2 s", 0.2),
    _deed("spin-in-python", TIMED_OUT, "more than 1 s of processor time", 1.0),
    _deed("spin-in-c", TIMED_OUT, "more than 1 s of processor time", 1.0),
    _deed("ignore-signals-and-spin", TIMED_OUT, "rebuilding it did not come to an end", 1.0),
    _deed("ignore-signals-and-sleep", TIMED_OUT, "no answer in 1.2 s", 0.2),
    _deed("fork-and-return-twice", ARRIVED),
    _deed("fork-twice-and-stay", ARRIVED),
    _deed("fork-and-hold-the-pipe", ARRIVED),
    _deed("threads-left-running", ARRIVED),
    _deed("atexit-hang", ARRIVED),
    _deed("close-descriptors", CRASHED, "before it answered"),
    _deed("scribble-into-descriptors", CRASHED, "wrote into the pipe for its answer"),
    _deed("no-more-descriptors", ARRIVED),
    _deed("noise", ARRIVED),
    _deed("another-program", TIMED_OUT, "no answer in 1.2 s", 0.2),
    _deed("8-gigabytes", LOADS, "MemoryError"),
    # the class is not to be found where its name says
    _deed("clear-sys-modules", ARRIVED, "arrives changed: type"),
    _deed("clear-sys-path", ARRIVED),
    _deed("clear-environment", ARRIVED),
    _deed("gone-folder", ARRIVED),
    _deed("tamper-with-builtins", CRASHED, "exited with status 1"),
    _deed("tamper-with-os", ARRIVED),
    _deed("tamper-with-json", ARRIVED),
    _deed("low-recursion-limit", ARRIVED),
    _deed("high-recursion-limit", ARRIVED),
    _deed("endless-recursion", LOADS, "RecursionError"),
    _deed("gc-hooks", ARRIVED),
    _deed("warnings-as-errors", ARRIVED),
    _deed("profile-hook", LOADS, "ZeroDivisionError"),
    Kind(
        name="huge-message",
        make=lambda: ValueError("x" * HUGE),
        stage=DUMPS,
        says="its payload is too large",
    ),
    Kind(name="large-message", make=lambda: ValueError("x" * (20 * 1024 * 1024)), stage=ARRIVED),
    Kind(name="chain-of-100,000", make=long_chain, stage=ARRIVED, says="arrives changed: chain"),
    Kind(
        name="chain-in-a-circle",
        make=chain_in_a_circle,
        stage=ARRIVED,
        says="arrives changed: chain",
    ),
    Kind(name="nested-100-deep", make=lambda: ValueError(nested(100)), stage=ARRIVED),
    Kind(
        name="nested-100,000-deep",
        make=lambda: ValueError(nested(100_000)),
        stage=DUMPS,
        says="RecursionError",
    ),
    Kind(name="value-in-a-circle", make=lambda: ValueError(circular()), stage=ARRIVED),
    Kind(
        name="repr-recurses",
        make=lambda: with_attribute(ValueError("a"), ReprRecurses()),
        stage=ARRIVED,
    ),
    Kind(name="str-raises", make=lambda: StrRaises("a"), stage=ARRIVED),
    Kind(name="lies-about-its-class", make=lambda: LiesAboutItsClass("a"), stage=ARRIVED),
    Kind(name="tricky-metaclass", make=lambda: HasATrickyClass("a"), stage=ARRIVED),
    Kind(
        name="untouchable-inside",
        make=lambda: with_attribute(ValueError("a"), [Untouched()] * 60),
        stage=DUMPS,
        says="ValueError: no hash",
    ),
    Kind(name="reduces-to-a-number", make=lambda: Reduces(42), stage=DUMPS, says="must return"),
    Kind(
        name="reduces-to-a-name",
        make=lambda: Reduces("no_such_name"),
        stage=DUMPS,
        says="no_such_name",
    ),
    Kind(
        name="reduces-to-too-much",
        make=lambda: Reduces((1, 2, 3, 4, 5, 6, 7)),
        stage=DUMPS,
        says="tuple",
    ),
    Kind(
        name="reduces-to-no-callable", make=lambda: Reduces((1, ())), stage=DUMPS, says="callable"
    ),
    Kind(
        name="reduce-exits", make=lambda: Reduces(SystemExit(6)), stage=DUMPS, says="SystemExit: 6"
    ),
    Kind(
        name="reduce-ends-generators",
        make=lambda: Reduces(GeneratorExit()),
        stage=DUMPS,
        says="GeneratorExit",
    ),
    Kind(
        name="becomes-no-exception",
        make=lambda: Reduces((dict, ())),
        stage=ARRIVED,
        says="arrives changed: type",
    ),
    Kind(
        name="finalizer-kills",
        make=lambda: DeletedDeadly("a"),
        stage=CRASHED,
        says="exited with status 7",
    ),
    Kind(name="surrogates", make=lambda: ValueError("\ud800\udfff"), stage=ARRIVED),
    Kind(name="nul-and-control", make=lambda: ValueError("a\x00b\x1b[31m\r\u202e"), stage=ARRIVED),
    Kind(name="huge-int", make=lambda: ValueError(10**100_000), stage=ARRIVED),
)
