"""The release that every client can read, whichever it has."""

from __future__ import annotations

from typing import Any

__version__ = "2.1"


class PaymentError(Exception):
    """An order was not paid.

    It travels as 1.0 can make it, by two arguments. What is new is state, which needs no code: a
    client of 1.0 has it, too.
    """

    def __init__(self, order_id: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(order_id, reason)
        self.order_id = order_id
        self.reason = reason
        self.retry_after = retry_after

    def __reduce__(self) -> tuple[Any, ...]:
        return PaymentError, (self.order_id, self.reason), self.__dict__


class PaymentExpired(PaymentError):
    """It was not paid in time. It travels as the class that every client has, until none has 1.0
    any more."""
