"""What lithops' client does with the status of a task that failed."""

from .library import find

_Future = find("lithops", "lithops.future", "ResponseFuture")
_raise = find("lithops", "lithops.future", "ResponseFuture._raise_call_exception")


def loads(payload: bytes) -> object:
    """The exception that ``result()`` raises."""
    future = object.__new__(_Future)  # __init__ asks for the storage
    future.call_id = future.activation_id = future.executor_id = "portable-errors"
    future.job_id = "A000"
    future._call_status = {
        "exc_info": payload[1:].decode(),
        "exc_pickle_fail": payload[:1] == b"1",
    }
    _raise(future, False)
    exc = future._exception[1]
    exc.__traceback__ = None
    return exc
