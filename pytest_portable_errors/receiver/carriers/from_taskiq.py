"""What taskiq's ``wait_result()`` gives of a task that failed."""

import contextlib
import importlib
from typing import Any

from .library import find

_Result = find("taskiq", "taskiq.result", "TaskiqResult")
_serializer = find("taskiq", "taskiq.serializers.pickle", "PickleSerializer")()
find("taskiq", "taskiq.serialization", "exception_to_python")


def loads(payload: bytes) -> object:
    """The ``error`` of the result. taskiq looks its class up in modules that are imported already:
    here none of the worker's are."""
    return _Result.model_validate(_serializer.loadb(payload)).error


def loads_imported(payload: bytes) -> object:
    """The same, in a caller that has imported the class's module, if it is there."""
    stored: Any = _serializer.loadb(payload)
    with contextlib.suppress(Exception):
        importlib.import_module(stored["error"]["exc_module"])
    return loads(payload)
