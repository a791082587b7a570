"""The chain that a reader needs, before the trip and after it."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from typing import Any

import pytest
from retry_errors import FallbackError, GatewayError, MaxTokensError, PaymentError, UnkeptError
from retry_gateway import (
    ask_from_none,
    ask_with_a_bare_raise,
    ask_with_fallback,
    ask_with_one_variable,
    ask_with_retry,
    cut,
    unpaid,
    unreachable,
)


@pytest.mark.portable_exception(chain=(PaymentError, MaxTokensError), receiver="with-project")
def test_both_failures_arrive() -> None:
    with pytest.raises(PaymentError):
        ask_with_retry(cut, unpaid)


@pytest.mark.portable_exception(
    chain=(FallbackError, PaymentError, MaxTokensError), receiver="with-project"
)
def test_all_three_arrive_when_the_fallback_fails_too() -> None:
    with pytest.raises(FallbackError):
        ask_with_fallback(cut, unpaid, unreachable)


@pytest.mark.parametrize(
    ("ask", "sent"),
    [
        (ask_with_a_bare_raise, ["retry_errors.MaxTokensError: the answer was cut at 4096 tokens"]),
        (ask_with_one_variable, ["retry_errors.PaymentError: 402: the card was declined"]),
        (
            ask_from_none,
            [
                "retry_errors.PaymentError: 402: the card was declined",
                "+- (what came before is hidden: raised from None)",
            ],
        ),
    ],
    ids=["bare-raise", "one-variable", "from-none"],
)
def test_a_retry_that_loses_one_is_found(
    ask: Callable[..., str], sent: list[str], assert_roundtrip: Any
) -> None:
    with pytest.raises(GatewayError) as caught:
        ask(cut, unpaid)
    with pytest.raises(pytest.fail.Exception) as failed:
        assert_roundtrip(
            caught,
            chain=(PaymentError, MaxTokensError),
            receiver="with-project",
            serializers=("pickle",),
        )
    tree = str(failed.value).splitlines()
    assert tree[0].endswith("has another chain than it should: PaymentError <- MaxTokensError")
    assert tree[2:4] == [
        "  expected  retry_errors.PaymentError",
        "            +- retry_errors.MaxTokensError",
    ]
    shown = [line[12:] for line in tree[4:]]
    assert shown == [*sent, *sent], "as it was sent, and as it was received"


def test_the_control_without_a_reduce_of_its_own_the_chain_stays_behind(
    assert_roundtrip: Any,
) -> None:
    error = UnkeptError("402")
    error.__cause__ = MaxTokensError("4096")
    assert pickle.loads(pickle.dumps(error)).__cause__ is None
    with pytest.raises(
        pytest.fail.Exception,
        match="UnkeptError loses its chain on the way: UnkeptError <- MaxTokensError",
    ):
        assert_roundtrip(
            error,
            chain=(UnkeptError, MaxTokensError),
            receiver="with-project",
            serializers=("pickle",),
        )
