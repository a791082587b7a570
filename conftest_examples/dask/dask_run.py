"""A pipeline as it runs in production: a scheduler, a worker process, a client, no pytest. What the
client gets is printed as JSON.

``python dask_run.py SCRATCH_FOLDER``
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import dask_errors
from distributed import Client, LocalCluster

PATIENCE = 120
"""Seconds that anything may take on a busy machine. Nothing waits for them to pass."""


def outcome(exc: BaseException) -> dict[str, Any]:
    """What one sees of an exception."""
    names = [
        name
        for name in dir(exc)
        if not name.startswith("_") and name not in ("args", "add_note", "with_traceback")
    ]
    before = exc.__cause__ or exc.__context__
    return {
        "type": f"{type(exc).__module__}.{type(exc).__qualname__}",
        "message": str(exc),
        "args": repr(exc.args),
        "attributes": {name: repr(getattr(exc, name)) for name in names if hasattr(exc, name)},
        "because of": before and f"{type(before).__name__}: {before}",
    }


def raised_by(task: Callable[[], object]) -> Exception:
    """What a task raises here, where it does not travel."""
    try:
        task()
    except Exception as error:
        return error
    raise AssertionError("it did not fail")


def main(scratch: str) -> dict[str, dict[str, Any]]:
    """What was raised, and what the client got."""
    cluster = LocalCluster(
        n_workers=1,
        threads_per_worker=1,
        processes=True,
        dashboard_address=None,
        local_directory=scratch,
    )
    with cluster, Client(cluster) as client:

        def received(task: Callable[..., object], *args: object) -> dict[str, Any]:
            error = client.submit(task, *args).exception(timeout=PATIENCE)
            assert error is not None
            return outcome(error)

        return {
            "sent": {
                **{name: outcome(error()) for name, error in dask_errors.ERRORS.items()},
                "find": outcome(raised_by(dask_errors.find)),
                "read": outcome(raised_by(dask_errors.read)),
            },
            "received": {
                **{name: received(dask_errors.fail, name) for name in dask_errors.ERRORS},
                "find": received(dask_errors.find),
                "read": received(dask_errors.read),
            },
        }


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
