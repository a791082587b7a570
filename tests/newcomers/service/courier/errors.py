"""What can go wrong on the way."""

from __future__ import annotations

import sys
import threading


class CourierError(Exception):
    """Base of all errors of the service."""


class ConfigurationError(CourierError, ValueError):
    """A setting is missing or makes no sense."""


class OrderNotFound(CourierError):
    """No order has this number."""

    def __init__(self, order_id: int) -> None:
        super().__init__(order_id)
        self.order_id = order_id

    def __str__(self) -> str:
        return f"order {self.order_id} not found"


class OrderRejected(CourierError):
    """The depot refuses an order."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id} rejected: {reason}")
        self.order_id = order_id
        self.reason = reason


class AddressInvalid(CourierError):
    """A field of an address is missing."""

    def __init__(self, field: str) -> None:
        super().__init__(f"invalid address: {field}")


class DepotBusy(CourierError):
    """Somebody else is loading; whoever catches this may wait for the lock."""

    def __init__(self, depot: str, lock: threading.Lock) -> None:
        super().__init__(depot, lock)
        self.depot = depot
        self.lock = lock

    def __str__(self) -> str:
        return f"depot {self.depot} is busy"


class GatewayError(CourierError):
    """The partner's API answered with an error."""

    def __init__(self, *, status: int, retry_after: float | None = None) -> None:
        super().__init__(f"gateway answered {status}")
        self.status = status
        self.retry_after = retry_after


class NoDriver(CourierError):
    """Nobody is free."""

    default_message = "no driver is free"

    def __init__(self, message: str | None = None) -> None:
        super().__init__(message or self.default_message)


class DispatchTimeout(CourierError, TimeoutError):
    """It took too long."""


class StorageError(OSError):
    """The disk did not take an order."""


class DispatchFailed(CourierError):
    """One order could not be dispatched."""

    def __init__(self, message: str, order_id: int | None = None) -> None:
        super().__init__(message)
        self.order_id = order_id


class RetriesExhausted(CourierError):
    """The last of several attempts failed."""

    def __init__(self, operation: str, attempts: int, last: Exception) -> None:
        super().__init__(operation, attempts, last)
        self.operation = operation
        self.attempts = attempts
        self.last = last

    def __str__(self) -> str:
        return f"{self.operation} failed {self.attempts} times"


if sys.version_info >= (3, 11):

    class BatchFailed(ExceptionGroup):
        """Some orders of a batch could not be dispatched."""

        def derive(self, excs):
            return BatchFailed(self.message, excs)
