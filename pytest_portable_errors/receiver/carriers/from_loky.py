"""What loky's executor does in the parent process."""

import pickle

from .from_process_pools import without_traceback
from .library import find
from .place_of_loky import place

find(place()[0], place()[1] + ".process_executor", "_rebuild_exc")


def loads(payload: bytes) -> object:
    """The exception that a worker sent."""
    return without_traceback(pickle.loads(payload).exception)
