"""The callers, as they run in production: no pytest. What they get is printed as JSON.

``python botocore_run.py pool|celery``
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import botocore_calls
from botocore.exceptions import ClientError

PATIENCE = 120  # seconds


def of_pool(address: str) -> BaseException:
    """What the caller of a process pool gets."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        error = pool.submit(botocore_calls.get_order, address).exception(timeout=PATIENCE)
    assert error is not None
    return error


def of_celery(address: str) -> BaseException:
    """What the client of a Celery task gets, from results that are pickled."""
    from celery import Celery
    from celery.contrib.testing.worker import start_worker

    app = Celery("shop", broker="memory://", backend="cache+memory://", set_as_current=True)
    app.conf.update(
        result_serializer="pickle",
        result_accept_content=["pickle"],
        broker_transport_options={"polling_interval": 0.01},
    )
    task = app.task(name="get_order")(botocore_calls.get_order)
    with start_worker(app, perform_ping_check=False, shutdown_timeout=PATIENCE):
        try:
            task.delay(address).get(timeout=PATIENCE)
        except Exception as error:
            return error
    raise AssertionError("the task has failed")


if __name__ == "__main__":
    with botocore_calls.store() as where:
        raised: Any = {"pool": of_pool, "celery": of_celery}[sys.argv[1]](where)
        before = isinstance(raised, botocore_calls.client_of(where).exceptions.NoSuchKey)
    is_error = isinstance(raised, ClientError)
    found = {
        "type": type(raised).__name__,
        "caught as before": before,
        "caught as ClientError": is_error,
        "code": raised.response["Error"]["Code"] if is_error else None,
    }
    # Celery's worker has put a logger in place of sys.stdout.
    print("\nJSON " + json.dumps(found), file=sys.__stdout__, flush=True)
