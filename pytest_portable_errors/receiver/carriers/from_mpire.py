"""What mpire's pool does with the result of a task that failed."""

import pickle

from .library import find

_populate = find("mpire", "mpire.exception", "populate_exception")


def loads(payload: bytes) -> object:
    """The exception that ``WorkerPool.apply`` raises, without the worker's traceback, which mpire
    puts where its cause was."""
    exc, _ = _populate(*pickle.loads(payload)[2])
    return exc
