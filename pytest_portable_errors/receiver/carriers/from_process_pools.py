"""What the pools of the standard library do in the parent process."""

from .library import find

_loads = find("", "multiprocessing.reduction", "ForkingPickler.loads")
find("", "concurrent.futures.process", "_rebuild_exc")
find("", "multiprocessing.pool", "rebuild_exc")


def loads(payload: bytes) -> object:
    """The exception that a worker of ``ProcessPoolExecutor`` sent."""
    return without_traceback(_loads(payload).exception)


def loads_of_pool(payload: bytes) -> object:
    """The exception that a worker of ``multiprocessing.Pool`` sent."""
    return without_traceback(_loads(payload)[2][1])


def without_traceback(exc: BaseException) -> BaseException:
    """The same exception, without the worker's traceback where its cause was."""
    if type(exc.__cause__).__name__ in ("_RemoteTraceback", "RemoteTraceback"):
        exc.__cause__ = None
    return exc
