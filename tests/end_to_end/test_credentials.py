"""What a payload with credentials in it does to a run: a line of the summary, or a failure; never
their text."""

from __future__ import annotations

from typing import Any

import pytest

SOURCE = """
@pytest.mark.portable_exception(checks=("type",))
def test_marked():
    with pytest.raises(ValueError):
        exc = ValueError("a")
        exc.api_key = "hunter2hunter2"
        raise exc

def test_fixture(assert_roundtrip):
    exc = KeyError("b")
    exc.headers = {"Authorization": "Bearer hunter2hunter2"}
    assert_roundtrip(exc)

@pytest.mark.portable_exception
def test_harmless():
    with pytest.raises(ValueError):
        exc = ValueError("sk-learn", "1d0717e1d0717e1d0717e1d0717e1d0717e1d071")
        exc.token_count = 7
        raise exc
"""
LINES = [
    "portable errors: ValueError carries a credential: exc.api_key (api_key)",
    "portable errors: KeyError carries a credential: exc.headers['Authorization'] (authorization)",
]


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["alone", "xdist"])
def test_by_default_the_summary_names_them_and_every_test_passes(
    run: Any, workers: tuple[str, ...]
) -> None:
    result = run(SOURCE, *workers)
    result.assert_outcomes(passed=3)
    assert sorted(
        line for line in result.outlines if line.startswith("portable errors:")
    ) == sorted(LINES)
    assert "hunter2" not in result.stdout.str() + result.stderr.str()


def test_as_an_error_they_fail_the_tests_that_met_them(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_credentials = error\n")
    result = run(SOURCE)
    result.assert_outcomes(failed=2, passed=1)
    start = result.outlines.index("ValueError carries credentials")
    assert result.outlines[start : start + 6] == [
        "ValueError carries credentials",
        "",
        "  exc.api_key   api_key",
        "",
        (
            "  Whatever stores or logs the payload has them. Leave them out of what the exception "
            "keeps, or of its __reduce__;"
        ),
        "  portable_errors_credentials = warn only names them in the summary.",
    ]
    result.stdout.no_fnmatch_line("portable errors: *")
    # pytest shows the source of no test here: pytrace=False
    assert "hunter2" not in result.stdout.str() + result.stderr.str()


def test_switched_off_they_are_still_masked(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_credentials = off\n")
    result = run(
        SOURCE
        + """
@pytest.mark.portable_exception(receiver="with-project")
def test_lossy():
    exc = PaymentError(7, "password=hunter2hunter2")
    exc.secret = "hunter2hunter2"
    with pytest.raises(PaymentError):
        raise exc
"""
    )
    result.assert_outcomes(failed=1, passed=3)
    result.stdout.no_fnmatch_line("portable errors: *")
    result.stdout.fnmatch_lines(["*sent*PaymentError: order 7: password=[*][*][*]*"])
    assert "hunter2" not in result.stdout.str() + result.stderr.str()


def test_they_leave_no_trace_in_a_junit_file(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_credentials = error\n")
    run(SOURCE, "--junit-xml", "junit.xml")
    written = pytester.path.joinpath("junit.xml").read_text()
    assert "carries credentials" in written
    assert "hunter2" not in written


def test_another_word_is_a_usage_error(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\nportable_errors_credentials = hide\n")
    result = run(SOURCE)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ['*portable_errors_credentials (tox.ini): unknown "hide": expected one of off, warn, error']
    )
