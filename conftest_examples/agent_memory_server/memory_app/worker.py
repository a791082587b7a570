"""The worker's entry point, and so the place where pickling is set up: ``python -m
memory_app.worker [--without-pickling]``.

Prints as JSON what a client gets that asks for the result of ``extract_topics``.
"""

from __future__ import annotations

import asyncio
import json
import sys
from datetime import timedelta

from docket import Docket, Worker

from memory_app import litellm_pickling, tasks


async def main() -> None:
    async with Docket(name="memory-app", url="memory://") as docket:
        execution = await docket.add(tasks.extract_topics)()
        async with Worker(docket) as worker:
            await worker.run_until_finished()
        await execution.sync()
        try:
            # it is there, or it will never be
            await execution.get_result(timeout=timedelta(seconds=1))
        except Exception as error:
            sys.stdout.write(
                json.dumps(
                    {
                        "raised": type(error).__name__,
                        "message": str(error),
                        "cause": repr(error.__cause__),
                    }
                )
            )


if __name__ == "__main__":
    if "--without-pickling" not in sys.argv:
        litellm_pickling.apply()
    asyncio.run(main())
