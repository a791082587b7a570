"""The errors of a shop whose workers run in Ray."""

from __future__ import annotations


class PaymentRefusedBefore(Exception):
    """As it was: Ray rebuilds it from ``args``, which keep the message alone."""

    def __init__(self, order: int, reason: str) -> None:
        super().__init__(f"order {order}: {reason}")
        self.order = order
        self.reason = reason


class PaymentRefused(PaymentRefusedBefore):
    """Repaired: it says which call makes it again."""

    def __reduce__(self) -> tuple[type[PaymentRefused], tuple[int, str], dict[str, object]]:
        return type(self), (self.order, self.reason), self.__dict__


def charge_before(order: int) -> None:
    raise PaymentRefusedBefore(order, "no funds")


def charge(order: int) -> None:
    raise PaymentRefused(order, "no funds")
