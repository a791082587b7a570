"""What is wrong with the run and not with a test: it is told once, and no test fails for it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from settings_files import EVERY_FORM, write

SOURCE = """
def test_quiet(): pass

def test_raises():
    with pytest.raises(NotFound):
        raise NotFound("bob")

def test_escapes(): raise NotFound("bob")
"""
BROKEN = (
    "portable-errors - what was raised could not be sent: receiver '/bin/false' cannot "
    "start: /bin/false exited with status 1"
)


def test_a_serializer_that_is_not_installed_is_a_usage_error(
    run: Any, pytester: pytest.Pytester
) -> None:
    hides = "import sys\nsys.modules['dill'] = None\n"
    pytester.makeconftest(hides)
    write(pytester, "ini", portable_errors_serializers="pickle dill")
    result = run(SOURCE, "--portable-errors")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        [
            (
                "ERROR: portable_errors_serializers (pytest.ini): serializer 'dill' is not "
                "installed here (*): pip install dill"
            )
        ]
    )
    run(SOURCE).assert_outcomes(passed=2, failed=1)  # nothing asks for it


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "xdist"])
def test_a_receiver_that_cannot_start_fails_the_run_once(
    run: Any, workers: tuple[str, ...]
) -> None:
    if workers:
        pytest.importorskip("xdist")
    result = run(
        SOURCE, "--portable-errors", "--portable-errors-receiver=/bin/false", "-rs", *workers
    )
    result.assert_outcomes(passed=2, failed=1, skipped=4)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert [
        line for line in result.outlines if "/bin/false" in line and not line.startswith("SKIPPED")
    ] == [f"FAILED {BROKEN}"]
    result.stdout.fnmatch_lines(
        ["*= portable errors: not all was checked =*", "nothing was checked", f"FAILED {BROKEN}"]
    )


def test_in_warn_mode_it_is_told_and_fails_nothing(run: Any) -> None:
    quiet = SOURCE.partition("def test_escapes")[0]
    result = run(quiet, "--portable-errors-mode=warn", "--portable-errors-receiver=/bin/false")
    result.assert_outcomes(passed=2, skipped=4)
    assert result.ret == pytest.ExitCode.OK
    result.stdout.fnmatch_lines([f"OPEN {BROKEN}"])


@EVERY_FORM
def test_a_set_up_that_fails_is_the_run_s_as_well(
    run: Any, pytester: pytest.Pytester, form: str
) -> None:
    (pytester.path / "starting.py").write_text("def start(): 1 / 0\n")
    write(
        pytester,
        form,
        portable_errors_receiver_setup=["starting:start"],
        portable_errors_receiver=["with-project"],
    )
    result = run(
        SOURCE.partition("def test_escapes")[0],
        "--portable-errors",
        "--portable-errors-report=found.json",
        "test_shop.py",
    )
    result.assert_outcomes(passed=2)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    told = (
        "portable_errors_receiver_setup = starting:start: raised ZeroDivisionError: "
        "division by zero in receiver 'with-project'"
    )
    result.stdout.fnmatch_lines(
        [f"FAILED portable-errors - what was raised could not be sent: {told}"]
    )
    tests = json.loads((pytester.path / "found.json").read_text())["tests"]
    assert [entries["call"]["troubles"] for entries in tests.values()] == [[told]]


def test_markers_and_fixtures_fail_by_themselves(run: Any) -> None:
    marked = (
        "@pytest.mark.portable_exception(receiver='/bin/false')\ndef test_marked():\n    "
        "with pytest.raises(NotFound): raise NotFound('bob')\n"
    )
    result = run(
        marked, "--portable-errors", "--portable-errors-receiver=/bin/false", "test_shop.py"
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["receiver '/bin/false' cannot start: /bin/false exited with status 1"]
    )
