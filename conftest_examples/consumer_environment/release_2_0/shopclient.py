"""The next release, as it broke the clients."""

from __future__ import annotations

__version__ = "2.0"


class PaymentError(Exception):
    """An order was not paid."""

    def __init__(self, order_id: int, reason: str, retry_after: int | None = None) -> None:
        super().__init__(order_id, reason, retry_after)
        self.order_id = order_id
        self.reason = reason
        self.retry_after = retry_after


class PaymentExpired(PaymentError):
    """It was not paid in time."""
