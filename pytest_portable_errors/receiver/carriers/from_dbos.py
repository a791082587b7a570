"""What DBOS's readers do with an error in the system database."""

import base64

from .library import find

_serializer = find("dbos", "dbos._serialization", "DBOSDefaultSerializer")
_safe_deserialize = find("dbos", "dbos._serialization", "safe_deserialize")
_deserialize_exception = find("dbos", "dbos._serialization", "deserialize_exception")


def loads(payload: bytes) -> object:
    """What ``dbos workflow steps`` and the dashboards show: the error of a step; where it fails to
    load, the stored text, base64, in its place."""
    *_, error = _safe_deserialize(
        _serializer,
        None,
        "portable-errors",
        serialized_input=None,
        serialized_output=None,
        serialized_exception=base64.b64encode(payload).decode(),
    )
    return error


def loads_result(payload: bytes) -> object:
    """What ``get_result()`` raises, and a second call of the workflow."""
    return _deserialize_exception(base64.b64encode(payload).decode(), None, _serializer)
