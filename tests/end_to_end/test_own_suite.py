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
    of_python = AttributeError("no", name="retries", obj=None)
    for exc in (chained(TimeoutError("too late")), of_python, chained(acme.Refused("no"))):
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
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(
        [
            "portable-errors/acme::TimeoutError?raised-late-pickle? PASSED*",
            "portable-errors/acme::AttributeError?raised-late-pickle? PASSED*",
            "portable-errors/acme::Refused?raised-late-pickle? FAILED*",
            "1  acme.Refused *loses its chain *raised*",
        ]
    )


def test_the_control_checks_that_were_chosen_are_made(run: Run) -> None:
    run("-o", "portable_errors_checks=type message chain").assert_outcomes(passed=1, failed=2)
    run("-o", "portable_errors_checks=type message attributes").assert_outcomes(passed=2, failed=1)


def of_whichever_version(suite: str) -> None:
    """Break the suite, as one breaks whose library is of a version that it has not seen."""
    (Path(os.environ["PYTHONPATH"].partition(os.pathsep)[0]) / "acme_portable.py").write_text(suite)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_what_a_suite_has_raised_before_it_fails_is_checked(
    run: Run, workers: tuple[str, ...]
) -> None:
    if workers:
        pytest.importorskip("xdist")
    of_whichever_version(SUITE + "    acme.call()\n")
    result = run("-v", *workers)
    result.assert_outcomes(passed=2, failed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines_random(
        [
            "*FAILED*portable-errors/acme::the-rest?pickle?*",
            (
                "the suite acme has ended early: AttributeError: module 'acme' has no attribute "
                "'call' (acme_portable.py:19); the rest of it was not checked"
            ),
        ]
    )


def test_one_that_fails_at_once_is_an_error_with_its_reason(run: Run) -> None:
    of_whichever_version("def subjects(receivers, names):\n    return 1 / 0\n")
    result = run()
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["*the suite acme has ended early: ZeroDivisionError: division by zero*"]
    )
