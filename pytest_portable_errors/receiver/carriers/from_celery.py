"""What ``AsyncResult.get()`` does with what a result backend stores."""

import contextlib
import importlib
from typing import Any

from .library import find

_Celery = find("celery", "celery", "Celery")
_Backend = find("celery", "celery.backends.base", "KeyValueStoreBackend")
find("celery", "celery.backends.base", "KeyValueStoreBackend.exception_to_python")


def backend(serializer: str) -> Any:
    """A result backend of an application that has no broker and is nobody's current one.

    Args:
        serializer: ``json`` or ``pickle``: what it writes, and all that it accepts.
    """
    # Without fixups: that for Django puts the current folder on sys.path.
    app = _Celery(
        "portable-errors",
        set_as_current=False,
        result_serializer=serializer,
        accept_content=[serializer],
        fixups=[],
    )
    return _Backend(app)


def loads_json(payload: bytes) -> object:
    """Rebuild an exception from what the JSON serializer stores: the name of its class.

    Celery looks the class up in modules that are imported already. Here none is but for what the
    receiver's set-up imports, as in a client that has imported nothing of the worker's.
    """
    return backend("json").decode_result(payload.decode())["result"]


def loads_json_imported(payload: bytes) -> object:
    """The same, in a client that has imported the class's module, if it is there."""
    # Where the module is absent, Celery makes up a class of that name.
    with contextlib.suppress(Exception):
        importlib.import_module(backend("json").decode(payload.decode())["result"]["exc_module"])
    return loads_json(payload)


def loads_pickle(payload: bytes) -> object:
    """Rebuild an exception from pickle, with Celery's restrictions for exceptions."""
    return backend("pickle").decode_result(payload)["result"]
