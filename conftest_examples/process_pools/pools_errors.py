"""The errors of a shop, and the task that raises them in a worker of the pool."""

from __future__ import annotations

import threading
from collections.abc import Callable


class FormatsItsMessage(Exception):
    """``PaymentError`` as it was: it cannot be rebuilt.

    loads calls it with ``args``, the one formatted text, and it takes two arguments. conftest.py
    says what each pool makes of that; no pool is given one here.
    """

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


class PaymentError(FormatsItsMessage):
    """Repaired: it says which call makes it again. What the parent has to know is in its own
    attributes, and in no cause."""

    def __reduce__(self) -> tuple[type[PaymentError], tuple[int, str], dict[str, object]]:
        return type(self), (self.order_id, self.reason), self.__dict__


class NotFound(Exception):
    """Can be rebuilt, and says something else then: ``not found: not found: bob``."""

    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")


class HoldsALock(Exception):
    """Cannot be pickled. joblib 1.6 takes that for a crash of the worker: its TerminatedWorkerError
    speaks of a segmentation fault. No pool is given one here."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.lock = threading.Lock()


ARRIVE: dict[str, Callable[[], Exception]] = {
    "of Python's own": lambda: ValueError("seven"),
    "repaired": lambda: PaymentError(7, "declined"),
    "changes its message": lambda: NotFound("bob"),
}
"""Those that reach the parent process, whole or not: these go through real pools."""
DO_NOT_ARRIVE: dict[str, Callable[[], Exception]] = {
    "cannot be rebuilt": lambda: FormatsItsMessage(7, "declined"),
    "cannot be pickled": lambda: HoldsALock("busy"),
}
"""Those that break a pool or leave it waiting: only the plugin is asked about these."""


def charge(name: str) -> None:
    """A task that fails."""
    raise ARRIVE[name]()


def charge_unknown_order(name: str) -> None:
    """A task that fails because of a failure."""
    orders: dict[str, int] = {}
    try:
        orders["order 7"]
    except KeyError as missing:
        raise ARRIVE[name]() from missing
