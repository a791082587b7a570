"""Celery: a result backend stores errors, as JSON unless it is told otherwise."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence

_SEEN = ("5.7", "5.7")
_THEN = (
    Consequence(
        where="not sent",
        says="a prefork worker's child ends and get() raises billiard's WorkerLostError; with the "
        "solo pool the worker ends, the state stays PENDING, and the client waits",
        is_answered=False,
        seen=_SEEN,
        raises="billiard.exceptions.WorkerLostError",
    ),
)


def _sender(serializer: str) -> Send:
    from pytest_portable_errors.receiver.carriers.from_celery import backend

    failure = find("celery", "celery.states", "FAILURE")
    pickleable = find("celery", "celery.utils.serialization", "get_pickleable_exception")
    result_backend = backend(serializer)

    def send(exc: BaseException) -> bytes:
        """Encode as ``celery.app.trace`` and a result backend do when a task has failed."""
        result = result_backend.encode_result(pickleable(exc), failure)
        encoded = result_backend.encode(
            {"status": failure, "result": result, "traceback": None, "children": None}
        )
        return encoded if isinstance(encoded, bytes) else str(encoded).encode()

    return send


def _json() -> Send:
    return _sender("json")


def _pickle() -> Send:
    return _sender("pickle")


JSON = Carrier(
    name="celery",
    sender=_json,
    loader=f"{HALVES}.from_celery:loads_json",
    drops=("attributes", "notes", "chain", "traceback"),
    replaces=(
        "Celery stores the class's name and args. A client that has not imported the module is "
        "given a class that\nCelery makes up under that name; one that has is given the class "
        "(serializer celery:imported)"
    ),
    sends=(Exception,),
    then=(
        *_THEN,
        Consequence(
            where="replaced",
            says="except clauses that name the class do not catch what get() raises",
            seen=_SEEN,
        ),
    ),
    library="celery",
    distribution="celery",
)
JSON_IMPORTED = replace(
    JSON,
    name="celery:imported",
    loader=f"{HALVES}.from_celery:loads_json_imported",
    replaces="Celery stores the class's name and args: the client calls what it has imported "
    "under that name, or makes up such a class",
)
PICKLE = Carrier(
    name="celery:pickle",
    sender=_pickle,
    loader=f"{HALVES}.from_celery:loads_pickle",
    replaces=(
        "Celery sends the nearest base class that it can rebuild, or a wrapper, in "
        "place of what pickle cannot rebuild"
    ),
    wraps_fixes=True,
    sends=JSON.sends,
    then=(
        *_THEN,
        Consequence(
            where="loads",
            says="with results on Redis, get() of another task may raise that error",
            seen=("5.7", "5.7"),
        ),
    ),
    library="celery",
    distribution="celery",
)
