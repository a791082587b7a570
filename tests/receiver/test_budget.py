"""A budget says how many values may still be described."""

from __future__ import annotations

import pytest

from pytest_portable_errors.receiver.budget import Budget, TooMuch


def test_past_the_last_value_nothing_is_described() -> None:
    budget = Budget(values=2)
    assert [budget.take() for _ in range(3)] == [True, True, False]


def test_to_ask_counts_nothing() -> None:
    budget = Budget(values=2)
    assert [budget.has(2), budget.has(3), budget.has(2)] == [True, False, True]


def test_one_that_does_not_cut_raises_in_both() -> None:
    budget = Budget(values=1, cuts=False)
    with pytest.raises(TooMuch):
        budget.has(2)
    assert budget.take()
    with pytest.raises(TooMuch):
        budget.take()
