"""What fails while images are resized."""

from __future__ import annotations

import threading


class TooLargeBefore(Exception):
    """As it was: rebuilt from its message, it makes a message of it again."""

    def __init__(self, name: str) -> None:
        super().__init__(f"too large: {name}")


class TooLarge(Exception):
    """Repaired: ``args`` are what it is made from, and the message is made when it is asked for."""

    def __init__(self, name: str) -> None:
        super().__init__(name)

    def __str__(self) -> str:
        return f"too large: {self.args[0]}"


class Unreadable(Exception):
    """It takes two arguments and keeps one. It would break the pool, and is given to none."""

    def __init__(self, name: str, offset: int) -> None:
        super().__init__(f"{name} at {offset}")


class Busy(Exception):
    """It cannot be pickled. It would break the pool, and is given to none."""

    def __init__(self) -> None:
        super().__init__("busy")
        self.lock = threading.Lock()


def resize_before(name: str) -> None:
    raise TooLargeBefore(name)


def resize(name: str) -> None:
    raise TooLarge(name)
