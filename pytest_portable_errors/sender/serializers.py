"""How an exception becomes bytes, and which function of the receiver rebuilds it from them."""

from __future__ import annotations

import contextlib
import copyreg
import io
import pickle
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib import import_module
from types import FunctionType
from typing import Any, Protocol, runtime_checkable

PICKLE_LOADER = "pickle:loads"
Reducers = Mapping[type, Callable[[Any], object]]
"""Functions that pickle, by class: a dispatch table."""
PAYLOAD_LIMIT = 64 * 1024 * 1024
"""Bytes of a payload. One that is larger is not sent: the trip ends at dumps."""


class PayloadTooLarge(Exception):
    """A payload is over ``PAYLOAD_LIMIT``: it has ``size`` bytes, or more."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.size = size


class PayloadFile(io.BytesIO):
    """A file in memory that a payload is written to, up to ``PAYLOAD_LIMIT``.

    Without a limit a payload could fill the memory: an exception may hold a graph of any size.
    """

    def write(self, data: Any, /) -> int:
        """Write as ``io.BytesIO`` does.

        Raises:
            PayloadTooLarge: The file would be over the limit; nothing is written.
        """
        # For len: pickle writes bytes, bytearrays and memoryviews of bytes.
        if self.tell() + len(data) > PAYLOAD_LIMIT:
            raise PayloadTooLarge(self.tell() + len(data))
        return super().write(data)


@runtime_checkable
class Serializer(Protocol):
    """A pair of dumps and loads; loads is named and not passed, because it runs in the receiver."""

    @property
    def name(self) -> str:
        """The name that settings and failure texts use."""

    @property
    def loader(self) -> str:
        """``"module:function"``, which the receiver imports and calls with the payload."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Dotted names of modules that the receiver may import for this, whatever is absent there.

        The packages that they lie in are present, too.
        """

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload.

        Args:
            exc: The exception, which is to be left as it is.

        Raises:
            BaseException: Anything but KeyboardInterrupt is reported as a loss of the exception's.
        """


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickle:
    """Plain pickle; its fields are those of ``Serializer``, but for the protocol."""

    name: str = "pickle"
    protocol: int | None = None
    """0 to ``pickle.HIGHEST_PROTOCOL``. None: Python's default."""
    loader: str = PICKLE_LOADER
    needs: tuple[str, ...] = ()
    reducers: Reducers = field(default_factory=dict, compare=False)
    """What pickles with it, beside ``copyreg``: what the project's workers register."""

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload.

        Raises:
            PayloadTooLarge: It is over ``PAYLOAD_LIMIT``.
            BaseException: What the exception's own code raises.
        """
        file = PayloadFile()
        self.pickler(file).dump(exc)
        return file.getvalue()

    def pickler(self, file: io.BytesIO) -> Any:
        """The pickler that ``dumps`` uses."""
        return with_reducers(pickle.Pickler(file, protocol=self.protocol), self.reducers)

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """Return the same pickler, written in Python, so that its methods can be watched.

        Args:
            file: What it writes to.
            recorder: A class that comes before the pickler's in the MRO, and may extend ``save``
                and ``save_reduce``.
        """
        replay = type("Replay", (recorder, _python_pickler()), {})(file, self.protocol)
        return with_reducers(replay, self.reducers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A library's module that pickles as the standard one does: with ``dump`` and a ``Pickler``."""

    name: str
    """The module, by which settings name the serializer as well."""
    loader: str
    """``"module:function"``."""
    reducers: Reducers = field(default_factory=dict, compare=False)
    """As of ``Pickle``."""

    @property
    def needs(self) -> tuple[str, ...]:
        """The module."""
        return (self.name,)

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload.

        Raises:
            PayloadTooLarge: It is over ``PAYLOAD_LIMIT``.
            ImportError: The library is not installed here.
            BaseException: What the exception's own code raises.
        """
        file = PayloadFile()
        if self.reducers:
            self.pickler(file).dump(exc)
        else:
            import_module(self.name).dump(exc, file)
        return file.getvalue()

    def pickler(self, file: io.BytesIO) -> Any:
        """The pickler that ``dumps`` uses."""
        return with_reducers(import_module(self.name).Pickler(file), self.reducers)

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """Return the same pickler, written in Python: see ``Pickle.replaying``.

        It keeps the library's own reducers, without which another object would be blamed.
        """
        library_pickler = import_module(self.name).Pickler
        if issubclass(library_pickler, pickle._Pickler):  # dill's is written in Python
            return with_reducers(
                type("Replay", (recorder, library_pickler), {})(file), self.reducers
            )
        methods = {
            name: value
            for owner in reversed(library_pickler.__mro__)
            if owner.__module__.startswith(self.name)
            for name, value in vars(owner).items()
        }
        reducing = {
            name: methods[name]
            for name in methods
            if name == "dispatch_table" or (callable(methods[name]) and name not in _CALL_C)
        }
        in_python = type("LibraryPickler", (_python_pickler(),), reducing)
        replay = type("Replay", (recorder, in_python), {})(file)
        vars(replay).update(vars(library_pickler(io.BytesIO())))
        return with_reducers(replay, self.reducers)


def _python_pickler() -> type:
    """pickle's own pickler in Python, as it is before dill is imported.

    dill extends its dispatch to locks, lambdas, modules...
    """
    original: Any = pickle._Pickler  # private, and there since 3.0
    own = {cls: save for cls, save in original.dispatch.items() if save.__module__ == "pickle"}
    own.update({cls: getattr(original, f"save_{cls.__name__}") for cls in (dict, type)})
    own[FunctionType] = original.save_global
    return type("InPython", (original,), {"dispatch": own})


_CALL_C = ("__init__", "dump")  # methods that call the pickler that is written in C


# cloudpickle.loads is pickle.loads: its payloads name what they need of cloudpickle.
CLOUDPICKLE = Library(name="cloudpickle", loader=PICKLE_LOADER)
DILL = Library(name="dill", loader="dill:loads")

PICKLES = (
    Pickle(),
    *(
        Pickle(name=f"pickle:{protocol}", protocol=protocol)
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1)
    ),
)
PLAIN_PICKLES = frozenset(serializer.name for serializer in PICKLES)
"""Names of the serializers that send a class by its name alone, never by value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithReducers:
    """A built-in serializer with reducers of its own; the process's ``copyreg`` is left alone."""

    of: Pickle | Library
    """What pickles with them."""
    reducers: Reducers
    """By class, the function that pickles its instances."""

    @property
    def name(self) -> str:
        """The name of the serializer that it stands on."""
        return self.of.name

    @property
    def loader(self) -> str:
        """The loader of the serializer that it stands on."""
        return self.of.loader

    @property
    def needs(self) -> tuple[str, ...]:
        """What the serializer that it stands on needs."""
        return self.of.needs

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload.

        Raises:
            PayloadTooLarge: It is over ``PAYLOAD_LIMIT``.
            BaseException: What the exception's own code raises.
        """
        file = PayloadFile()
        with_reducers(self.of.pickler(file), self.reducers).dump(exc)
        return file.getvalue()

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """Return the same pickler, written in Python: see ``Pickle.replaying``."""
        return with_reducers(self.of.replaying(file, recorder), self.reducers)


def with_reducers(pickler: Any, reducers: Reducers) -> Any:
    """The same pickler, which now asks the reducers before its own dispatch table."""
    if not reducers:
        return pickler
    own: Any = getattr(pickler, "dispatch_table", copyreg.dispatch_table)
    if isinstance(pickler, pickle.Pickler):
        # By way of the descriptor of pickle.Pickler: cloudpickle's class has an attribute of that
        # name, which hides the one that counts.
        descriptor: Any = vars(pickle.Pickler)["dispatch_table"]
        with contextlib.suppress(AttributeError):  # not set
            own = descriptor.__get__(pickler)
        descriptor.__set__(pickler, _chained(reducers, own))
    else:
        pickler.dispatch_table = _chained(reducers, own)
    return pickler


def _chained(*tables: Any) -> ChainMap[type, Callable[[Any], object]]:
    """Dispatch tables as one, the first that has a class first; nobody writes to it."""
    return ChainMap(*tables)
