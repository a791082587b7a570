"""The application's errors."""

from __future__ import annotations


class OutOfStock(Exception):
    """Fewer are left than were ordered."""

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(sku, left)
        self.sku = sku
        self.left = left

    def __str__(self) -> str:
        return f"{self.sku}: {self.left} left"


class OutOfStockBefore(Exception):
    """OutOfStock as it was before the fix: the control."""

    def __init__(self, sku: str, left: int) -> None:
        super().__init__(f"{sku}: {left} left")
        self.sku = sku
        self.left = left
