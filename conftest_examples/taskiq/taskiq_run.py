"""The caller, as it runs in production: no pytest. It has imported the tasks, and so their errors.
What it is given is printed as JSON."""

from __future__ import annotations

import asyncio
import json
import sys

import taskiq_tasks


async def main() -> None:
    await taskiq_tasks.broker.startup()
    answers = {}
    for task in (taskiq_tasks.send_before, taskiq_tasks.send):
        queued = await task.kiq()
        error = (await queued.wait_result(timeout=120)).error
        answers[task.task_name] = [
            f"{type(error).__module__}.{type(error).__qualname__}",
            getattr(error, "code", None),
        ]
    await taskiq_tasks.broker.shutdown()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
