"""What a client of dask.distributed does with the error of a task."""

from distributed.core import clean_exception


def loads(payload: bytes) -> object:
    """What fails to load arrives as ``Exception(payload)``."""
    return clean_exception(payload)[1]
