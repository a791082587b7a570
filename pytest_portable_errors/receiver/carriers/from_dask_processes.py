"""What ``compute(scheduler="processes")`` of dask does with the error of a task."""

import pickle
from typing import Any

from .library import find

_loads = find("dask", "dask.multiprocessing", "_loads")
_reraise = find("dask", "dask.multiprocessing", "reraise")


def loads(payload: bytes) -> object:
    """The exception that ``compute()`` raises."""
    packed: Any = _loads(payload)
    try:
        _reraise(*packed)
    except BaseException as error:
        error.__traceback__ = None
        if error is not packed[0]:  # made up: dask raised it, while nothing else was handled
            error.__context__ = None
        return error
    raise pickle.UnpicklingError("dask raised nothing")
