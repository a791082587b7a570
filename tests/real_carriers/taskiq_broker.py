"""taskiq's broker and task, for its worker and its caller."""

from __future__ import annotations

import os

from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend

broker = ListQueueBroker(os.environ["REDIS_URL"]).with_result_backend(
    RedisAsyncResultBackend(os.environ["REDIS_URL"])
)


@broker.task(task_name="fail")  # type: ignore[untyped-decorator]  # taskiq is Any to mypy
async def fail(probe: str) -> None:
    import carrier_tasks

    carrier_tasks.fail(probe)
