"""With the reducers that ``--portable-errors-fix-unsafe`` writes, all that a suite raises arrives.

As itself, or as the base that ``portable_errors_expect`` names; and no credential is in a payload.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX
from suite_libraries import NEEDS, skip_unless_installed

QUICK = ("grpc", "pydantic")
"""Those that are repaired in a few seconds, a downgrade among them; the others wait to be asked."""


@pytest.fixture(
    params=[pytest.param(name, marks=() if name in QUICK else MATRIX) for name in NEEDS]
)
def suite(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_unless_installed(name)
    return name


def run(folder: Path, suite: str, *args: str) -> dict[str, Any]:
    """Run a suite in a project; the report."""
    subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *chosen()),
            *("--portable-errors-suite", suite, "--portable-errors-report", "report.json"),
            *("-o", "portable_errors_serializers=pickle", *args),
        ],
        cwd=folder,
        env={**os.environ, **NO_OTHERS},
        capture_output=True,
        check=False,
    )
    report: dict[str, Any] = json.loads((folder / "report.json").read_text())
    return report


def test_with_its_reducers_all_arrive_without_credentials(suite: str, tmp_path: Path) -> None:
    (tmp_path / "pytest.ini").write_text("[pytest]\n")
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    before = run(tmp_path, suite, "--portable-errors-fix-unsafe")
    assert before["defects"], "the control"
    after = run(tmp_path, suite)
    assert after["totals"]["classes"] == before["totals"]["classes"]
    assert [(one["cls"], one["cause"]) for one in after["defects"]] == []
    assert after["credentials"] == []
