"""What ``trio_parallel.run_sync`` does with what a worker sends."""

from .library import find

_loads = find("trio-parallel", "_trio_parallel_workers", "loads")


def loads(payload: bytes) -> object:
    """The exception that ``unwrap()`` of the outcome raises."""
    return _loads(payload).error
