"""The other way with errors of libraries: they do not travel at all. What leaves the worker is the
project's own small error.

In production agent-memory-server's clients got a TypeError in the place of LiteLLM's errors. Its
maintainers' own proposal was not to teach LiteLLM's classes to travel, but to catch them where a
task ends and to raise an error of the project that says what a client wants to know: which model,
which status, whether to try again. Nothing is patched, and the client needs neither LiteLLM nor
httpx nor Docket to read it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def translation_run() -> dict[str, Any]:
    """Every task of ``translation_tasks``, run once by the worker: what its client got, what was
    stored for it, and what the log says."""
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    command = [sys.executable, str(HERE / "translation_worker.py")]
    worker = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300)
    assert worker.returncode == 0, worker.stderr
    return {**json.loads(worker.stdout), "log": worker.stderr}
