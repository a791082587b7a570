"""What ``Pool`` of multiprocessing, and of its copies, does with the error of a task."""

from __future__ import annotations

from typing import Any

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import Send


def sender_of(distribution: str, package: str) -> Send:
    """What ``Pool`` of multiprocessing, or of its copy, does in a worker."""
    wrapper = find(distribution, f"{package}.pool", "ExceptionWithTraceback")
    encoding_error = find(distribution, f"{package}.pool", "MaybeEncodingError")
    dumps = find(distribution, f"{package}.reduction", "ForkingPickler.dumps")

    def send(exc: BaseException) -> bytes:
        """Put a result that is an error, and where that fails what says so."""
        traceback = exc.__traceback__
        try:
            result: Any = (False, wrapper(exc, traceback))
            try:
                return bytes(dumps((0, 0, result)))
            except Exception as error:
                return bytes(dumps((0, 0, (False, encoding_error(error, result[1])))))
        finally:
            exc.__traceback__ = traceback

    return send


NEVER_ANSWERS = (
    "the caller waits for ever: the thread that reads the pool's results has ended, and no later "
    "call is answered"
)
WORKER_ENDS = "the worker process ends, and the caller waits for ever"
ENCODING_ERROR = "the pool sends a MaybeEncodingError in place of what it cannot pickle"
