"""arq's worker and its jobs."""

from __future__ import annotations

import os
from typing import Any

import arq_errors
from arq.connections import RedisSettings
from arq.worker import func


async def send_before(_: dict[str, Any]) -> None:
    raise arq_errors.BouncedBefore("bob@example.com", 550)


async def send(_: dict[str, Any]) -> None:
    raise arq_errors.Bounced("bob@example.com", 550)


async def connect_before(_: dict[str, Any]) -> None:
    raise arq_errors.BusyBefore


async def connect(_: dict[str, Any]) -> None:
    raise arq_errors.Busy("busy")


JOBS = (send_before, send, connect_before, connect)


class Settings:
    """What ``arq arq_tasks.Settings`` reads."""

    functions = tuple(func(job, max_tries=1) for job in JOBS)
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    poll_delay = 0.1
