"""Keeps payloads that a fix has made portable: what tests raised, without keeping it alive."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_portable_errors.receiver.fields import module_of

MOST_OF_A_CLASS = 4
LARGEST = 64 * 1024  # bytes of a payload; one that is larger is not kept


@dataclass(slots=True)
class Repaired:
    """Payloads by the class that got the fix, ``module:qualified name``.

    They were made here, and a receiver has rebuilt them, so this process can do that as well.
    """

    payloads: dict[str, list[bytes]] = field(default_factory=dict)

    def keep(self, owner: type, payload: bytes) -> None:
        """Keep the payload of an exception that arrived whole with a fix of a class."""
        kept = self.payloads.setdefault(name_of(owner), [])
        if len(payload) <= LARGEST and len(kept) < MOST_OF_A_CLASS and payload not in kept:
            kept.append(payload)

    def of(self, owner: type) -> Iterator[BaseException]:
        """Rebuild the exceptions of a class that were kept; those that cannot be are left out.

        Raises:
            KeyboardInterrupt: It may be the user's.
        """
        for payload in self.payloads.get(name_of(owner), ()):
            exc = rebuilt(payload)
            if exc is not None:
                yield exc

    def take(self) -> list[tuple[str, bytes]]:
        """Give all that was kept since the last call, with the names of its classes."""
        taken = [(name, payload) for name in self.payloads for payload in self.payloads[name]]
        new = [pair for pair in taken if pair not in self._taken]
        self._taken += new
        return new

    _taken: list[tuple[str, bytes]] = field(default_factory=list)


def name_of(cls: type) -> str:
    """A class's ``module:qualified name``."""
    return f"{module_of(cls)}:{cls.__qualname__}"


def rebuilt(payload: bytes) -> BaseException | None:
    """Make the exception of a payload of our own again; None if that raises, or gives another.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    try:
        exc = pickle.loads(payload)
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign code
        return None
    return exc if isinstance(exc, BaseException) else None
