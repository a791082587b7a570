"""A deploy: release 1.0 has stored errors, and release 2.0 has to read them.

``goldens/1.0`` is what 1.0 has pickled, written in ``releases/1.0`` by
``pytest --portable-errors-mode=warn --portable-errors-update-goldens``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

# Each release is a project of its own.
collect_ignore_glob = ["releases/*"]

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The database, after the worker of release 1.0 has failed."""
    database = tmp_path_factory.mktemp("deploy") / "orders.sqlite"
    assert run("1.0", database) == "PaymentError True: (7, 'declined')"
    return database


@pytest.fixture
def asked_again(stored: Path) -> Callable[[str], str]:
    """Runs a release against the database: what it makes of the error that lies there."""
    return lambda release: run(release, stored)


def run(release: str, database: Path) -> str:
    worker = subprocess.run(
        [sys.executable, HERE / "rolling_worker.py", f"sqlite:///{database}"],
        cwd=database.parent,
        env={**os.environ, "PYTHONPATH": str(HERE / "releases" / release)},
        capture_output=True,
        text=True,
    )
    assert worker.returncode == 0, worker.stderr
    return worker.stdout.strip()
