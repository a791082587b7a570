"""What ``dbos workflow steps`` and DBOS's dashboards do with an error in the system database."""

import base64

from dbos._serialization import DBOSDefaultSerializer, safe_deserialize


def loads(payload: bytes) -> object:
    """The error of a step; where it fails to load, the stored text, base64, in its place."""
    stored = base64.b64encode(payload).decode()
    *_, error = safe_deserialize(
        DBOSDefaultSerializer,
        None,
        "portable-errors",
        serialized_input=None,
        serialized_output=None,
        serialized_exception=stored,
    )
    return error
