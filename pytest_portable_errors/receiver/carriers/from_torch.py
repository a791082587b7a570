"""What torch's DataLoader does with what a worker sends."""

import pickle

from .library import find

_loads = find("", "multiprocessing.reduction", "ForkingPickler.loads")
find("torch", "torch._utils", "ExceptionWrapper.reraise")


def loads(payload: bytes) -> object:
    """The exception that the loop over the DataLoader raises."""
    wrapped = _loads(payload)[1]
    try:
        wrapped.reraise()
    except BaseException as error:
        error.__traceback__ = error.__context__ = error.__cause__ = None
        return error
    raise pickle.UnpicklingError("torch raised nothing")
