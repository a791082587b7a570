"""The caller, as it runs in production: no pytest. What it is given is printed as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable

import ray
import ray_errors


def given(task: Callable[[int], None]) -> dict[str, object]:
    """What ``ray.get`` raises."""
    try:
        ray.get(ray.remote(max_retries=0)(task).remote(7))
    except Exception as error:
        return {
            "is a PaymentRefused": isinstance(error, ray_errors.PaymentRefusedBefore),
            "type": type(error).__name__,
            "order": getattr(error, "order", None),
            "says the reason": "no funds" in str(error),
        }
    raise AssertionError("nothing was raised")


if __name__ == "__main__":
    ray.init(num_cpus=1, include_dashboard=False, configure_logging=False, log_to_driver=False)
    tasks = {"before": ray_errors.charge_before, "after": ray_errors.charge}
    answers = {name: given(task) for name, task in tasks.items()}
    ray.shutdown()
    json.dump(answers, sys.stdout)
