"""Orders, depots, and the way of the one to the other."""

from __future__ import annotations

import asyncio
import sys
import threading
from dataclasses import dataclass, field

from courier.errors import (
    AddressInvalid,
    ConfigurationError,
    CourierError,
    DepotBusy,
    DispatchFailed,
    DispatchTimeout,
    NoDriver,
    OrderNotFound,
    OrderRejected,
)


@dataclass
class Order:
    id: int
    weight: float
    address: dict[str, str]


@dataclass
class Depot:
    name: str
    drivers: int = 1
    slow: bool = False
    lock: threading.Lock = field(default_factory=threading.Lock)

    async def load(self, order: Order) -> None:
        if not self.lock.acquire(blocking=False):
            raise DepotBusy(self.name, self.lock)
        try:
            await asyncio.sleep(10 if self.slow else 0)
        finally:
            self.lock.release()


class Dispatcher:
    def __init__(self, depot: Depot, timeout: float = 1.0) -> None:
        if timeout <= 0:
            raise ConfigurationError(f"timeout must be positive, not {timeout}")
        self.depot = depot
        self.timeout = timeout
        self.orders: dict[int, Order] = {}

    def accept(self, order: Order) -> None:
        if order.weight > 30:
            raise OrderRejected(order.id, f"{order.weight} kg is too heavy")
        for name in ("street", "city"):
            if not order.address.get(name):
                raise AddressInvalid(name)
        self.orders[order.id] = order

    def order(self, order_id: int) -> Order:
        try:
            return self.orders[order_id]
        except KeyError:
            raise OrderNotFound(order_id) from None

    async def dispatch(self, order_id: int) -> None:
        order = self.order(order_id)
        if not self.depot.drivers:
            raise NoDriver
        try:
            await asyncio.wait_for(self.depot.load(order), self.timeout)
        except asyncio.TimeoutError as exc:
            raise DispatchTimeout(f"order {order_id} took over {self.timeout} s") from exc

    async def dispatch_or_fail(self, order_id: int) -> None:
        try:
            await self.dispatch(order_id)
        except CourierError as exc:
            raise DispatchFailed("could not dispatch", order_id) from exc

    def accept_all(self, orders: list[Order]) -> None:
        errors = []
        for order in orders:
            try:
                self.accept(order)
            except CourierError as exc:
                errors.append(exc)
        if errors and sys.version_info >= (3, 11):
            from courier.errors import BatchFailed

            raise BatchFailed("some orders were not accepted", errors)
        if errors:
            raise errors[0]
