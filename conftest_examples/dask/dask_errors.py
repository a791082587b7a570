"""The errors of a pipeline, and the tasks that raise them on a worker."""

from __future__ import annotations

import threading
from collections.abc import Callable


class UploadError(Exception):
    """Of LiteLLM's kind: what ``__init__`` takes is not what it stores in ``args``. Plain pickle
    cannot rebuild it, tblib can."""

    def __init__(self, *, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")
        self.name = name
        self.reason = reason


class HoldsALock(Exception):
    """Nothing can pickle it."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


class HasItsOwnNew(Exception):
    """Plain pickle can rebuild it. tblib cannot: it makes the instance without arguments, as it
    makes all that have an ``__init__``."""

    def __new__(cls, name: str) -> HasItsOwnNew:
        return super().__new__(cls, name)

    def __init__(self, name: str) -> None:
        super().__init__(name)


ERRORS: dict[str, Callable[[], Exception]] = {
    "ValueError": lambda: ValueError("seven"),
    "KeyError": lambda: KeyError("bob"),
    "FileNotFoundError": lambda: FileNotFoundError(2, "No such file or directory", "upload.csv"),
    "ImportError": lambda: ImportError("no parser", name="parser"),
    "UnicodeDecodeError": lambda: UnicodeDecodeError(
        "utf-8", b"caf\xe9", 3, 4, "unexpected end of data"
    ),
    "SyntaxError": lambda: SyntaxError("invalid syntax", ("rules.py", 3, 5, "if x = 1:")),
    "StopIteration": lambda: StopIteration("the last row"),
    "of the project": lambda: UploadError(name="upload.csv", reason="empty"),
    "holds a lock": lambda: HoldsALock("busy"),
    "has its own __new__": lambda: HasItsOwnNew("upload.csv"),
}


def fail(name: str) -> None:
    """A task that fails."""
    raise ERRORS[name]()


def find() -> None:
    """A task that fails because of a failure."""
    uploads: dict[str, str] = {}
    try:
        uploads["upload.csv"]
    except KeyError as missing:
        raise UploadError(name="upload.csv", reason="not there") from missing


def read(data: bytes = b"caf\xe9") -> str:
    """A task that says in an error of its own what dask would drop of Python's."""
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        failure = UploadError(name="upload.csv", reason=str(error))
    raise failure  # out here it has no context: that would arrive, and without its text
