"""What a client of dask.distributed does with the error of a task."""

from distributed.core import clean_exception


def loads(payload: bytes) -> object:
    """The error of a task; where it fails to load, ``Exception(payload)`` in its place."""
    return clean_exception(payload)[1]
