"""A Docket task fails. Its worker pickles the exception into Redis, and the client that asks for
the result rebuilds it.

In production a client that waited for a LiteLLM task got ``TypeError: RateLimitError.__init__()
missing 2 required positional arguments``, which nobody raised, instead of the rate limit. An
exception that held a client with a lock inside was worse: the worker itself died of it, and whoever
waited for the result waited on.

The tests run Docket's own worker on ``memory://``, and also on the Redis server at ``REDIS_URL`` if
that is set.
"""

from __future__ import annotations

import itertools
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

HERE = Path(__file__).parent
URLS = {
    "memory": "memory://",
    **({"redis": os.environ["REDIS_URL"]} if os.environ.get("REDIS_URL") else {}),
}


@pytest.fixture(scope="session", params=URLS.values(), ids=URLS.keys())
def docket_url(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def docket_names(docket_url: str) -> Iterator[Callable[[], str]]:
    """A name for each docket, so that nobody works on another's tasks. What they leave on a Redis
    server is taken away."""
    prefix, numbers = f"docket-example-{uuid4()}", itertools.count()
    yield lambda: f"{prefix}-{next(numbers)}"
    if docket_url != "memory://":
        import redis  # what Docket itself talks to the server with

        with redis.Redis.from_url(docket_url) as server:
            for key in server.scan_iter(f"{prefix}-*"):
                server.delete(key)


@pytest.fixture(scope="session")
def work(docket_url: str, docket_names: Callable[[], str]) -> Callable[..., dict[str, Any]]:
    """``work(TASK, ...)``: run the worker for one task. Gives what the worker died of, or None, and
    what the client got."""
    done: dict[tuple[str, ...], dict[str, Any]] = {}
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}

    def run(*arguments: str) -> dict[str, Any]:
        if arguments not in done:
            command = [
                sys.executable,
                str(HERE / "docket_worker.py"),
                *arguments,
                "--url",
                docket_url,
                "--name",
                docket_names(),
            ]
            worker = subprocess.run(
                command, env=environment, capture_output=True, text=True, timeout=300
            )
            assert worker.stdout, worker.stderr
            done[arguments] = json.loads(worker.stdout)
        return done[arguments]

    return run
