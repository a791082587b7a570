"""What a newcomer is told: of each of four projects that know nothing of the plugin, the classes
that are broken, and no others.

The folders beside this module are those projects. ``defects.json`` in each is the list, made with
plain pickle and without the plugin: type, text, args, attributes and notes of each exception that
the tests raise, or that can be built, before and after. A class is listed if it owns the defect,
and not if it inherits it, or holds another that has it.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import MATRIX
from sample_runs import same_text

PROJECTS = Path(__file__).parent
NEEDED = {
    "service": (),
    "django_shop": ("django", "pytest_django", "rest_framework"),
    "library": (),
    "data": ("attrs", "numpy", "pandas", "pydantic"),
}
"""Project -> the modules that it imports."""
PLUGINS = {"django_shop": ("django",)}
"""Project -> the plugins that it has, by their entry points; for pytest-django it is ``django``."""


@pytest.fixture(params=NEEDED)
def project(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return copied(request.param, tmp_path)


def copied(name: str, folder: Path) -> Path:
    """A copy of a project; the test is skipped where its libraries are not installed."""
    missing = [module for module in NEEDED[name] if importlib.util.find_spec(module) is None]
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")
    return Path(
        shutil.copytree(
            PROJECTS / name,
            folder / name,
            ignore=shutil.ignore_patterns("__pycache__", "defects.json"),
        )
    )


def run(project: Path, *args: str) -> tuple[int, str]:
    """Exit status and output of a run of pytest in the project."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("DJANGO_", "GITHUB_", "PYTEST_"))
    }
    plugins = chosen(*PLUGINS.get(project.name, ()))
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugins, *args],
        cwd=project,
        env={**kept, **NO_OTHERS, "COLUMNS": "100"},
        capture_output=True,
        text=True,
        check=False,
    )
    # What the atlas says depends on the versions that are installed.
    told = re.sub(
        r"^portable errors: .* is among your dependencies.*\n", "", done.stdout, flags=re.M
    )
    return done.returncode, told + done.stderr


def owners(project: Path) -> set[str]:
    """The classes of the project's list, without those of modules that its tests do not import."""
    listed = json.loads((PROJECTS / project.name / "defects.json").read_text())
    return {defect["class"] for defect in listed if "unseen" not in defect}


def read(project: Path) -> Any:
    """The report that a run has written."""
    return json.loads((project / "report.json").read_text())


def named(project: Path) -> set[str]:
    """The classes of which the report says that they own a defect."""
    return {defect["detail"]["owner"] for defect in read(project)["defects"]}


def test_without_the_plugin_s_option_the_project_s_tests_pass(project: Path) -> None:
    status, told = run(project)
    assert status == 0, told


def test_the_classes_that_are_broken_are_named_and_no_others(project: Path) -> None:
    status, told = run(project, "--portable-errors", "--portable-errors-report", "report.json")
    assert status == pytest.ExitCode.TESTS_FAILED, told
    assert named(project) == owners(project), told


def test_what_is_printed_fits_on_a_screen(project: Path) -> None:
    """Each defect takes six lines at most, a decision four, and all the rest twenty. pytest's dots
    are its own: Django 6 gives each model three exceptions, and earlier ones two."""
    _, told = run(project, "--portable-errors")
    lines = [line for line in told.splitlines() if not re.match(r"[.F]+ +\[", line)]
    assert len(lines) <= 6 * len(owners(project)) + 2 * 4 + 20, told


def test_all_of_it_is_repaired_by_one_command(project: Path) -> None:
    """What stays is what only a decision can change."""
    run(project, "--portable-errors", "--portable-errors-fix-unsafe")
    status, told = run(project)
    assert status == 0, told
    run(project, "--portable-errors", "--portable-errors-report", "report.json")
    assert named(project) == set()


def test_a_module_that_no_test_imports_is_named(project: Path) -> None:
    _, told = run(project, "--portable-errors")
    unseen = {"library": "ledgerfile.export"}.get(project.name)
    named_one = re.search(r"1 module was not imported, .*: (\S+); ", told, re.MULTILINE)
    assert (named_one[1] if named_one else None) == unseen


def test_a_django_project_before_any_setting(tmp_path: Path) -> None:
    """What is printed is whole in ``end_to_end/transcripts``."""
    if sys.version_info >= (3, 12) or not importlib.metadata.version("django").startswith("5."):
        pytest.skip("the transcript counts what Python 3.11 and Django 5 do")
    project = copied("django_shop", tmp_path)
    _, told = run(project, "--portable-errors")
    told = re.sub(r"\A.*?^(collected )", r"\1", told, count=1, flags=re.DOTALL | re.MULTILINE)
    told = re.sub(r"=+ (\d+ failed.*?) in [\d.]+s =+", r"== \1 ==", told)
    same_text("django_project", told)


@MATRIX
def test_and_no_others_where_the_decisions_are_taken(project: Path) -> None:
    """Readers have the project and need no chain: all that is sound arrives whole."""
    status, told = run(
        project,
        "--portable-errors",
        "--portable-errors-report=report.json",
        "--portable-errors-receiver=with-project",
        "--override-ini=portable_errors_checks=type message args attributes notes members",
    )
    assert status == pytest.ExitCode.TESTS_FAILED, told
    assert named(project) == owners(project), told
    assert not any(read(project)["open_decisions"].values()), told
