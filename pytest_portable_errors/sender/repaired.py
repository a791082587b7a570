"""Keeps payloads that a fix has made portable: what tests raised, without keeping it alive."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from dataclasses import dataclass, field

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.receiver.fields import module_of

MOST_OF_A_CLASS = 4
_MOST_FIXES = 1_000
LARGEST = 64 * 1024  # bytes of a payload; one that is larger is not kept


@dataclass(slots=True)
class Repaired:
    """Payloads by the class that got the fix, ``module:qualified name``.

    They were made here, and a receiver has rebuilt them, so this process can do that as well.
    """

    payloads: dict[str, list[bytes]] = field(default_factory=dict)
    fixes: list[Fix] = field(default_factory=list)
    """Those that arrive whole, each once: another instance of a defect may need another one than
    the instance that is described."""

    def keep(self, owner: type, payload: bytes) -> None:
        """Keep the payload of an exception that arrived whole with a fix of a class."""
        kept = self.payloads.setdefault(name_of(owner), [])
        if len(payload) <= LARGEST and len(kept) < MOST_OF_A_CLASS and payload not in kept:
            kept.append(payload)

    def keep_fix(self, fix: Fix) -> None:
        """Keep a fix that repairs all instances that it was tried on."""
        if fix.arrives_whole and not fix.unrepaired and len(self.fixes) < _MOST_FIXES:
            known = {(one.owner, one.code) for one in self.fixes}
            self.fixes += [fix] if (fix.owner, fix.code) not in known else []

    def take_fixes(self) -> list[Fix]:
        """Give the fixes that were kept since the last call."""
        new, self._fixes_taken = self.fixes[self._fixes_taken :], len(self.fixes)
        return new

    def of(self, owner: type) -> Iterator[BaseException]:
        """Rebuild the exceptions of a class that were kept; those that cannot be are left out.

        Raises:
            KeyboardInterrupt: It may be the user's.
        """
        for payload in self.payloads.get(name_of(owner), ()):
            exc = rebuilt(payload, with_finalizers=False)
            if exc is not None:
                yield exc

    def take(self) -> list[tuple[str, bytes]]:
        """Give all that was kept since the last call, with the names of its classes."""
        taken = [(name, payload) for name in self.payloads for payload in self.payloads[name]]
        new = [pair for pair in taken if pair not in self._taken]
        self._taken += new
        return new

    _taken: list[tuple[str, bytes]] = field(default_factory=list)
    _fixes_taken: int = 0


def name_of(cls: type) -> str:
    """A class's ``module:qualified name``."""
    return f"{module_of(cls)}:{cls.__qualname__}"


def rebuilt(payload: bytes, *, with_finalizers: bool) -> BaseException | None:
    """Make the exception of a payload of our own again.

    Args:
        payload: The payload.
        with_finalizers: Whether its classes may have a ``__del__``. Where something was left behind
            that this needs, it raises whenever the garbage collector runs, as grpc's do, be it that
            of a cause: so only in a process that is soon gone.

    Returns:
        The exception. None if that raises, or gives something else.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    unpickler = pickle.Unpickler if with_finalizers else _WithoutFinalizers
    try:
        exc = unpickler(io.BytesIO(payload)).load()
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign code
        return None
    return exc if isinstance(exc, BaseException) else None


class _WithoutFinalizers(pickle.Unpickler):
    """Refuses each class whose instances do something when they end (``__del__``)."""

    def find_class(self, module: str, name: str) -> object:
        found = super().find_class(module, name)
        if issubclass(type(found), type) and hasattr(found, "__del__"):
            raise pickle.UnpicklingError(f"{module}.{name} has a __del__")
        return found
