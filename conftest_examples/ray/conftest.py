"""A Ray task fails, and the caller asks for its result.

``ray.get`` raises an error that is of the class which the task raised, so ``except PaymentRefused``
finds it; but only if that class can be rebuilt. If it cannot, the caller is given
``UnserializableException``, which is of no class of the shop's: the clause does not match, and what
the error stored is text.

The tests start one Ray on this machine, with one worker, and end it. They are skipped where Ray is
not installed.
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
    """What the caller of each task is given."""
    command = [sys.executable, str(HERE / "ray_run.py")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=HERE, timeout=300)
    assert done.stdout, done.stderr
    answers: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answers
