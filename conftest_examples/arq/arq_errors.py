"""What fails while mails are sent."""

from __future__ import annotations

import threading


class BouncedBefore(Exception):
    """As it was: it cannot be rebuilt from its message."""

    def __init__(self, address: str, code: int) -> None:
        super().__init__(f"{address} bounced: {code}")
        self.address = address
        self.code = code


class Bounced(BouncedBefore):
    """Repaired: it says which call makes it again."""

    def __reduce__(self) -> tuple[type[Bounced], tuple[str, int], dict[str, object]]:
        return type(self), (self.address, self.code), self.__dict__


class BusyBefore(Exception):
    """As it was: it holds the connection's lock, which cannot be pickled."""

    def __init__(self) -> None:
        super().__init__("busy")
        self.lock = threading.Lock()


class Busy(Exception):
    """Repaired: the lock stays with the connection."""
