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


class TestStepSummary:
    @pytest.fixture
    def file(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The file of a job's summary, in which another step has written."""
        file = tmp_path / "summary.md"
        file.write_text("# Of another step")
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(file))
        return file

    @pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
    def test_is_added_to(self, run: Any, file: Path, workers: tuple[str, ...]) -> None:
        run(SOURCE, *ALONE, *workers)
        before, title, *rest = filter(None, file.read_text(encoding="utf-8").splitlines())
        assert before == "# Of another step"
        assert title == "## Portable errors: 2 defects in 2 classes"
        assert [line.split(" | ")[2] for line in rest if line.startswith("| <code>")] == [
            "<code>shop/errors.py:9</code>",
            "<code>shop/errors.py:2</code>",
        ]
        assert "checked 2 classes, 2 exceptions: 0 whole, 2 lossy" in rest

    def test_is_none_of_a_run_without_defects_to_look_for(self, run: Any, file: Path) -> None:
        run(SOURCE)
        run(SOURCE, *ALONE, "--co")
        assert file.read_text() == "# Of another step"

    def test_of_a_suite(self, run: Any, file: Path) -> None:
        pytest.importorskip("litellm")
        run("", "--portable-errors-suite=litellm", "-k", "BadRequestError")
        assert "| <code>litellm.exceptions.BadRequestError</code> |" in file.read_text()

    def test_that_cannot_be_written_is_named(
        self, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(tmp_path))
        result = run(SOURCE, *ALONE)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        result.stdout.fnmatch_lines(
            ["portable errors: GITHUB_STEP_SUMMARY cannot be written: Is a directory"]
        )
