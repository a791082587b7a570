"""What can go wrong in a shop."""

import threading


class ShopError(Exception):
    """Arrives whole, wherever the shop is installed."""


class PaymentError(ShopError):
    """Cannot be rebuilt: ``__init__`` takes other arguments than ``args`` holds."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


class NotFound(ShopError):
    """Arrives with a message that is doubled."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")


class Busy(ShopError):
    """Cannot be pickled."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


class Refused(ShopError):
    """No test raises it. Cannot be rebuilt when it was made by keyword: then ``args`` is empty."""

    def __init__(self, code: int) -> None:
        self.code = code


class Unbuildable(ShopError):
    """No test raises it, and nobody can guess what it takes."""

    def __init__(self, key: object) -> None:
        if key is not _KEY:
            raise TypeError("the key of the shop is needed")
        super().__init__("closed")


_KEY = object()
