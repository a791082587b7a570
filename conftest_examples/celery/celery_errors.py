"""The project's errors. ``args`` are the constructor's parameters, and the attributes and the
message are made from them."""

from __future__ import annotations


class ShopError(Exception):
    """What the clients catch."""


class Declined(ShopError):
    """A payment was declined."""

    def __init__(self, order: int, reason: str) -> None:
        super().__init__(order, reason)
        self.order = order
        self.reason = reason

    def __str__(self) -> str:
        return f"order {self.order}: {self.reason}"
