"""What ``concurrent.futures.ProcessPoolExecutor`` does in the parent process."""

from multiprocessing.reduction import ForkingPickler


def loads(payload: bytes) -> object:
    """The pool puts the worker's traceback, as text, where the exception's cause was: that is taken
    off, and the cause remains lost."""
    exc = ForkingPickler.loads(payload).exception
    if type(exc.__cause__).__name__ == "_RemoteTraceback":
        exc.__cause__ = None
    return exc
