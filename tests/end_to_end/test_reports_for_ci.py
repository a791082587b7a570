"""What a run leaves for the pages of a CI system, and what it says where it cannot."""

from __future__ import annotations

import json
import re
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


def test_a_report_says_what_it_is_about(
    run: Any, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_SHA", "a" * 40)
    pytester.makepyprojecttoml('[project]\nname = "The.Shop"\nversion = "0"\n')
    run(SOURCE, *ALONE, "--portable-errors-report=found.json")
    told = json.loads((pytester.path / "found.json").read_text(encoding="utf-8"))["run"]
    assert (told["project"], told["commit"]) == ("the-shop", "a" * 40)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told["date"])


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
            "<code>shop/errors.py:10</code>",
            "<code>shop/errors.py:3</code>",
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


class TestReportOfNothing:
    """A marker or a fixture is enough for a report; whether there is one is known at the end."""

    REPORT = "--portable-errors-report=found.json"
    PLAIN = "def test_it(): pass\n"
    MESSAGE = (
        "ERROR: --portable-errors-report found.json: nothing is checked: add --portable-errors"
    )

    @pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
    def test_is_an_error_that_names_the_option(
        self, run: Any, pytester: pytest.Pytester, workers: tuple[str, ...]
    ) -> None:
        result = run(self.PLAIN, self.REPORT, *workers)
        assert result.ret == pytest.ExitCode.USAGE_ERROR
        result.assert_outcomes(passed=1)
        assert result.outlines.count(self.MESSAGE) == 1
        assert not (pytester.path / "found.json").exists()

    def test_leaves_failures_what_they_are(self, run: Any) -> None:
        result = run("def test_it(): assert False\n", self.REPORT)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert self.MESSAGE in result.outlines

    @pytest.mark.parametrize(
        "source",
        [
            (
                "@pytest.mark.portable_exception(receiver='stdlib')\n"
                "def test_it():\n    with pytest.raises(ValueError): raise ValueError\n"
            ),
            "@pytest.mark.portable_exception\ndef test_it(): pytest.skip('not today')\n",
            "def test_it(request):\n    request.getfixturevalue('assert_primitive')([7])\n",
        ],
        ids=["marker", "skipped", "fixture"],
    )
    @pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
    def test_is_none_where_something_of_the_plugin_is_in_use(
        self, run: Any, pytester: pytest.Pytester, source: str, workers: tuple[str, ...]
    ) -> None:
        assert run(source, self.REPORT, *workers).ret == pytest.ExitCode.OK
        assert (pytester.path / "found.json").exists()

    def test_is_no_error_where_every_run_asks_for_one(
        self, run: Any, pytester: pytest.Pytester
    ) -> None:
        pytester.makeini(f"[pytest]\npythonpath = .\naddopts = {self.REPORT}\n")
        assert run(self.PLAIN).ret == pytest.ExitCode.OK
        assert run(self.PLAIN, "--co").ret == pytest.ExitCode.OK
        assert run(self.PLAIN, self.REPORT, "--co").ret == pytest.ExitCode.OK
