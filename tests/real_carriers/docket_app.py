"""Docket's task, and its worker in a process of its own."""

from __future__ import annotations

import asyncio
import sys

from docket import Docket, Worker


async def fail(probe: str) -> None:
    import carrier_tasks

    carrier_tasks.fail(probe)


async def work(url: str) -> None:
    async with Docket(name="real", url=url) as docket:
        docket.register(fail)
        async with Worker(docket) as worker:
            await worker.run_until_finished()


if __name__ == "__main__":
    asyncio.run(work(sys.argv[1]))
