"""A workflow that was run by a real worker, and what others then see of it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path

WORKER = Path(__file__).with_name("dbos_worker.py")
WITHOUT_PROJECT = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
"""The environment of a reader: what is installed, and nothing of this folder."""


@dataclass(frozen=True)
class Run:
    """A workflow that has failed, as it lies in its database."""

    database: Path
    told: list[str]
    """What the worker printed: what the workflow raised, and what it raised when it was asked for
    again."""

    @classmethod
    def of_worker(cls, folder: Path, *options: str) -> Run:
        """Let a worker run it, in a process of its own."""
        database = folder / "dbos.sqlite"
        worker = subprocess.run(
            [sys.executable, WORKER, f"sqlite:///{database}", *options],
            cwd=folder,
            capture_output=True,
            text=True,
        )
        assert worker.returncode == 0, worker.stderr
        return cls(database, worker.stdout.splitlines())

    def listed(self, folder: Path) -> subprocess.CompletedProcess[str]:
        """What an operator sees who runs DBOS's own command in that folder."""
        command = shutil.which("dbos", path=sysconfig.get_path("scripts"))
        assert command is not None, "the command comes with DBOS"
        arguments = [
            "workflow",
            "steps",
            "nightly-import",
            "--sys-db-url",
            f"sqlite:///{self.database}",
        ]
        return subprocess.run(
            [command, *arguments], cwd=folder, env=WITHOUT_PROJECT, capture_output=True, text=True
        )
