"""Exceptions whose constructors take other arguments than ``args`` holds."""

from __future__ import annotations


class TooFew(Exception):
    """The message is made of two arguments."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = order_id
        self.reason = reason


class KeywordOnly(Exception):
    def __init__(self, message: str, *, code: int) -> None:
        super().__init__(message)
        self.code = code


class NoParameters(Exception):
    def __init__(self) -> None:
        super().__init__("closed")


class Rewrites(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")


class Shifted(Exception):
    def __init__(self, code: object = 0, message: str = "unknown") -> None:
        super().__init__(message)
        self.code = code


class Picky(Exception):
    def __init__(self, code: int) -> None:
        if not isinstance(code, int):
            raise ValueError(code)
        super().__init__(f"code {code}")
        self.code = code


class NotStored(Exception):
    def __init__(self, message: str, secret: str, size: int) -> None:
        super().__init__(f"{message} ({size})")
        self.size = size


class SetsArgs(Exception):
    def __init__(self, msg: str = "", errno: int = 0, state: str = "") -> None:
        super().__init__()
        self.msg, self.errno = msg, errno
        self.args = (errno, f"{errno} ({state}): {msg}")


class Private(Exception):
    def __init__(self, name: str, count: int) -> None:
        super().__init__(f"{name}: {count}")
        self._name = name
        self._count = count


class Varied(Exception):
    def __init__(self, first: str, *rest: str) -> None:
        super().__init__(f"{first} and {len(rest)} more")
        self.rest = rest


class ByNameAlone(Exception):
    def __init__(self, *, name: str, size: int) -> None:
        super().__init__()
        self.name = name
        self.size = size

    def __str__(self) -> str:
        return f"{self.name} is {self.size}"
