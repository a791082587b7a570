"""What happens in production is told where people read of a defect: text, summary, JSON, page."""

from __future__ import annotations

import json
from typing import Any

import pytest

THEN = "the caller waits for ever: the thread that reads the pool's results has ended"
SOURCE = """
def test_it():
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
"""


def told(run: Any, pytester: pytest.Pytester, serializer: str) -> tuple[Any, Any, str]:
    result = run(
        SOURCE,
        "--portable-errors",
        "--portable-errors-receiver=with-project",
        *("-o", f"portable_errors_serializers={serializer}"),
        *("--portable-errors-report=report.json", "--portable-errors-report=report.html"),
    )
    report = json.loads((pytester.path / "report.json").read_text())
    return result, report, (pytester.path / "report.html").read_text()


def test_of_a_carrier(run: Any, pytester: pytest.Pytester) -> None:
    result, report, page = told(run, pytester, "multiprocessing")
    result.stdout.fnmatch_lines([f"   then: {THEN}*CPython 3.11-3.15*"])
    thens = {defect["detail"]["trip"]["then"] for defect in report["defects"]}
    assert any(then is not None and then.startswith(THEN) for then in thens)
    assert f"then  {THEN.replace(chr(39), '&#39;')}" in page


def test_the_control_plain_pickle_knows_nobody_who_reads_it(
    run: Any, pytester: pytest.Pytester
) -> None:
    result, report, page = told(run, pytester, "pickle")
    assert "then:" not in result.stdout.str()
    assert {defect["detail"]["trip"]["then"] for defect in report["defects"]} == {None}
    assert ">then  " not in page


def test_a_command_that_ends_as_it_is_meant_to_is_no_defect(run: Any) -> None:
    source = """
def test_command():
    with pytest.raises(SystemExit): raise SystemExit(3)
"""
    arguments = (
        "--portable-errors",
        "--portable-errors-receiver=with-project",
        *("-o", "portable_errors_serializers=multiprocessing"),
    )
    result = run(source, *arguments, "-k", "test_command")
    result.assert_outcomes(passed=1)
    result.stdout.fnmatch_lines(["*1 not carried by Python itself*"])
