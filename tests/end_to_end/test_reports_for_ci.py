"""What a run leaves for the pages of a CI system, and what it says where it cannot."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

ALONE = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")
SOURCE = """
def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

def test_does_not_arrive():
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
"""
RESULTS = [
    ("init-rewrites-message", "error", "shop/errors.py", 9),
    ("init-does-not-fit-args", "error", "shop/errors.py", 2),
]


def results(file: Path) -> list[tuple[str, str, str, int]]:
    """Rule, level, file and line of each result of a SARIF log."""
    (run,) = json.loads(file.read_text(encoding="utf-8"))["runs"]
    places = [result["locations"][0]["physicalLocation"] for result in run["results"]]
    return [
        (
            result["ruleId"],
            result["level"],
            place["artifactLocation"]["uri"],
            place["region"]["startLine"],
        )
        for result, place in zip(run["results"], places, strict=True)
    ]


def test_sarif_of_a_run_and_of_merged_ones(run: Any, pytester: pytest.Pytester) -> None:
    files = ("found.sarif", "found.json")
    result = run(SOURCE, *ALONE, *(f"--portable-errors-report={file}" for file in files))
    result.stdout.fnmatch_lines(["portable errors: wrote found.sarif"])
    assert results(pytester.path / "found.sarif") == RESULTS
    assert str(pytester.path) not in (pytester.path / "found.sarif").read_text()
    command = (sys.executable, "-m", "pytest_portable_errors", "merge", "found.json")
    pytester.run(*command, "-o", "merged.sarif")
    assert results(pytester.path / "merged.sarif") == RESULTS
