"""The errors of a shop's activities."""

from __future__ import annotations


class PaymentRefused(Exception):
    """Which order, and why."""

    def __init__(self, order: int, reason: str) -> None:
        super().__init__(order, reason)

    def __str__(self) -> str:
        return f"order {self.args[0]}: {self.args[1]}"
