"""What ``multiprocess.Pool`` does in the parent process."""

from .from_process_pools import without_traceback
from .library import find

_loads = find("multiprocess", "multiprocess.reduction", "ForkingPickler.loads")
find("multiprocess", "multiprocess.pool", "rebuild_exc")


def loads(payload: bytes) -> object:
    """The exception that a worker sent."""
    return without_traceback(_loads(payload)[2][1])
