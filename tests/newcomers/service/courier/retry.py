"""Tries again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from courier.errors import RetriesExhausted

T = TypeVar("T")


async def retry(
    operation: Callable[[], Awaitable[T]],
    *,
    on: type[Exception],
    attempts: int = 3,
    delay: float = 0.0,
) -> T:
    """The operation's result, or RetriesExhausted when each attempt raised ``on``."""
    for attempt in range(1, attempts + 1):
        try:
            return await operation()
        except on as exc:
            if attempt == attempts:
                name = getattr(operation, "__name__", "operation")
                raise RetriesExhausted(name, attempts, exc) from exc
            await asyncio.sleep(delay)
    raise ValueError(f"attempts={attempts}: expected 1 or more")
