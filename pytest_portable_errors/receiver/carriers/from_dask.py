"""What a client of dask does with the error of a task."""

import pickle
from typing import Any

from .library import find


def loads(payload: bytes) -> object:
    """What a cluster's client is given; where the error fails to load, ``Exception(payload)``."""
    clean_exception = find("distributed", "distributed.core", "clean_exception")
    return clean_exception(payload)[1]


def loads_of_processes(payload: bytes) -> object:
    """What ``compute(scheduler="processes")`` raises."""
    unpack = find("dask", "dask.multiprocessing", "_loads")
    reraise = find("dask", "dask.multiprocessing", "reraise")
    packed: Any = unpack(payload)
    try:
        reraise(*packed)
    except BaseException as error:
        error.__traceback__ = None
        if error is not packed[0]:  # made up: dask raised it, while nothing else was handled
            error.__context__ = None
        return error
    raise pickle.UnpicklingError("dask raised nothing")
