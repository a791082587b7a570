"""A stranger's path: an empty environment, ``pip install``, the README's example, the fix that is
printed, green."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from in_matrix import MATRIX

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text()
FILES = {
    name: text
    for name, text in re.findall(
        r"^```python\n# (\S+\.py)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL
    )
    if name in ("shop/errors.py", "test_shop.py")
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name, text in FILES.items():
        path = tmp_path / "project" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "project"


@MATRIX
def test_from_pip_install_to_a_repaired_exception(tmp_path: Path, project: Path) -> None:
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTEST_", "PYTHONPATH"))
    }
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", ROOT],
        env=environment,
        check=True,
        capture_output=True,
    )

    def pytest_says() -> subprocess.CompletedProcess[str]:
        # By the module, so that the project's folder is on the path: the README's project is
        # installed or has its pythonpath set.
        return subprocess.run(
            [python, "-m", "pytest", "test_shop.py"],
            cwd=project,
            env=environment,
            capture_output=True,
            text=True,
        )

    failing = pytest_says()
    assert failing.returncode == pytest.ExitCode.TESTS_FAILED, failing.stdout + failing.stderr
    promised = README.partition("$ pytest test_shop.py\n")[2].partition("\n...\n")[0].splitlines()
    told = iter(failing.stdout.splitlines())
    assert [line for line in promised if line not in told] == [], failing.stdout

    fix = re.search(
        r"^  fix   add __reduce__.*?\n(?:        \(.*\)\n)+((?:        .*\n)+)",
        failing.stdout,
        re.MULTILINE,
    )
    assert fix is not None, failing.stdout
    errors = project / "shop" / "errors.py"
    errors.write_text(errors.read_text() + "\n" + textwrap.indent(textwrap.dedent(fix[1]), "    "))
    repaired = pytest_says()
    assert repaired.returncode == pytest.ExitCode.OK, repaired.stdout + repaired.stderr

    more = re.search(r"^  more  python -m (.*)$", failing.stdout, re.MULTILINE)
    assert more is not None
    explained = subprocess.run(
        [python, "-m", *more[1].split()],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert explained.stdout.startswith("# init-does-not-fit-args\n")
