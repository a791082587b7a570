"""One class for each defect, with the real library that it was seen in."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import threading
import time
from typing import Any


class PaymentError(Exception):
    """``__init__`` takes more than args holds (LiteLLM, elasticsearch, cattrs, docker)."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


class KeywordOnly(Exception):
    """Required keyword-only parameters (httpx.HTTPStatusError)."""

    def __init__(self, message: str, *, request: str) -> None:
        super().__init__(message)
        self.request = request


class NoParameters(Exception):
    """A fixed message, and no parameters (pytest-socket)."""

    def __init__(self) -> None:
        super().__init__("A test tried to use the network.")


class NotFound(Exception):
    """The message is built again, on itself (jinja2, babel, pika)."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")


class Picky(Exception):
    """``__init__`` rejects its own args (toml)."""

    def __init__(self, code: Any) -> None:
        if not isinstance(code, int):
            raise ValueError(f"not a code: {code}")
        super().__init__(f"code {code}")


class HoldsLock(Exception):
    """A value that cannot be pickled (aiohttp, azure, click)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.client = {"pool": [threading.Lock()]}


class DropsState(Exception):
    """``__reduce__`` of two items: state and notes are lost (botocore, filelock, sqlalchemy)."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


class DropsFromItself(Exception):
    """``__reduce__`` takes an attribute out of the state, which is the exception's own ``__dict__`` (psycopg)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.connection = "alive"

    def __reduce__(self) -> Any:
        self.__dict__.pop("connection", None)
        return type(self)._rebuild, (self.args,)

    @classmethod
    def _rebuild(cls, args: tuple[Any, ...]) -> DropsFromItself:
        rebuilt = cls(*args)
        del rebuilt.connection
        return rebuilt


class BecomesRuntimeError(Exception):
    """A declared change of type (ragtime's StepFailed, for DBOS)."""

    def __init__(self, step: str, code: int) -> None:
        super().__init__(f"{step} failed with {code}")
        self.step = step
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return RuntimeError, (str(self),)


class Portable(Exception):
    """Nothing is lost, and nothing special is done for that."""

    def __init__(self, name: str, size: int = 0) -> None:
        super().__init__(name, size)
        self.size = size


class Slotted(Exception):
    """Its state lies in a slot."""

    __slots__ = ("code",)
    code: int


class KeepsSlot(Slotted):
    """... and pickle is told so."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args, {"code": self.code}


class FilenameError(OSError):
    """An OSError with an ``__init__`` of its own."""

    def __init__(self, path: str) -> None:
        super().__init__(2, "no such thing", path)


class Unprintable(Exception):
    """``__str__`` and ``__repr__`` raise."""

    def __str__(self) -> str:
        raise ValueError("no str")

    def __repr__(self) -> str:
        raise SystemExit("no repr")


class Exits(Exception):
    """Rebuilding it exits."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os._exit, (3,)


class Kills(Exception):
    """Rebuilding it kills the process that it was forked from."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("__import__('os').kill(__import__('os').getppid(), 9)",)


class Segfaults(Exception):
    """Rebuilding it is a segmentation fault."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, (f"__import__('os').kill(__import__('os').getpid(), {int(signal.SIGSEGV)})",)


class Sleeps(Exception):
    """Rebuilding it waits for ever."""

    def __reduce__(self) -> tuple[Any, ...]:
        return time.sleep, (10_000,)


class Spins(Exception):
    """Rebuilding it computes for ever."""

    def __reduce__(self) -> tuple[Any, ...]:
        return eval, ("[0 for _ in iter(int, 1)]",)


class ClosesEverything(Exception):
    """Rebuilding it closes every descriptor."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.closerange, (0, 4096)


class Scribbles(Exception):
    """Rebuilding it writes into every descriptor."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _scribble, (self.args,)


def _scribble(args: tuple[Any, ...]) -> Scribbles:
    for fd in range(64):
        with contextlib.suppress(OSError):
            os.write(fd, b"x" * 64)
    return Scribbles(*args)


class Prints(Exception):
    """Rebuilding it prints; nothing else is wrong with it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _print_and_build, (self.args,)


def _print_and_build(args: tuple[Any, ...]) -> Prints:
    print("noise", flush=True)
    os.system("echo noise; echo noise >&2")
    return Prints(*args)


class Forks(Exception):
    """Rebuilding it forks, and both processes go on."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _fork_and_build, (self.args,)


def _fork_and_build(args: tuple[Any, ...]) -> Forks:
    os.fork()
    return Forks(*args)


class ReducesToNonsense(Exception):
    """``__reduce__`` gives what is no reduction."""

    def __reduce__(self) -> Any:
        return 42


class NotAnException(Exception):
    """What arrives is no exception."""

    def __reduce__(self) -> tuple[Any, ...]:
        return dict, ((("a", 1),),)


class ReduceExits(Exception):
    """``__reduce__`` raises SystemExit in the sender."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise SystemExit(3)


def rebuild_elsewhere(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """A reconstructor that the receiver must import (agent-memory-server's patch)."""
    return cls(*args)


def chained(exc: BaseException, cause: BaseException | None = None, context: BaseException | None = None) -> BaseException:
    """The exception with a cause or a context, as raising it would leave it."""
    if context is not None:
        exc.__context__ = context
    if cause is not None:
        exc.__cause__ = cause
    return exc


def dumps_reversed(exc: BaseException) -> bytes:
    """A serializer of one's own."""
    return pickle.dumps(exc)[::-1]


def loads_reversed(payload: bytes) -> object:
    """Its other half, for the receiver."""
    return pickle.loads(payload[::-1])
