"""The project's errors as they were before the fix: one class for each thing that happens to
them."""

from __future__ import annotations


class ShopError(Exception):
    """What the clients catch."""


class Declined(ShopError):
    """Cannot be rebuilt from its message."""

    def __init__(self, order: int, reason: str) -> None:
        super().__init__(f"order {order}: {reason}")
        self.order = order
        self.reason = reason


class Unavailable(Exception):
    """As Declined, and not even a ShopError."""

    def __init__(self, service: str, *, seconds: int) -> None:
        super().__init__(f"{service}: try again in {seconds} s")
        self.seconds = seconds


class NotFound(ShopError):
    """Is rebuilt from its message, as if that were the name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")
        self.name = name
