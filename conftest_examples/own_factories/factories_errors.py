"""The errors of a shop."""

from __future__ import annotations

from typing import Any

_PLACED = object()


class Order:
    """Made by ``placed`` alone, so that there is none without lines."""

    def __init__(self, number: int, lines: tuple[str, ...], made_by: object) -> None:
        if made_by is not _PLACED:
            raise TypeError("call Order.placed()")
        self.number = number
        self.lines = lines

    @classmethod
    def placed(cls, number: int, *, lines: tuple[str, ...]) -> Order:
        """A new order."""
        return cls(number, lines, _PLACED)


class OrderError(Exception):
    """Something is wrong with an order."""

    def __init__(self, order: Order) -> None:
        if not isinstance(order, Order):
            raise TypeError(f"expected an Order, got {order!r}")
        super().__init__(f"order {order.number}: {', '.join(order.lines)}")
        self.order = order

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt, (type(self), self.args, self.__dict__)


class OutOfStock(OrderError):
    """It takes what its base class takes, and is made as that."""


class PaymentRefused(OrderError):
    """It takes more."""

    def __init__(self, order: Order, *, code: int | None) -> None:
        super().__init__(order)
        self.code = code


class StepFailed(Exception):
    """Stored for readers without this code, so it travels as what everybody has, and takes its
    notes along."""

    def __init__(self, step: str) -> None:
        super().__init__(f"{step} failed")
        self.step = step

    def __reduce__(self) -> tuple[type[RuntimeError], tuple[str], dict[str, object]]:
        return (
            RuntimeError,
            (str(self),),
            {name: value for name, value in vars(self).items() if name == "__notes__"},
        )


def rebuilt(cls: type[OrderError], args: tuple[str, ...], state: dict[str, object]) -> OrderError:
    """An error as it was, without its ``__init__``, whichever arguments the subclass takes."""
    error = cls.__new__(cls, *args)
    error.__dict__.update(state)
    return error
