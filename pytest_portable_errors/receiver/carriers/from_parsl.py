"""What parsl's HighThroughputExecutor does with the result of an app that failed."""

from .library import find

_deserialize = find("parsl", "parsl.serialize", "deserialize")
find("parsl", "parsl.app.errors", "RemoteExceptionWrapper.get_exception")


def loads(payload: bytes) -> object:
    """The exception that ``result()`` raises."""
    exc = _deserialize(payload).get_exception()
    exc.__traceback__ = None
    return exc
