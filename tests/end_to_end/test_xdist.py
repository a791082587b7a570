"""Under pytest-xdist the outcomes and the texts are the same."""

from __future__ import annotations

import re
from typing import Any

import pytest

pytest.importorskip("xdist")

SOURCE = """
portable = pytest.mark.portable_exception(receiver="with-project")

@portable
def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

@portable
def test_whole():
    with pytest.raises(Whole): raise Whole("a")

@portable
def test_nothing(): pass

@portable
def test_own_failure():
    with pytest.raises(NotFound): raise NotFound("bob")
    assert 1 == 2

@portable
def test_surrogates_and_nul():
    with pytest.raises(NotFound): raise NotFound("\\ud800\\x00\\x1b[31m")

@pytest.mark.portable_exception(raises=PaymentError)
def test_raises(): raise PaymentError(7, "declined \\udfff")

def test_fixture(assert_roundtrip): assert_roundtrip(PaymentError(7, "declined"))
"""


def told(result: pytest.RunResult) -> list[str]:
    """The failures' own lines, in an order of their own."""
    return sorted(
        line
        for line in result.outlines
        if re.match(r"(  [-+w] |  sent|  received|captured|shop\.errors)", line)
    )


def test_same_outcomes_and_texts(run: Any) -> None:
    alone, parallel = run(SOURCE), run(SOURCE, "-n", "2")
    for result in (alone, parallel):
        result.assert_outcomes(passed=1, failed=6)
    assert told(alone) == told(parallel)
    assert len(told(alone)) > 10


def test_the_text_is_coloured_where_the_terminal_is(run: Any) -> None:
    assert any(
        line.startswith("\x1b[31m  - message")
        for line in run(SOURCE, "-n", "2", "--color=yes").outlines
    )


def test_wrong_markers_are_errors_there_too(run: Any) -> None:
    result = run("@pytest.mark.portable_exception(typo=1)\ndef test_it(): pass\n", "-n", "2")
    assert "unknown keyword typo=1" in result.stdout.str()
    assert result.ret != 0
