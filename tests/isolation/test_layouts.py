"""Without any install: however the project comes on the path, the receivers know what is its
own."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from in_matrix import MATRIX
from isolation import projects
from isolation.environments import Bench
from isolation.findings import Findings
from isolation.projects import Project

IMPORT_MODES = ("prepend", "append", "importlib")

pytestmark = MATRIX


def written(bench: Bench, project: Project, files: dict[str, str] | None = None) -> Path:
    root = project.write(bench.new_folder())
    for name, text in (files or {}).items():
        (root / name).write_text(text, encoding="utf-8")
    return root


def deviations(found: Findings, project: Project) -> list[str]:
    return found.deviations(project, installed=False)


@pytest.mark.parametrize("value", ["src", "{root}/src"])
def test_pythonpath_in_the_environment(bench: Bench, value: str) -> None:
    root = written(bench, projects.SRC)
    found = bench.base.probe(
        root, projects.SRC, variables={"PYTHONPATH": value.format(root=root)}, as_script=True
    )
    assert deviations(found, projects.SRC) == []


@pytest.mark.parametrize("mode", IMPORT_MODES)
def test_pytests_pythonpath(bench: Bench, mode: str) -> None:
    root = written(
        bench,
        projects.SRC,
        {"pytest.ini": f"[pytest]\npythonpath = src\naddopts = --import-mode={mode}\n"},
    )
    assert deviations(bench.base.probe(root, projects.SRC, as_script=True), projects.SRC) == []


@pytest.mark.parametrize("mode", IMPORT_MODES)
def test_the_current_folder(bench: Bench, mode: str) -> None:
    root = written(bench, projects.FLAT)
    assert (
        deviations(
            bench.base.probe(root, projects.FLAT, arguments=(f"--import-mode={mode}", "tests")),
            projects.FLAT,
        )
        == []
    )


@pytest.mark.parametrize("mode", ["prepend", "append"])
def test_a_conftest_at_the_root(bench: Bench, mode: str) -> None:
    """Pytest puts its folder on the path."""
    root = written(bench, projects.FLAT, {"conftest.py": ""})
    (root / "tests" / "conftest.py").unlink()  # two modules of one name would be pytest's own error
    found = bench.base.probe(
        root, projects.FLAT, arguments=(f"--import-mode={mode}", "tests"), as_script=True
    )
    assert deviations(found, projects.FLAT) == []


@pytest.mark.parametrize("mode", IMPORT_MODES)
def test_tests_in_a_package(bench: Bench, mode: str) -> None:
    """Pytest puts the folder above the package on the path, which is the root."""
    root = written(bench, projects.FLAT, {"tests/__init__.py": "", "conftest.py": ""})
    (root / "pytest.ini").write_text(
        "[pytest]\npythonpath = .\n" if mode == "importlib" else "[pytest]\n", encoding="utf-8"
    )
    found = bench.base.probe(
        root, projects.FLAT, arguments=(f"--import-mode={mode}", "tests"), as_script=True
    )
    assert found.test_module == "tests.test_probe"
    assert deviations(found, projects.FLAT) == []


def test_plain_calls_know_which_modules_are_tests(bench: Bench) -> None:
    """By pytest's own ``python_files``, although nothing but the call says that the plugin is
    used."""
    settings = "[pytest]\npythonpath = src\npython_files = check_*.py\n"
    project = replace(projects.SRC, probe="tests/check_shop.py")
    root = written(bench, project, {"pytest.ini": settings})
    assert deviations(bench.base.probe(root, project, as_script=True), project) == []
    assert (
        deviations(bench.base.probe(root, project, as_script=True, plain_call=True), project) == []
    )
