"""taskiq's broker and its tasks."""

from __future__ import annotations

import os

import taskiq_errors
from taskiq_redis import ListQueueBroker, RedisAsyncResultBackend

broker = ListQueueBroker(os.environ["REDIS_URL"]).with_result_backend(
    RedisAsyncResultBackend(os.environ["REDIS_URL"])
)


@broker.task(task_name="send_before")  # type: ignore[untyped-decorator]  # taskiq is not looked at
async def send_before() -> None:
    raise taskiq_errors.BouncedBefore("bob@example.com", 550)


@broker.task(task_name="send")  # type: ignore[untyped-decorator]  # as above
async def send() -> None:
    raise taskiq_errors.Bounced("bob@example.com", 550)
