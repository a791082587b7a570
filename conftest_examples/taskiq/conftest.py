"""A task of taskiq fails. Its result backend stores the class's name and ``args``, whatever the
serializer is.

So attributes stay behind. A caller that has not imported the module is given a class that taskiq
makes up; one that has is given the class, if it can be called with ``args``, and otherwise a plain
``Exception``.

The tests start a Redis server on the loopback interface and a worker beside it, and end both. They
are skipped where ``taskiq_redis`` or ``redis-server`` is not installed.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def redis_url() -> Iterator[str]:
    """The URL of a Redis server of our own."""
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed: apt-get install redis-server")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [program, "--port", str(port), "--bind", "127.0.0.1", "--save", ""]
    server = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        while server.poll() is None:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port)):
                break
            time.sleep(0.05)
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        server.terminate()
        server.wait()


@pytest.fixture(scope="session")
def given(redis_url: str) -> Iterator[dict[str, Any]]:
    """What the caller of each task is given."""
    environment = {**os.environ, "REDIS_URL": redis_url, "PYTHONPATH": str(HERE)}
    worker = subprocess.Popen(
        [sys.executable, "-m", "taskiq", "worker", "taskiq_tasks:broker", "--workers", "1"],
        cwd=HERE,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        command = [sys.executable, str(HERE / "taskiq_run.py")]
        done = subprocess.run(
            command, capture_output=True, text=True, cwd=HERE, env=environment, timeout=300
        )
        assert done.stdout, done.stderr
        yield json.loads(done.stdout.splitlines()[-1])
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, 15)
        worker.wait()
