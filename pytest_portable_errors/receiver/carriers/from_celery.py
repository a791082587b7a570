"""What ``AsyncResult.get()`` does with what a result backend stores."""

import contextlib
import importlib
from typing import Any

from celery import Celery
from celery.backends.base import KeyValueStoreBackend


def backend(serializer: str) -> Any:
    """A result backend of an application that has no broker and is nobody's current one."""
    # Without fixups: that for Django puts the current folder on sys.path.
    app = Celery(
        "portable-errors",
        set_as_current=False,
        result_serializer=serializer,
        accept_content=[serializer],
        fixups=[],
    )
    return KeyValueStoreBackend(app)


def loads_json(payload: bytes) -> object:
    """From JSON an exception is rebuilt by its class's name, if the module is imported: as in a
    client that has imported what it has."""
    stored = payload.decode()
    # it lacks the module; Celery then makes up a class of that name
    with contextlib.suppress(Exception):
        importlib.import_module(backend("json").decode(stored)["result"]["exc_module"])
    return backend("json").decode_result(stored)["result"]


def loads_pickle(payload: bytes) -> object:
    """From pickle, with the restrictions that Celery has for exceptions."""
    return backend("pickle").decode_result(payload)["result"]
