"""A flow of Prefect fails, and its result is kept: whoever asks for it later is given the error.

An error that cannot be rebuilt is ``TypeError`` there; one that cannot be pickled leaves a failed
state whose result was never written.

The tests run a flow with Prefect's own server, which it starts for the run, in a folder of their
own, and read the result in another process. They are skipped where Prefect is not installed.
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
def given(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What who asks for the result of each flow is given."""
    folder = tmp_path_factory.mktemp("prefect")
    environment = {
        **os.environ,
        "PREFECT_HOME": str(folder),
        "PREFECT_LOCAL_STORAGE_PATH": str(folder / "results"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
        "PREFECT_LOGGING_LEVEL": "CRITICAL",
    }
    printed = ""
    for script in ("prefect_run.py", "prefect_ask.py"):
        done = subprocess.run(
            [sys.executable, script, *([printed] if printed else [])],
            capture_output=True,
            text=True,
            cwd=HERE,
            env=environment,
            timeout=300,
        )
        assert done.stdout, done.stderr
        printed = done.stdout.splitlines()[-1]
    found: dict[str, Any] = json.loads(printed)
    return found
