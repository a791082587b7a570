"""What a client of dask.distributed does with the error of a task."""

from .library import find

_clean_exception = find("distributed", "distributed.core", "clean_exception")


def loads(payload: bytes) -> object:
    """The error of a task; where it fails to load, ``Exception(payload)`` in its place."""
    return _clean_exception(payload)[1]
