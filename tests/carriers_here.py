"""Which carriers' libraries are installed, without importing them: distributed, for one, has tblib
register reducers when it is imported."""

from __future__ import annotations

import importlib.util

import pytest

LIBRARIES = {
    "dill": "dill",
    "docket": "docket",
    "dbos": "dbos",
    "celery": "celery",
    "celery:pickle": "celery",
    "dask": "distributed",
}


def is_here(serializer: str) -> bool:
    """Whether what it needs is installed."""
    return (
        serializer not in LIBRARIES or importlib.util.find_spec(LIBRARIES[serializer]) is not None
    )


def skip_without(serializer: str) -> None:
    """Skip a test that needs it."""
    if not is_here(serializer):
        pytest.skip(f"{LIBRARIES[serializer]} is not installed")
