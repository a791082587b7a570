"""The callers, as they run in production: no pytest. What they get is printed as JSON.

``python grpc_run.py pool|celery before|after``
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import grpc
import grpc_calls

PATIENCE = 120  # seconds


def seen(error: Any) -> dict[str, Any]:
    """What a caller can make of an error."""
    is_of_grpc = isinstance(error, grpc.RpcError)
    return {
        "type": type(error).__name__,
        "caught": is_of_grpc,
        "code": error.code().name if is_of_grpc else None,
        "details": error.details() if is_of_grpc else None,
    }


def start_worker() -> None:
    """What the worker does when it starts."""
    import grpc_reducers  # noqa: F401  # it registers


def of_pool(address: str, *, after: bool) -> BaseException:
    """What the caller of a process pool gets."""
    with ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker if after else None,
    ) as pool:
        error = pool.submit(grpc_calls.get_order, address).exception(timeout=PATIENCE)
    assert error is not None
    return error


def of_celery(address: str, *, after: bool) -> BaseException:
    """What the client of a Celery task gets, from results that are pickled."""
    from celery import Celery
    from celery.contrib.testing.worker import start_worker as worker_of

    if after:
        start_worker()
    app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.update(
        result_serializer="pickle",
        result_accept_content=["pickle"],
        broker_transport_options={"polling_interval": 0.01},
    )
    task = app.task(name="get_order")(grpc_calls.get_order)
    with worker_of(app, perform_ping_check=False, shutdown_timeout=PATIENCE):
        try:
            task.delay(address).get(timeout=PATIENCE)
        except Exception as error:
            return error
    raise AssertionError("the task has failed")


if __name__ == "__main__":
    carrier, when = sys.argv[1:]
    get = {"pool": of_pool, "celery": of_celery}[carrier]
    with grpc_calls.service() as where:
        found = seen(get(where, after=when == "after"))
    # Celery's worker has put a logger in place of sys.stdout.
    print("\nJSON " + json.dumps(found), file=sys.__stdout__, flush=True)
