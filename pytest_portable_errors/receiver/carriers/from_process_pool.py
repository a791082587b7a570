"""What ``concurrent.futures.ProcessPoolExecutor`` does in the parent process."""

from multiprocessing.reduction import ForkingPickler


def loads(payload: bytes) -> object:
    """The exception that a worker sent, without the worker's traceback.

    The pool puts that traceback, as text, where the exception's cause was. It is taken off, and the
    cause remains lost.
    """
    exc = ForkingPickler.loads(payload).exception
    if type(exc.__cause__).__name__ == "_RemoteTraceback":
        exc.__cause__ = None
    return exc
