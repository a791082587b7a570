"""Other versions of Python on this machine, for tests that send from one to another."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from pathlib import Path


@functools.cache
def find_python(version: str) -> str | None:
    """Path of an interpreter of that version, e.g. ``3.8`` or ``pypy3.11``, on the PATH or installed
    by pyenv; None if there is none."""
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    candidates = [
        *map(str, sorted(pyenv.glob(f"versions/{version}.*/bin/python"))),
        shutil.which(version if version.startswith("pypy") else f"python{version}"),
    ]
    number = version.removeprefix("pypy")
    return next((found for found in candidates if found and _version(found) == number), None)


def _version(python: str) -> str | None:
    asked = subprocess.run(
        [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
        capture_output=True,
        text=True,
    )
    # a shim of pyenv may stand for nothing
    return asked.stdout.strip() if asked.returncode == 0 else None
