"""Release 2.0 as it was deployed: it reads what release 1.0 has stored."""

from __future__ import annotations


class OrderError(Exception):
    """What clients catch."""


class PaymentError(OrderError):
    """The bank has declined."""

    def __init__(self, order_id: int, reason: str, retryable: bool | None = None) -> None:
        # Without retryable the arguments, and so the message, are those of release 1.0.
        super().__init__(order_id, reason, *(() if retryable is None else (retryable,)))
        self.order_id = order_id
        self.reason = reason
        self.retryable = retryable
