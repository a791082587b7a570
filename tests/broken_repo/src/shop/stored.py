# -*- coding: latin-1 -*-
"""What is stored in C fields, slots and frozen fields; café."""

import dataclasses


class Slotted(Exception):
    __slots__ = ("end", "pos")

    def __init__(self, message, pos=None):
        super().__init__(message)
        self.pos = pos


class SlottedTwice(Slotted):
    __slots__ = ("more",)

    def __init__(self, message, pos=None, more=None):
        super().__init__(message, pos)
        self.more = more


@dataclasses.dataclass(frozen=True)
class Frozen(Exception):
    field: str
    other: int = 0


@dataclasses.dataclass
class Data(Exception):
    name: str
    size: int = 3


class Filename(OSError):
    def __init__(self, name):
        super().__init__(2, "no such file", name)


class Exit(SystemExit):
    def __init__(self, code, reason):
        super().__init__(code)
        self.reason = reason


class Undecodable(UnicodeDecodeError):
    def __init__(self, reason):
        super().__init__("utf-8", b"ab\xff", 2, 3, reason)


class Stop(StopIteration):
    def __init__(self, value, why):
        super().__init__(value)
        self.why = why


class Property(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} {b}")
        self._a, self.b = a, b

    @property
    def a(self):
        return self._a


class Locked(Exception):
    def __init__(self, message):
        super().__init__(message)
        import threading

        self.lock = threading.Lock()
