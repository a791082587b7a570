"""What a carrier is: a serializer that calls the functions which bring errors to their readers."""

from __future__ import annotations

import contextlib
import functools
import importlib.util
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver import carriers
from pytest_portable_errors.receiver.carriers.library import Moved, installed
from pytest_portable_errors.sender.carriers.consequences import (
    Consequence,
    Where,
    consequence,
    consequence_text,
)
from pytest_portable_errors.sender.distributions import modules_with_requirements
from pytest_portable_errors.sender.serializers import PICKLES, Library, Pickle, Serializer

Send = Callable[[Any], bytes]
"""The worker's half of a carrier: makes the payload of an error."""
HALVES = "_portable_errors_receiver.carriers"
"""Where the other halves lie, as the receiver calls it."""


class NeverSent(Exception):
    """The worker does not catch such an exception where it sends errors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A serializer that calls the functions that bring an error from a worker to its client."""

    name: str
    """What settings call it."""
    sender: Callable[[], Send]
    """Finds the library's functions and returns the worker's half. It is called once in a process,
    when the carrier is asked for, and raises ``Moved`` for a function that is not there."""
    loader: str
    """The client's half: ``"module:function"``."""
    of: Pickle | Library = PICKLES[0]
    """What it pickles with."""
    only_wraps: bool = False
    """Whether it does nothing more than wrap what ``of`` gives, so that a fix for ``of`` is a fix
    for the carrier."""
    wraps_fixes: bool = False
    """Whether it pickles the exception itself and more beside, so that what repairs an exception
    for ``of`` repairs it here, too."""
    holds_at: str = "exc"
    """Where in the payload the exception lies, as paths begin: ``exc['r']``, where what is pickled
    is a dict that has it under that key. Readers are told paths from the exception on."""
    carries_values: bool = False
    """Whether it sends arguments and results as well, by the same functions."""
    replaces: str = ""
    """What it does where it gives another class on purpose; empty if it never does."""
    drops: tuple[str, ...] = ()
    """Checks for what it never carries, whatever the class does."""
    sends: tuple[type[BaseException], ...] = (BaseException,)
    """What the worker catches where it sends the errors of tasks; many catch ``Exception``."""
    never_sent: tuple[type[BaseException], ...] = ()
    """What it raises again, though it catches it."""
    ends_caller: tuple[type[BaseException], ...] = ()
    """Exceptions that arrive, and are raised where nothing catches them, so that a process ends:
    ``SystemExit``."""
    then: tuple[Consequence, ...] = ()
    """What happens in production where an error does not arrive, or not as it was."""
    library: str = ""
    """The module that has to be installed; empty for the standard library."""
    distribution: str = ""
    """The distribution that brings the library; empty for the standard library."""

    python: tuple[int, int] = (3, 0)
    """The first version of Python that has it."""
    copy: str = ""
    """A package in which another distribution brings a copy of the library, which is used where
    the library itself is not installed: ``joblib.externals.loky``."""
    in_namespaces: tuple[str, ...] = ()
    """Modules that it needs of packages without an ``__init__``, which nobody has at the top."""
    uses: tuple[str, ...] = ()
    """Distributions that the library uses where they are installed, and does not require."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules at the top of what brings it, and of all that this requires."""
        copied = self.copy.partition(".")[0] if self.is_copied else self.distribution
        brought = (copied, *self.uses) if self.distribution else ()
        modules = (module for name in brought for module in modules_with_requirements(name))
        return tuple(dict.fromkeys((*modules, *self.in_namespaces)))

    @property
    def is_installed(self) -> bool:
        """Whether the library is there, or its copy; neither is imported."""
        if sys.version_info < self.python:
            return False
        return not self.library or _is_there(self.library) or self.is_copied

    @property
    def is_copied(self) -> bool:
        """Whether another distribution's copy of the library is used."""
        return (
            bool(self.copy)
            and not _is_there(self.library)
            and _is_there(self.copy.partition(".")[0])
        )

    @property
    def installed(self) -> tuple[str, str]:
        """What brings the functions, and its version: ``("pydocket", "0.27.0")``."""
        if self.is_copied:
            return self.distribution, str(getattr(import_module(self.copy), "__version__", "?"))
        name, _, version = installed(self.distribution).partition(" ")
        return name, version or "?"

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload that a worker would send.

        Raises:
            NeverSent: No worker sends such an exception.
            PortableErrorsError: The library is not installed, or is none that is known here.
            BaseException: What the exception's own code, or the library, raises.
        """
        if isinstance(exc, BaseException) and not self._is_sent(exc):  # values are sent as well
            raise NeverSent(
                f"{type(exc).__name__} is not caught where {self.name} sends the errors of tasks"
            )
        with _unwarned():
            return _opened(self)(exc)

    def _is_sent(self, exc: BaseException) -> bool:
        return isinstance(exc, self.sends) and not isinstance(exc, self.never_sent)

    def ensure_usable(self) -> None:
        """Look whether the library is installed, and whether a plain error can be carried by it.

        Raises:
            PortableErrorsError: It is not installed, has moved a function, or fails. The text names
                the version that is installed.
        """
        if sys.version_info < self.python:
            raise PortableErrorsError(
                f"serializer {self.name!r} needs Python {'.'.join(map(str, self.python))} or newer"
            )
        if not self.is_installed:
            raise PortableErrorsError(
                f"serializer {self.name!r} is not installed here: pip install {self.distribution}"
            )
        try:
            with _unwarned():
                _opened(self)
        except Moved as moved:
            raise PortableErrorsError(f"serializer {self.name!r}: {moved}") from moved
        except Exception as error:
            raise PortableErrorsError(
                f"serializer {self.name!r}: {' '.join(self.installed)} fails to carry a plain "
                f"ValueError ({type(error).__name__}: {error}); it is none of the versions that "
                "are known"
            ) from error


@contextlib.contextmanager
def _unwarned() -> Iterator[None]:
    """Let no warning of a library be an error, as tests may have it; no worker does."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _is_there(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


