"""What arq's ``Job.result()`` does with what is in Redis."""

from .library import find

_deserialize = find("arq", "arq.jobs", "deserialize_result")
_SerializationError = find("arq", "arq.jobs", "SerializationError")


def loads(payload: bytes) -> object:
    """The exception that ``result()`` raises: a text in place of one is a SerializationError."""
    result = _deserialize(payload).result
    return _SerializationError(result) if isinstance(result, str) else result
