"""A file that cannot be written loses nothing: the old one stays, and the run says what is missing
and ends as runs do."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.__main__ import main
from pytest_portable_errors.whole_files import write_whole

resource = pytest.importorskip("resource")

# As on a full disk: while reports are written, no file of this process may be larger than this.
FULL = """
import pytest, resource
@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_sessionfinish(session):
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000, resource.RLIM_INFINITY))
    try:
        return (yield)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
"""
RAISES = "def test_it():\n    with pytest.raises(NotFound): raise NotFound('bob')\n"
FLAGS = ("-p", "no:cacheprovider", "--portable-errors", "--portable-errors-receiver=with-project")


@pytest.mark.parametrize("suffix", ["json", "html", "sarif"])
def test_the_old_report_stays(run: Any, pytester: pytest.Pytester, suffix: str) -> None:
    if suffix == "html":
        pytest.importorskip("jinja2")
    pytester.makeconftest(FULL)
    report = pytester.path / f"report.{suffix}"
    report.write_text("the old one")
    result = run(RAISES, *FLAGS, f"--portable-errors-report={report}", "test_shop.py")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            f"portable errors: report.{suffix} cannot be written: *large*",
            "*portable errors: 1 defect in 1 class*",
            "checked 1 class, 1 exception: 0 whole, 1 lossy",
            "*1 failed*",
        ]
    )
    assert report.read_text() == "the old one"
    assert [file.name for file in pytester.path.glob(".report*")] == []


def test_a_run_that_passes_fails_for_it(run: Any, pytester: pytest.Pytester) -> None:
    """Whoever asks for a report needs it."""
    pytester.makeconftest(FULL)
    report = pytester.path / "report.json"
    result = run("def test_it(): pass\n", *FLAGS, f"--portable-errors-report={report}")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["portable errors: report.json cannot be written: *"])
    result.stdout.no_fnmatch_line("*INTERNALERROR*")


def test_the_old_baseline_stays(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(FULL.replace("1_000", "100"))
    flags = (*FLAGS, "--portable-errors-update-baseline", "test_shop.py")
    run(RAISES, *flags)
    baseline = pytester.path / "portable-errors-baseline.txt"
    assert not baseline.exists()
    pytester.makeconftest("")
    run(RAISES, *flags)
    before = baseline.read_text()
    pytester.makeconftest(FULL.replace("1_000", "100"))
    result = run(RAISES, *flags)
    result.stdout.fnmatch_lines(["portable errors: *baseline.txt cannot be written: *"])
    assert baseline.read_text() == before


class TestWriteWhole:
    def test_mode_and_links_stay(self, tmp_path: Path) -> None:
        real, link = tmp_path / "real.json", tmp_path / "link.json"
        real.write_text("old")
        real.chmod(0o640)
        link.symlink_to(real)
        write_whole(link, b"new")
        assert (link.is_symlink(), real.read_text()) == (True, "new")
        assert stat.S_IMODE(real.stat().st_mode) == 0o640

    def test_a_pipe_is_written_to(self, tmp_path: Path) -> None:
        fifo = tmp_path / "pipe.json"
        os.mkfifo(fifo)
        reader = os.open(fifo, os.O_RDONLY | os.O_NONBLOCK)
        write_whole(fifo, b"new")
        assert os.read(reader, 10) == b"new"
        os.close(reader)

    def test_a_file_beside_which_none_can_be_made(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """It is written as it is, if that is allowed; otherwise it stays."""
        file = tmp_path / "report.json"
        file.write_text("old")

        def refuse(*_: object, **__: object) -> Any:
            raise PermissionError(13, "Permission denied")

        monkeypatch.setattr("tempfile.mkstemp", refuse)
        with pytest.raises(PermissionError):
            write_whole(file, b"new")
        assert file.read_text() == "old"
        write_whole(file, b"new", or_in_place=True)
        assert file.read_text() == "new"


class TestMerge:
    @pytest.fixture
    def report(self, run: Any, pytester: pytest.Pytester) -> Path:
        file = pytester.path / "report.json"
        run(RAISES, *FLAGS, f"--portable-errors-report={file}", "test_shop.py")
        return file

    @pytest.mark.parametrize(
        ("place", "value", "says"),
        [
            (("run", "mode"), "loud", "run.mode: expected one of off, warn, error"),
            (("run",), None, "run: expected object"),
            (("tests",), [], "tests: expected object"),
            (("defects",), [{"detail": 1}], "defects[0]"),
            (("run", "crashed"), "x", "run.crashed: expected array"),
            (("run", "baseline"), [["a"]], "run.baseline"),
            (("libraries",), [7], "libraries[0]: expected object"),
        ],
    )
    def test_what_is_no_report_gets_a_line_and_2(
        self,
        report: Path,
        place: tuple[str, ...],
        value: object,
        says: str,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        document = json.loads(report.read_text())
        owner = document
        for key in place[:-1]:
            owner = owner[key]
        owner[place[-1]] = value
        report.write_text(json.dumps(document))
        with pytest.raises(SystemExit, match="2"):
            main(["merge", str(report)])
        last = capsys.readouterr().err.splitlines()[-1]
        assert f"{report}: this is no report: {says}" in last

    def test_one_of_a_version_without_libraries_is_merged(self, report: Path) -> None:
        document = json.loads(report.read_text())
        del document["libraries"]
        report.write_text(json.dumps(document))
        merged = report.with_name("merged.json")
        assert main(["merge", str(report), "-o", str(merged)]) == 1
        assert json.loads(merged.read_text())["libraries"] == []

    def test_nested_without_end(self, report: Path, capsys: pytest.CaptureFixture[str]) -> None:
        report.write_text("[" * 100_000)
        with pytest.raises(SystemExit, match="2"):
            main(["merge", str(report)])
        assert "this is no JSON" in capsys.readouterr().err

    def test_names_are_cleaned_and_commands_quoted(
        self, report: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        document = json.loads(report.read_text().replace("NotFound", "A\\n::stop-commands::x"))
        document["run"]["command"] = "pytest --portable-errors; touch here"
        report.write_text(json.dumps(document))
        main(["merge", "-v", str(report)])
        out = capsys.readouterr().out
        assert not [line for line in out.splitlines() if line.lstrip().startswith("::")]
        assert "--portable-errors;" not in out.replace("'--portable-errors;'", "")