@functools.cache  # once in a process
def _opened(carrier: Carrier) -> Send:
    """The worker's half, after a plain error went through both halves.

    The client's half runs here, and not in a receiver: both have the same library.
    """
    send = carrier.sender()
    payload = send(ValueError("rehearsal", 1))
    if carrier.loader.startswith(HALVES):
        module, function = carrier.loader.split(":")
        client_half = import_module(module.replace(HALVES, carriers.__name__))
        getattr(client_half, function)(payload)
    return send


def holds_at(serializer: Serializer) -> str:
    """Where in its payloads the exception lies: ``exc`` for all but some carriers."""
    return serializer.holds_at if isinstance(serializer, Carrier) else "exc"


def ends_caller(serializer: Serializer, cls: type) -> bool:
    """Whether a carrier brings exceptions of this class to a client that then ends."""
    return isinstance(serializer, Carrier) and issubclass(cls, serializer.ends_caller)


def then_text(serializer: Serializer, where: Where, cls: type[BaseException]) -> str | None:
    """Say what happens in production; None where nobody has seen it, or there is no carrier.

    Args:
        serializer: What the trip was made with.
        where: Where it ended.
        cls: The class that was sent.
    """
    if not isinstance(serializer, Carrier):
        return None
    row = consequence(serializer.then, where, cls)
    if row is None:
        return None
    return consequence_text(row, *serializer.installed)


def never_carried(serializer: Serializer) -> tuple[str, ...]:
    """Checks for what a serializer never carries; () for all but some carriers."""
    return serializer.drops if isinstance(serializer, Carrier) else ()


def plain_serializer(serializer: Serializer) -> Serializer:
    """What a carrier that only wraps pickles with; any other serializer is returned as it is."""
    return (
        serializer.of if isinstance(serializer, Carrier) and serializer.only_wraps else serializer
    )
