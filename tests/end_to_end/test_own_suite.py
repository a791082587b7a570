"""A suite of another package: found by its entry point, and judged as the built-in ones are."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from chosen_plugins import chosen
from installed import install

SUITE = """
import acme
from pytest_portable_errors.building.build import Variant
from pytest_portable_errors.survey.cases import Subject


def chained(exc):
    exc.__cause__ = OSError(2, "no file")
    return exc


def subjects(receivers, receiver_names):
    for exc in (chained(TimeoutError("too late")), chained(acme.Refused("no"))):
        variant = Variant(how="by acme.call (late)", exc=exc)
        yield Subject(
            name=type(exc).__name__, origin="raised-late", instances=lambda one=variant: [one]
        )
"""
Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    """Runs pytest with the suite of a made-up library."""
    install(tmp_path, "acme", {"acme.py": "class Refused(Exception): pass"})
    entry = "[pytest_portable_errors.suites]\nacme = acme_portable:subjects\n"
    files = {"acme_portable.py": SUITE, "acme_portable-1.0.dist-info/entry_points.txt": entry}
    install(tmp_path, "acme-portable", files)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    return lambda *args: pytester.runpytest_subprocess(
        *chosen(),
        *("--portable-errors-suite", "acme", "--portable-errors-receiver", "with-project"),
        *("-o", "portable_errors_serializers=pickle", *args),
    )


def test_what_only_python_could_keep_is_no_defect_of_a_library(run: Run) -> None:
    result = run("-v")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "portable-errors/acme::TimeoutError?raised-late-pickle? PASSED*",
            "portable-errors/acme::Refused?raised-late-pickle? FAILED*",
            "1  acme.Refused *loses its chain *raised*",
        ]
    )


def test_the_control_checks_that_were_chosen_are_made(run: Run) -> None:
    run("-o", "portable_errors_checks=type message chain").assert_outcomes(failed=2)
