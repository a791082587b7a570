"""Settings are understood as people write them, and a wrong use is shown where it stands."""

from __future__ import annotations

import pytest
from conftest import Run

LOSSY = "def test_it():\n    with pytest.raises(NotFound): raise NotFound('bob')\n"


@pytest.mark.parametrize(
    ("word", "is_on"), [("true", True), ("True", True), ("false", False), ("off", False)]
)
def test_on_and_off_are_understood(run: Run, word: str, is_on: bool) -> None:
    result = run(LOSSY, "-o", f"portable_errors={word}")
    assert (result.ret == pytest.ExitCode.TESTS_FAILED) == is_on


@pytest.mark.parametrize("table", ["tool.pytest.ini_options", "tool.pytest"])
@pytest.mark.parametrize(("word", "is_on"), [("true", True), ("false", False)])
def test_so_are_those_of_toml(
    run: Run, pytester: pytest.Pytester, table: str, word: str, is_on: bool
) -> None:
    if table == "tool.pytest" and pytest.version_tuple < (9,):
        pytest.skip("pytest 9 reads it")
    (pytester.path / "tox.ini").unlink()
    pytester.makepyprojecttoml(f'[{table}]\npythonpath = ["."]\nportable_errors = {word}\n')
    assert (run(LOSSY).ret == pytest.ExitCode.TESTS_FAILED) == is_on


def test_raised_exceptions_alone_can_be_asked_for(run: Run) -> None:
    result = run(LOSSY, "--portable-errors", "-o", "portable_errors_survey=none")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["checked 1 class, 1 exception: *"])


def test_a_wrong_use_of_a_fixture_is_shown_at_the_test_s_own_line(run: Run) -> None:
    result = run(
        "def test_it(assert_roundtrip):\n    assert_roundtrip(KeyError(1), checks=['odd'])\n"
    )
    result.stdout.fnmatch_lines(
        [">*assert_roundtrip(KeyError(1), checks=*", "E *unknown check 'odd': *"]
    )
    result.stdout.no_fnmatch_line("*assertions.py*")


def test_what_celery_never_carries_is_said_once_and_fails_nothing(run: Run) -> None:
    pytest.importorskip("celery")
    source = """
def test_it():
    with pytest.raises(ValueError) as info:
        raise ValueError("odd")
    exc = ValueError("odd"); exc.code = 3; exc.__notes__ = ["a note"]
    with pytest.raises(ValueError): raise exc
"""
    result = run(
        source, "--portable-errors", "-o", "portable_errors_serializers=celery", "test_shop.py"
    )
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["not compared: celery never carries attributes, notes, chain"])
