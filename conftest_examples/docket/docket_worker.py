"""A worker as it runs in production: no pytest, no conftest. It registers the reducers where it
starts.

``python docket_worker.py TASK [--url URL] [--name NAME] [--without-reducers]`` queues the task of
that name, works until the queue is empty, and prints as JSON what a client gets who then asks for
the result. If the worker dies, it says of what, and a client has asked all the same.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import timedelta
from typing import Any
from uuid import uuid4

import docket_tasks
from docket import Docket, Worker
from docket.execution import Execution

PATIENCE = timedelta(seconds=1)
"""How long the client waits. The worker has ended by then, well or badly: what is not there now
will never come."""


async def main(task: str, *, url: str, name: str) -> None:
    async with Docket(name=name, url=url) as docket:
        execution = await docket.add(getattr(docket_tasks, task))()
        died_of = None
        try:
            async with Worker(docket) as worker:
                await worker.run_until_finished()
        except BaseException as error:
            died_of = repr(error)
            raise
        finally:
            got = await what_a_client_gets(execution)
            sys.stdout.write(json.dumps({"died_of": died_of, **got}))


async def what_a_client_gets(execution: Execution) -> dict[str, Any]:
    await execution.sync()
    got = {"state": execution.state.value, "error": execution.error}
    try:
        return {**got, "result": await execution.get_result(timeout=PATIENCE)}
    except Exception as error:
        return {
            **got,
            "raised": type(error).__name__,
            "message": str(error),
            "attributes": {
                name: value for name, value in vars(error).items() if isinstance(value, (str, int))
            },
            "cause": repr(error.__cause__),
        }


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("task")
    parser.add_argument("--url", default="memory://")
    parser.add_argument("--name", default=f"docket-example-{uuid4()}")
    parser.add_argument("--without-reducers", action="store_true")
    options = parser.parse_args()
    if not options.without_reducers:
        import docket_reducers  # imports LiteLLM, which takes seconds

        docket_reducers.register()
    asyncio.run(main(options.task, url=options.url, name=options.name))
