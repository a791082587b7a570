"""The tasks, as they run in production: no pytest. Where their results are kept is printed as
JSON."""

from __future__ import annotations

import functools
import json
import sys
from typing import Any

import prefect_errors
from prefect import flow, task

kept = functools.partial(task, persist_result=True, result_serializer="pickle")


@kept
def report_before() -> None:
    raise prefect_errors.NoRowsBefore("orders", "Monday")


@kept
def report() -> None:
    raise prefect_errors.NoRows("orders", "Monday")


@flow  # type: ignore[untyped-decorator]  # Prefect is not looked at
def reports() -> dict[str, str]:
    tasks = {"before": report_before, "after": report}
    return {name: _key(one(return_state=True)) for name, one in tasks.items()}


def _key(state: Any) -> str:
    data = state.data
    return str(getattr(data, "metadata", data).storage_key)


if __name__ == "__main__":
    json.dump(reports(), sys.stdout)
