"""``joblib.Parallel`` runs a function in processes of loky, and raises what it raised.

An error that cannot be rebuilt breaks joblib's pool, which then speaks of a result that "has failed
to un-serialize"; one that cannot be pickled it takes for a crash. Nothing of the kind is run here:
the plugin says it beforehand. What is run is an error that arrives, and says everything twice.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def given() -> dict[str, Any]:
    """What the caller of each function is given."""
    command = [sys.executable, str(HERE / "joblib_run.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=300)
    assert done.stdout, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers
