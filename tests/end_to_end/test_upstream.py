"""The text for a package's authors: true, and with a patch that applies and repairs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = '''"""Errors of a library."""


class Refused(Exception):
    def __init__(self, host: str, port: int) -> None:
        super().__init__(f"{host}:{port}")
        self.host = host
        self.port = port


class Whole(Exception):
    pass
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "installed" / "library"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text("from .errors import Refused, Whole\n")
    (folder / "errors.py").write_text(SOURCE)
    monkeypatch.setenv("PYTHONPATH", str(folder.parent))
    monkeypatch.chdir(tmp_path)
    return folder


def upstream(*args: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, "-m", "pytest_portable_errors", "upstream", *args],
        capture_output=True,
        text=True,
        env=kept,
        check=False,
    )


def block(text: str, language: str) -> str:
    found = re.search(rf"^```{language}\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
    assert found is not None
    return found[1]


def test_the_script_shows_it_and_the_patch_repairs_it(package: Path, tmp_path: Path) -> None:
    before = (package / "errors.py").read_bytes()
    done = upstream("library", "--patch", str(tmp_path / "library.patch"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("# 1 of 2 exception classes do not survive pickle\n")
    assert "- `library.errors.Refused`" in done.stdout
    assert "errors.Whole" not in done.stdout
    assert (package / "errors.py").read_bytes() == before, "what is installed is not changed"

    script = block(done.stdout, "python")
    assert len(script.splitlines()) <= 12
    assert "portable" not in script
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert shown.stdout.startswith("does not arrive: TypeError(")
    assert shown.stdout.strip() in done.stdout

    patch = block(done.stdout, "diff")
    assert patch == (tmp_path / "library.patch").read_text()
    applied = subprocess.run(
        ["patch", "-p1"],
        input=patch,
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert applied.returncode == 0, applied.stdout
    check = (
        "import pickle, library\n"
        "again = pickle.loads(pickle.dumps(library.Refused('a', 7)))\n"
        "print(type(again).__name__, again, again.port)"
    )
    repaired = subprocess.run(
        [sys.executable, "-c", check], capture_output=True, text=True, check=True
    )
    assert repaired.stdout == "Refused a:7 7\n"


def test_a_package_that_is_well_is_told_so(package: Path) -> None:
    (package / "errors.py").write_text(
        "class Refused(Exception): ...\nclass Whole(Exception): ...\n"
    )
    done = upstream("library")
    assert done.stdout == "# library: all 2 exception classes survive pickle\n"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("no_such_package", "upstream: no_such_package is not installed here as a package"),
        ("math", "upstream: math is not installed here as a package with source"),
    ],
)
def test_what_has_no_source_is_told(package: Path, name: str, why: str) -> None:
    done = upstream(name)
    assert done.returncode == 2
    assert why in done.stderr
