"""Release 2.0 as it was written first: its own tests pass, and no stored error can be read."""

from __future__ import annotations


class OrderError(Exception):
    """What clients catch."""


class PaymentError(OrderError):
    """The bank has declined."""

    def __init__(self, order_id: int, reason: str, retryable: bool) -> None:
        super().__init__(order_id, reason, retryable)
        self.order_id = order_id
        self.reason = reason
        self.retryable = retryable
