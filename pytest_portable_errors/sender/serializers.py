"""How an exception becomes bytes, and which function of the receiver turns them back."""

from __future__ import annotations

import copyreg
import io
import pickle
from collections import ChainMap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import FunctionType
from typing import Any, Protocol, runtime_checkable

PICKLE_LOADER = "pickle:loads"
PAYLOAD_LIMIT = 64 * 1024 * 1024
"""Bytes. A larger payload is a trip that stopped."""


class PayloadTooLarge(Exception):
    """A payload is over ``PAYLOAD_LIMIT``."""


class PayloadFile(io.BytesIO):
    """What a payload is written to, as far as the limit: the graph that an exception holds may be
    of any size."""

    def write(self, data: Any, /) -> int:
        # pickle writes bytes, bytearrays and memoryviews of bytes
        if self.tell() + len(data) > PAYLOAD_LIMIT:
            raise PayloadTooLarge
        return super().write(data)


@runtime_checkable
class Serializer(Protocol):
    """The pair of dumps and loads. The second half runs in the receiver, so it is named and not
    passed."""

    @property
    def name(self) -> str:
        """What settings and failure texts call it."""

    @property
    def loader(self) -> str:
        """``"module:function"``, imported in the receiver and called with the payload."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules that the receiver may import for this, whatever else is absent there."""

    def dumps(self, exc: BaseException, /) -> bytes:
        """The payload. Whatever it raises is a loss of the exception's, and reported as that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pickle:
    """Plain pickle, in Python's default protocol or a given one."""

    name: str = "pickle"
    protocol: int | None = None
    loader: str = PICKLE_LOADER
    needs: tuple[str, ...] = ()

    def dumps(self, exc: BaseException, /) -> bytes:
        file = PayloadFile()
        pickle.dump(exc, file, protocol=self.protocol)
        return file.getvalue()

    def pickler(self, file: io.BytesIO) -> object:
        """The pickler that ``dumps`` uses."""
        return pickle.Pickler(file, protocol=self.protocol)

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """The same pickler in Python, under ``recorder``."""
        return type("Replay", (recorder, _in_python()), {})(file, self.protocol)


@dataclass(frozen=True, slots=True, kw_only=True)
class Library:
    """A serializer that is a library's module with ``dumps`` and ``loads``."""

    name: str
    loader: str

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.name,)

    def dumps(self, exc: BaseException, /) -> bytes:
        file = PayloadFile()
        import_module(self.name).dump(exc, file)
        return file.getvalue()

    def pickler(self, file: io.BytesIO) -> object:
        """The pickler that ``dumps`` uses."""
        return import_module(self.name).Pickler(file)

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """The same pickler in Python, under ``recorder``: with the library's own reducers, without
        which another object would be blamed."""
        theirs = import_module(self.name).Pickler
        if issubclass(theirs, pickle._Pickler):  # dill's is written in Python
            return type("Replay", (recorder, theirs), {})(file)
        methods = {
            name: value
            for owner in reversed(theirs.__mro__)
            if owner.__module__.startswith(self.name)
            for name, value in vars(owner).items()
        }
        kept = {
            name: methods[name]
            for name in methods
            if name == "dispatch_table" or (callable(methods[name]) and name not in _C_ONLY)
        }
        replay = type("Replay", (recorder, type("Theirs", (_in_python(),), kept)), {})(file)
        vars(replay).update(vars(theirs(io.BytesIO())))
        return replay


def _in_python() -> type:
    """pickle's own pickler in Python, as it was before dill was imported, which extends its
    dispatch to locks, lambdas, modules..."""
    original: Any = pickle._Pickler  # private, and there since 3.0
    own = {cls: save for cls, save in original.dispatch.items() if save.__module__ == "pickle"}
    own.update({cls: getattr(original, f"save_{cls.__name__}") for cls in (dict, type)})
    own[FunctionType] = original.save_global
    return type("InPython", (original,), {"dispatch": own})


_C_ONLY = ("__init__", "dump")  # they call the pickler that is written in C


# cloudpickle.loads is pickle.loads: its payloads name what they need of it.
CLOUDPICKLE = Library(name="cloudpickle", loader=PICKLE_LOADER)
DILL = Library(name="dill", loader="dill:loads")


PICKLES = (
    Pickle(),
    *(Pickle(name=f"pickle:{n}", protocol=n) for n in range(pickle.HIGHEST_PROTOCOL + 1)),
)
PLAIN_PICKLES = frozenset(serializer.name for serializer in PICKLES)
"""Names of those that send a class by its name alone, never by value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WithReducers:
    """A built-in serializer that pickles the objects of some classes by given functions, and
    touches nobody's ``copyreg`` for that."""

    of: Pickle | Library
    reducers: Mapping[type, Callable[[Any], object]]

    @property
    def name(self) -> str:
        return self.of.name

    @property
    def loader(self) -> str:
        return self.of.loader

    @property
    def needs(self) -> tuple[str, ...]:
        return self.of.needs

    def dumps(self, exc: BaseException, /) -> bytes:
        file = PayloadFile()
        self._told(self.of.pickler(file)).dump(exc)
        return file.getvalue()

    def replaying(self, file: io.BytesIO, recorder: type) -> Any:
        """The same pickler in Python, under ``recorder``."""
        return self._told(self.of.replaying(file, recorder))

    def _told(self, pickler: Any) -> Any:
        table = ChainMap(
            dict(self.reducers), getattr(pickler, "dispatch_table", copyreg.dispatch_table)
        )
        if isinstance(pickler, pickle.Pickler):
            # cloudpickle's class has an attribute of that name, behind which the one that counts is
            # hidden. a descriptor, on the class
            pickle.Pickler.dispatch_table.__set__(pickler, table)  # type: ignore[attr-defined]
        else:
            pickler.dispatch_table = table
        return pickler
