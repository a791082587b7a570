"""Other versions of Python on this machine, for tests that send from one to another."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
from pathlib import Path

_PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check")
_REPOSITORY = Path(__file__).resolve().parents[1]


@functools.cache
def find_python(version: str) -> str | None:
    """Path of an interpreter of that version, e.g. ``3.8`` or ``pypy3.11``, on the PATH or pyenv's;
    None if there is none."""
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


def wheel(folder: Path) -> Path:
    """This project's wheel, built into the folder."""
    subprocess.run(
        [sys.executable, *_PIP, "wheel", "--no-deps", "--wheel-dir", str(folder), str(_REPOSITORY)],
        check=True,
    )
    return next(folder.glob("*.whl"))


def environment(python: str, folder: Path, *, with_wheel: Path | None = None) -> str:
    """Make an environment of another Python, and return its interpreter.

    Args:
        python: What ``find_python`` found.
        folder: Where to make it.
        with_wheel: What to install into it, with all that it requires. None: it has no pip, either.
    """
    without_pip = [] if with_wheel else ["--without-pip"]
    subprocess.run([python, "-m", "venv", *without_pip, str(folder)], check=True)
    made = str(folder / "bin" / "python")
    if with_wheel:  # by its own pip: that of an older Python may not know it
        subprocess.run([made, *_PIP, "install", str(with_wheel)], check=True)
    return made
