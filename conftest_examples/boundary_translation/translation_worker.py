"""A worker as it runs in production: no pytest, no conftest, nothing patched.

``python translation_worker.py`` queues every task, works until the queue is empty, and prints as
JSON what a client of each gets, and what Docket has stored for it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta
from typing import Any

import translation_tasks
from docket import Docket, Worker
from docket.execution import Execution


async def main() -> None:
    async with Docket(name="translation-example", url="memory://") as docket:
        executions = {task.__name__: await docket.add(task)() for task in translation_tasks.TASKS}
        async with Worker(docket) as worker:
            await worker.run_until_finished()
        sys.stdout.write(
            json.dumps(
                {
                    name: await what_a_client_gets(execution)
                    for name, execution in executions.items()
                }
            )
        )


async def what_a_client_gets(execution: Execution) -> dict[str, Any]:
    await execution.sync()
    stored = await execution.docket.result_storage.get(execution.result_key)
    try:
        await execution.get_result(timeout=timedelta(seconds=1))  # it is there, or it will never be
    except Exception as error:
        return {
            "raised": f"{type(error).__module__}.{type(error).__qualname__}",
            "message": str(error),
            "facts": {
                name: value for name, value in vars(error).items() if isinstance(value, (str, int))
            },
            "chain": [
                repr(link) for link in (error.__cause__, error.__context__) if link is not None
            ],
            "stored": stored["data"],
        }
    raise AssertionError("every task here fails")


if __name__ == "__main__":
    asyncio.run(main())
