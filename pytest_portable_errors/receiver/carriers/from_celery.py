"""What ``AsyncResult.get()`` does with what a result backend stores."""

import contextlib
import importlib
from typing import Any

from celery import Celery
from celery.backends.base import KeyValueStoreBackend


def backend(serializer: str) -> Any:
    """A result backend of an application that has no broker and is nobody's current one.

    Args:
        serializer: ``json`` or ``pickle``: what it writes, and all that it accepts.
    """
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
    """Rebuild an exception from what the JSON serializer stores: the name of its class.

    Celery looks the class up in modules that are imported already, so the module is imported first:
    as in a client that has imported what it has.
    """
    stored = payload.decode()
    # Where the module is absent, Celery makes up a class of that name.
    with contextlib.suppress(Exception):
        importlib.import_module(backend("json").decode(stored)["result"]["exc_module"])
    return backend("json").decode_result(stored)["result"]


def loads_pickle(payload: bytes) -> object:
    """Rebuild an exception from pickle, with Celery's restrictions for exceptions."""
    return backend("pickle").decode_result(payload)["result"]
