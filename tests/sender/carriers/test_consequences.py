"""What happens in production is said with the versions that it was seen with."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.sender.carriers.consequences import (
    Consequence,
    consequence,
    consequence_text,
)

ENDS = Consequence(where="not sent", says="the worker ends", seen=("1.2", "1.4"))
CANCELLED = Consequence(
    where="not sent",
    says="the task is cancelled",
    seen=("1.4", "1.4"),
    only=(asyncio.CancelledError,),
)
RAISED = Consequence(where="loads", says="it is raised", seen=("1.4", "1.4"))


def test_the_first_that_applies_counts() -> None:
    table = (CANCELLED, ENDS, RAISED)
    assert consequence(table, "not sent", asyncio.CancelledError) is CANCELLED
    assert consequence(table, "not sent", SystemExit) is ENDS
    assert consequence(table, "loads", asyncio.CancelledError) is RAISED
    assert consequence(table, "dumps", ValueError) is None
    assert consequence((), "loads", ValueError) is None


@pytest.mark.parametrize(
    ("version", "text"),
    [
        ("1.2", "the worker ends (shop 1.2-1.4)"),
        ("1.4.9", "the worker ends (shop 1.2-1.4)"),
        ("1.3.0rc1", "the worker ends (shop 1.2-1.4)"),
        ("1.1.9", "the worker ends (seen with shop 1.2-1.4, not seen with 1.1.9)"),
        ("1.5.0", "the worker ends (seen with shop 1.2-1.4, not seen with 1.5.0)"),
        ("2.3", "the worker ends (seen with shop 1.2-1.4, not seen with 2.3)"),
    ],
)
def test_a_version_that_nobody_has_seen_says_so(version: str, text: str) -> None:
    assert consequence_text(ENDS, "shop", version) == text


def test_one_version_is_no_range() -> None:
    assert consequence_text(RAISED, "shop", "1.4.2") == "it is raised (shop 1.4)"


@given(st.tuples(*[st.integers(0, 99)] * 3))
def test_what_is_outside_of_the_range_is_outside_as_numbers(version: tuple[int, int, int]) -> None:
    text = consequence_text(ENDS, "shop", ".".join(map(str, version)))
    assert ("not seen" in text) == (not (1, 2) <= version[:2] <= (1, 4))
