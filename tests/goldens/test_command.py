"""The command does what the tests do, without pytest."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from earlier_release import Project
from interpreters import find_python

from pytest_portable_errors.goldens.folder import write

PLAIN = "class PaymentError(Exception): pass\ndef raised(): return PaymentError(7)\n"


def told(folder: Path, *words: str) -> tuple[int, list[str]]:
    """Exit status and lines of the command, in an interpreter that cannot import pytest."""
    program = (
        "import sys; sys.modules['pytest'] = sys.modules['_pytest'] = None; "
        "from pytest_portable_errors.__main__ import main; sys.exit(main())"
    )
    run = subprocess.run(
        [sys.executable, "-c", program, "goldens", *words],
        cwd=folder,
        capture_output=True,
        text=True,
    )
    return run.returncode, (run.stdout + run.stderr).splitlines()


@pytest.fixture
def kept(project: Project) -> Project:
    (project.folder / "pyproject.toml").write_text(
        '[project]\nname = "shop"\nversion = "1.5.0"\n'
        '[tool.pytest.ini_options]\nportable_errors_goldens = "goldens"\n'
    )
    project.write("", "shop/__init__.py")
    project.write(PLAIN)
    write(project.golden(), project.folder / "goldens")
    return project


def test_a_list(kept: Project) -> None:
    python = ".".join(map(str, sys.version_info[:2]))
    assert told(kept.folder, "list") == (0, [f"1.4.0  1 goldens of 1 names, Python {python}"])


def test_a_check_of_what_is_whole_and_of_what_is_lost(kept: Project) -> None:
    assert told(kept.folder, "check") == (0, ["1 golden of 1 release: 1 unchanged"])
    kept.write("")
    status, lines = told(kept.folder, "check", "goldens")
    assert status == 1
    assert lines[0].startswith("shop.errors.PaymentError does not arrive: loads raised")
    assert lines[-3:] == [
        "  golden  1.4.0/shop.errors.PaymentError-pickle-raised.json",
        "",
        "1 golden of 1 release: 1 lost",
    ]


def test_a_check_by_another_interpreter(kept: Project, tmp_path: Path) -> None:
    """The other direction: what today's code has pickled, by the code that is still running."""
    python = find_python("3.8") or find_python("3.10")
    if python is None:
        pytest.skip("no other Python is installed here")
    status, lines = told(kept.folder, "check", "--python", str(python))
    assert (status, lines[-1]) == (0, "1 golden of 1 release: 1 not checked")
    assert lines[0] == f"read by {python}; today's code is the code there:"
    assert lines[2].endswith("not checked: needs shop, which is not installed")


def test_what_a_setting_ignores_is_left_out(kept: Project) -> None:
    file = kept.folder / "pyproject.toml"
    file.write_text(f'{file.read_text()}portable_errors_ignore = ["shop.errors.Pay*"]\n')
    kept.write("")
    assert told(kept.folder, "check") == (0, ["1 golden of 1 release: 1 ignored"])


def test_a_golden_that_is_broken_is_told(kept: Project) -> None:
    (kept.folder / "goldens" / "1.4.0" / "x.json").write_text("{")
    status, lines = told(kept.folder, "check")
    assert status == 1
    assert lines[0].startswith("1.4.0/x.json: not loaded: 1.4.0/x.json: cut off")


def test_prune(kept: Project) -> None:
    assert told(kept.folder, "prune", "--keep", "1") == (0, ["deleted: none"])
    assert told(kept.folder, "prune", "--keep", "0")[0] == 2


@pytest.mark.parametrize("words", [("check", "nowhere"), ("list", "nowhere")])
def test_a_folder_that_is_none(kept: Project, words: tuple[str, ...]) -> None:
    status, lines = told(kept.folder, *words)
    assert status == 2
    assert lines[-1].endswith("nowhere: there is no such folder of goldens")


def test_without_a_setting_the_folder_has_to_be_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    status, lines = told(tmp_path, "list")
    assert status == 2
    assert "name it, e.g. tests/goldens" in lines[-1]


def test_inspect_reads_one(kept: Project) -> None:
    (file,) = (kept.folder / "goldens" / "1.4.0").iterdir()
    run = subprocess.run(
        [sys.executable, "-m", "pytest_portable_errors", "inspect", "--json", str(file)],
        capture_output=True,
        text=True,
    )
    (row,) = json.loads(run.stdout)
    assert row["errors"][0]["type"] == "shop.errors.PaymentError"
