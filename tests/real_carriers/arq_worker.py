"""arq's worker."""

from __future__ import annotations

import os
from typing import Any

from arq.connections import RedisSettings


async def fail(_: dict[str, Any], probe: str) -> None:
    import carrier_tasks

    carrier_tasks.fail(probe)


class Settings:
    functions = (fail,)
    redis_settings = RedisSettings.from_dsn(os.environ["REDIS_URL"])
    max_tries = 1
    poll_delay = 0.1
