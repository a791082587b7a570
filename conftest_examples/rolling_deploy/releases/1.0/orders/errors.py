"""What the worker raises, as release 1.0 has it."""

from __future__ import annotations


class OrderError(Exception):
    """What clients catch."""


class PaymentError(OrderError):
    """The bank has declined."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(order_id, reason)
        self.order_id = order_id
        self.reason = reason
