"""The parent process of each pool, as it runs in production: no pytest. What its callers get is
printed as JSON.

``python pools_run.py concurrent.futures | multiprocessing | joblib``
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import json
import multiprocessing
import multiprocessing.pool
import queue
import sys
import threading
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from typing import Any

import pools_errors

PATIENCE = 120
"""Seconds that anything may take on a busy machine. Nothing waits for them to pass."""
Outcome = dict[str, object]


def outcome(exc: BaseException) -> Outcome:
    """What a caller sees of an exception."""
    return {
        "type": f"{type(exc).__module__}.{type(exc).__qualname__}",
        "message": str(exc),
        "args": repr(exc.args),
        "attributes": {name: repr(value) for name, value in sorted(vars(exc).items())},
        "cause": f"{type(exc.__cause__).__name__}: {exc.__cause__}",
        "has cause": exc.__cause__ is not None,
    }


def concurrent_futures(task: Callable[[str], None], names: list[str]) -> dict[str, Outcome]:
    """The outcomes, one pool for all as long as it is not broken."""
    seen: dict[str, Outcome] = {}
    pool = concurrent.futures.ProcessPoolExecutor(max_workers=1)
    for name in names:
        error = pool.submit(task, name).exception(timeout=PATIENCE)
        assert error is not None
        seen[name] = outcome(error)
        if isinstance(error, BrokenProcessPool):
            with contextlib.suppress(BrokenProcessPool):
                pool.submit(len, "")
                seen[name]["pool works"] = True
            pool.shutdown()
            pool = concurrent.futures.ProcessPoolExecutor(max_workers=1)
    pool.shutdown()
    return seen


def multiprocessing_pool(task: Callable[[str], None], names: list[str]) -> dict[str, Outcome]:
    """The outcomes, one pool for all as long as it does not hang.

    That it hangs is seen by the death of its only thread that delivers results, and not by the
    clock: a result that is not there then will never be there.
    """
    seen: dict[str, Outcome] = {}
    news: queue.SimpleQueue[BaseException | str] = queue.SimpleQueue()
    threading.excepthook = lambda dead: news.put(f"{dead.exc_type.__name__}: {dead.exc_value}")
    pool = multiprocessing.Pool(1)
    for name in names:
        pending = pool.apply_async(task, (name,), error_callback=news.put)
        told = news.get(timeout=PATIENCE)
        if isinstance(told, BaseException):
            seen[name] = outcome(told)
            continue
        seen[name] = {
            "type": "nothing",
            "result": waited(pending),
            "the next task": waited(pool.apply_async(len, ("",))),
            "thread died of": told,
        }
        # "Cannot have cache with result_hander not alive": the pool cannot be ended either
        with contextlib.suppress(AssertionError):
            pool.terminate()
        for worker in multiprocessing.active_children():
            worker.kill()
            worker.join()
        pool = multiprocessing.Pool(1)
    pool.close()
    pool.join()
    return seen


def waited(pending: multiprocessing.pool.AsyncResult[Any]) -> str:
    """How waiting for a result ends that nobody will deliver: without the time limit, it does
    not."""
    try:
        return repr(pending.get(timeout=1))
    except multiprocessing.TimeoutError:
        return "TimeoutError"


def joblib_parallel(task: Callable[[str], None], names: list[str]) -> dict[str, Outcome]:
    """The outcomes; joblib replaces a broken pool by itself."""
    import joblib  # untyped, and costly for those who do not use it

    seen: dict[str, Outcome] = {}
    for name in names:
        try:
            joblib.Parallel(n_jobs=2)([joblib.delayed(task)(name)])
        except Exception as error:
            seen[name] = outcome(error)
    joblib.externals.loky.get_reusable_executor().shutdown(wait=True)
    return seen


CARRIERS = {
    "concurrent.futures": concurrent_futures,
    "multiprocessing": multiprocessing_pool,
    "joblib": joblib_parallel,
}

if __name__ == "__main__":
    carrier = CARRIERS[sys.argv[1]]
    names = list(pools_errors.ERRORS)
    report = {
        "sent": {name: outcome(error()) for name, error in pools_errors.ERRORS.items()},
        "alone": carrier(pools_errors.charge, names),
        "because of another": carrier(pools_errors.charge_unknown_order, ["repaired"]),
    }
    json.dump(report, sys.stdout)
