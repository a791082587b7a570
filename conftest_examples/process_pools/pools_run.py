"""The parent process of each pool, as it runs in production: no pytest. What its callers get is
printed as JSON.

``python pools_run.py concurrent.futures | multiprocessing | joblib``
"""

from __future__ import annotations

import concurrent.futures
import json
import multiprocessing
import sys
from collections.abc import Callable

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
    """The outcomes, one pool for all."""
    seen: dict[str, Outcome] = {}
    with concurrent.futures.ProcessPoolExecutor(max_workers=1) as pool:
        for name in names:
            error = pool.submit(task, name).exception(timeout=PATIENCE)
            assert error is not None
            seen[name] = outcome(error)
    return seen


def multiprocessing_pool(task: Callable[[str], None], names: list[str]) -> dict[str, Outcome]:
    """The outcomes, one pool for all."""
    seen: dict[str, Outcome] = {}
    with multiprocessing.Pool(1) as pool:
        for name in names:
            try:
                pool.apply_async(task, (name,)).get(timeout=PATIENCE)
            except Exception as error:
                seen[name] = outcome(error)
    return seen


def joblib_parallel(task: Callable[[str], None], names: list[str]) -> dict[str, Outcome]:
    """The outcomes, one pool for all: joblib keeps it."""
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
    names = list(pools_errors.ARRIVE)
    report = {
        "sent": {name: outcome(error()) for name, error in pools_errors.ARRIVE.items()},
        "alone": carrier(pools_errors.charge, names),
        "because of another": carrier(pools_errors.charge_unknown_order, ["repaired"]),
    }
    json.dump(report, sys.stdout)
