"""What the project's tasks take, give and fail with. Its clients have this module too."""

from __future__ import annotations

import threading
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, PrivateAttr


class Memory(BaseModel):
    """Plain data, nested: it travels."""

    id: UUID
    text: str
    topics: frozenset[str] = frozenset()
    created: datetime
    replaces: list[Memory] = []


class MemoryWithLock(Memory):
    """A lock in an instance does not travel, not even as a private attribute."""

    model_config = ConfigDict(arbitrary_types_allowed=True)
    _lock: threading.Lock = PrivateAttr(default_factory=threading.Lock)


class Store:
    """A connection as clients of databases have it: with a lock inside."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._lock = threading.Lock()

    def save(self, memory: Memory) -> None:
        raise ConnectionError(f"{self.name} is full, no room for {memory.id}")


class HoldsTheStore(Exception):
    """The mistake: a live object in an exception."""

    def __init__(self, message: str, store: Store) -> None:
        super().__init__(message)
        self.store = store


class NamesTheStore(Exception):
    """The remedy: what a reader wants to know of that object, as text."""

    def __init__(self, message: str, store: str) -> None:
        super().__init__(message, store)
        self.store = store

    def __str__(self) -> str:
        return str(self.args[0])
