"""One class for each defect, with the real library that it was seen in."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
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


class Shifted(Exception):
    """The message is not the first parameter, and lands there (tornado, thrift, scrapy)."""

    def __init__(self, code: Any = 0, message: str = "unknown") -> None:
        super().__init__(message)
        self.code = code


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
    """``__reduce__`` takes an attribute out of the state, which is the exception's own ``__dict__``
    (psycopg)."""

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


class Narrow(Exception):
    """``args`` holds more than ``__init__`` takes (gevent.FileObjectClosed, which takes
    nothing)."""

    def __init__(self, name: str) -> None:
        super().__init__(name, "is narrow")


class Computed(Exception):
    """``__dict__`` holds what the class has a property without setter for (bases that do
    ``self.__dict__.update(kwargs)``)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.__dict__["code"] = 3

    @property
    def code(self) -> int:
        return 3


class Frozen(Exception):
    """Attributes cannot be set, not even by loads (the frozen exceptions of attrs and of
    dataclasses)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.__dict__["code"] = 3

    def __setattr__(self, name: str, value: object) -> None:
        if not name.startswith("__"):
            raise TypeError(f"{name} is frozen")
        super().__setattr__(name, value)


@dataclasses.dataclass(frozen=True)
class FrozenData(Exception):
    """Frozen, and its arguments are what it stores (attrs' and dataclasses' own)."""

    code: int
    reason: str


class RefusesState(Exception):
    """``__setstate__`` wants what ``BaseException.__reduce__`` does not give it, which asks no
    ``__getstate__`` (Cython's exceptions)."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.code = 3
        self.text = message

    def __setstate__(self, state: Any) -> None:
        self.code, self.text = state["code"], state["text_of_code"]


class CarriesChain(Exception):
    """``__reduce__`` carries the links in the state (tblib's reducer), and not the flag that goes
    with them."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (
            type(self),
            self.args,
            {**self.__dict__, "__cause__": self.__cause__, "__context__": self.__context__},
        )


class DropsCode(Exception):
    """``__reduce__`` restores the message alone (urllib3.exceptions.PoolError)."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), self.args


class BecomesValueError(Exception):
    """It changes its type, and nothing else."""

    def __reduce__(self) -> tuple[Any, ...]:
        return ValueError, self.args


class Dawdles(Exception):
    """Rebuilding it takes a while, and comes to an end."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _wait_and_build, (self.args,)


def _wait_and_build(args: tuple[Any, ...]) -> Dawdles:
    time.sleep(0.2)
    return Dawdles(*args)


class Revived(Exception):
    """It is rebuilt from a registry that only the sender has filled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return _revive, (str(self),)


def _revive(name: str) -> BaseException:
    return REGISTRY[name]


REGISTRY: dict[str, BaseException] = {}


class ReduceInterrupts(Exception):
    """``__reduce__`` raises KeyboardInterrupt: somebody pressed the keys."""

    def __reduce__(self) -> tuple[Any, ...]:
        raise KeyboardInterrupt


class ReduceFailsTwice(Exception):
    """``__reduce__`` raises another error every time that it is called (a client that closes
    itself)."""

    calls = 0

    def __reduce__(self) -> tuple[Any, ...]:
        type(self).calls += 1
        raise TypeError("first") if type(self).calls % 2 else ValueError("second")


class Tag(str):
    """A str whose ``__new__`` takes something else than a str (rdflib's terms have a ``__reduce__``
    because of that)."""

    __slots__ = ()

    def __new__(cls, prefix: str, name: str) -> Tag:
        return super().__new__(cls, f"{prefix}:{name}")


class Zone(datetime.tzinfo):
    """A tzinfo whose ``__init__`` has a parameter: the datetime documentation says that it cannot
    be unpickled."""

    def __init__(self, name: str) -> None:
        self.name = name

    def utcoffset(self, when: datetime.datetime | None, /) -> datetime.timedelta:
        return datetime.timedelta(0)

    def dst(self, when: datetime.datetime | None, /) -> datetime.timedelta:
        return datetime.timedelta(0)

    def tzname(self, when: datetime.datetime | None, /) -> str:
        return self.name


class Holder:
    """An object with a slot and a ``__dict__`` (a client of some library)."""

    __slots__ = ("__dict__", "held")

    def __init__(self, held: object = None, **attributes: object) -> None:
        self.held = held
        self.__dict__.update(attributes)


class RestoresFieldsAlone(Exception):
    """``__setstate__`` restores what it knows, and nothing else (attrs' classes with slots)."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason

    def __setstate__(self, state: Any) -> None:
        self.reason = state["reason"]


class Refused(Exception):
    """The base of others: its ``__init__`` takes more than args holds (elasticsearch's ApiError)."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason


class RefusedTwice(Refused):
    """... and one that inherits that."""


class RefusedForGood(Refused):
    """... and one whose own ``__init__`` takes what args holds: it arrives."""

    def __init__(self, reason: str) -> None:
        super().__init__(403, reason)


class DropsByProtocol(Exception):
    """The method that pickle asks for first leaves the state out."""

    def __reduce_ex__(self, protocol: Any) -> tuple[Any, ...]:
        return type(self), self.args


class SendsTexts(Exception):
    """``__reduce__`` sends texts in place of its arguments, whatever they are."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], *map(repr, self.args[1:]))


class OwnText(DropsState):
    """Its text is not Python's."""

    def __str__(self) -> str:
        return "a text"


class Hollow:
    """A value that comes back empty, by its own pickling rules (a proxy of some library)."""

    text = ""

    def __init__(self, text: str) -> None:
        self.text = text

    def __reduce__(self) -> tuple[Any, ...]:
        return object.__new__, (Hollow,)


class Told(Exception):
    """Its text is that of a value that it holds, which must not be empty."""

    def __init__(self, detail: Any = None) -> None:
        super().__init__(detail)

    def __str__(self) -> str:
        return str(self.args[0].text[0])


def rebuild_elsewhere(cls: type[BaseException], args: tuple[Any, ...]) -> BaseException:
    """A reconstructor that the receiver must import (agent-memory-server's patch)."""
    return cls(*args)


def reduce_payment(error: PaymentError) -> tuple[Any, ...]:
    """A reducer that carries everything, in a module that production has."""
    return PaymentError, (error.order_id, error.reason), error.__dict__


def reduce_to_message(error: BaseException) -> tuple[Any, ...]:
    """A reducer that leaves out the attributes (those that libraries put in copyreg for others'
    classes, as tblib does)."""
    return type(error), error.args


def reduce_by_rebuilding(error: BaseException) -> tuple[Any, ...]:
    """A reducer whose reconstructor lies beside it, where the class does not."""
    return rebuild_elsewhere, (type(error), error.args)


def reduce_with_cause(error: BaseException) -> tuple[Any, ...]:
    """A reducer that carries the cause (tblib's)."""
    return type(error), error.args, {"__cause__": error.__cause__}


def reduce_never(error: BaseException) -> tuple[Any, ...]:
    """A reducer that fails."""
    raise LookupError("no reduction")


def chained(
    exc: BaseException, cause: BaseException | None = None, context: BaseException | None = None
) -> BaseException:
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


class Changing:
    """A value that its own pickling rules change (urllib3's connection pools)."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __getstate__(self) -> dict[str, str]:
        return {"text": "changed"}

    def __repr__(self) -> str:
        return f"Changing({self.text!r})"
