"""The callers, as they run in production: no pytest. What they get is printed as JSON.

``python openai_run.py pool|docket before|after``
"""

from __future__ import annotations

import asyncio
import json
import multiprocessing
import pickle
import sys
from concurrent.futures import ProcessPoolExecutor
from datetime import timedelta

import openai_calls

PATIENCE = 120  # seconds


def start_worker() -> None:
    """What the worker does when it starts."""
    import openai_reducers  # noqa: F401  # it registers


def of_pool(address: str, *, after: bool) -> BaseException:
    """What the caller of a process pool gets."""
    with ProcessPoolExecutor(
        1,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=start_worker if after else None,
    ) as pool:
        error = pool.submit(openai_calls.ask, address).exception(timeout=PATIENCE)
    assert error is not None
    return error


def of_docket(address: str, *, after: bool) -> BaseException:
    """What the client of a Docket task gets."""
    from docket import Docket, Worker

    if after:
        start_worker()

    async def run() -> BaseException:
        async with Docket(name="openai-example", url="memory://") as docket:
            execution = await docket.add(openai_calls.ask_in_docket)(address)
            async with Worker(docket) as worker:
                await worker.run_until_finished()
            try:
                await execution.get_result(timeout=timedelta(seconds=1))
            except Exception as error:
                return error
        raise AssertionError("the task has failed")

    return asyncio.run(run())


if __name__ == "__main__":
    carrier, when = sys.argv[1:]
    get = {"pool": of_pool, "docket": of_docket}[carrier]
    with openai_calls.provider() as where:
        raised = get(where, after=when == "after")
    carries_key: bool | None = None
    if when == "after":
        start_worker()  # in this process, too, to see what would be sent on
        carries_key = openai_calls.KEY.encode() in pickle.dumps(raised)
    found = {
        "type": type(raised).__name__,
        "status": getattr(raised, "status_code", None),
        "code": getattr(raised, "code", None),
        "carries the key": carries_key,
    }
    # Celery's worker has put a logger in place of sys.stdout.
    print("\nJSON " + json.dumps(found), file=sys.__stdout__, flush=True)
