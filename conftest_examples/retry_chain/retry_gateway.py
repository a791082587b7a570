"""Retries, in the way that keeps all that happened and in the ways that do not."""

from __future__ import annotations

from collections.abc import Callable

from retry_errors import FallbackError, MaxTokensError, PaymentError

Ask = Callable[[], str]


def cut() -> str:
    raise MaxTokensError("the answer was cut at 4096 tokens")


def unpaid() -> str:
    raise PaymentError("402: the card was declined")


def unreachable() -> str:
    raise FallbackError("the fallback provider timed out")


def ask_with_retry(first: Ask, second: Ask) -> str:
    """The right one: what failed last is raised, from what failed before it."""
    try:
        return first()
    except MaxTokensError as cut_off:
        try:
            return second()
        except PaymentError as declined:
            raise declined from cut_off


def ask_with_fallback(first: Ask, second: Ask, fallback: Ask) -> str:
    """One provider more, and one link more."""
    try:
        return ask_with_retry(first, second)
    except PaymentError as declined:
        try:
            return fallback()
        except FallbackError as failed:
            raise failed from declined


def ask_with_a_bare_raise(first: Ask, second: Ask) -> str:
    """Wrong: the bare ``raise`` stands in the outer block and brings back the first error; the
    second is lost."""
    try:
        return first()
    except MaxTokensError:
        try:
            return second()
        except PaymentError:
            pass  # it is "logged already"
        raise


def ask_with_one_variable(first: Ask, second: Ask) -> str:
    """Wrong: the errors are collected in one variable and the last is raised outside of every
    block; the first is lost."""
    last: Exception | None = None
    for ask in (first, second):
        try:
            return ask()
        except (MaxTokensError, PaymentError) as error:
            last = error
    assert last is not None  # both failed
    raise last


def ask_from_none(first: Ask, second: Ask) -> str:
    """Wrong: ``from None`` hides what came before, which is why there was a second request at
    all."""
    try:
        return first()
    except MaxTokensError:
        try:
            return second()
        except PaymentError as declined:
            raise declined from None
