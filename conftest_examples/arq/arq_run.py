"""The caller, as it runs in production: no pytest. What it is given is printed as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys

import arq_tasks
from arq import create_pool
from arq.connections import RedisSettings


async def main() -> None:
    pool = await create_pool(RedisSettings.from_dsn(os.environ["REDIS_URL"]))
    answers = {}
    for job in arq_tasks.JOBS:
        queued = await pool.enqueue_job(job.__name__)
        assert queued is not None
        try:
            await queued.result(timeout=120, poll_delay=0.1)
        except Exception as error:
            answers[job.__name__] = [type(error).__name__, str(error)]
    await pool.aclose()
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    asyncio.run(main())
