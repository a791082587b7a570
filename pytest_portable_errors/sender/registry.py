"""The serializers that can be named: built-in ones, carriers, and those that plugins add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from importlib import import_module

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.serializers import (
    CLOUDPICKLE,
    DILL,
    PICKLES,
    Library,
    Pickle,
    Reducers,
    Serializer,
)

_BUILT_IN: tuple[Serializer, ...] = (PICKLES[0], CLOUDPICKLE, DILL, *PICKLES[1:])


class Serializers:
    """The serializers that can be named; one that is added replaces a built-in of its name."""

    def __init__(self, added: Callable[[], Iterable[Serializer]] = tuple) -> None:
        """Take the built-in serializers, and those of plugins. Carriers are found when asked for.

        Args:
            added: Gives those of plugins. It is called again for a name that is unknown, because a
                conftest further down may bring it.

        Raises:
            PortableErrorsError: An added object is no Serializer.
        """
        self._by_name: dict[str, Serializer] = {
            serializer.name: serializer for serializer in _BUILT_IN
        }
        self._added = added
        self._add()

    def _add(self) -> None:
        for serializer in self._added():
            self._by_name[checked(serializer).name] = serializer

    def use(self, reducers: Reducers) -> None:
        """Let the built-in serializers pickle with these, as the project's workers do."""
        for name, serializer in self._by_name.items():
            if isinstance(serializer, (Pickle, Library)):
                self._by_name[name] = replace(serializer, reducers=reducers)

    @property
    def names(self) -> tuple[str, ...]:
        """The names that ``find`` takes: built-in ones, carriers, added ones."""
        return tuple(dict.fromkeys((*self._by_name, *table.names())))

    def find(self, name_or_serializer: str | Serializer) -> Serializer:
        """Return the serializer of a name.

        Args:
            name_or_serializer: The name; or a serializer, which is returned.

        Raises:
            PortableErrorsError: There is none of that name, its library is not installed here or
                none of those that are known, or the object is no Serializer.
        """
        if not isinstance(name_or_serializer, str):
            return checked(name_or_serializer)
        name = name_or_serializer
        if name not in self._by_name:
            self._add()
        if name not in self._by_name:
            carrier = table.carrier(name)
            if carrier is None:
                raise PortableErrorsError(
                    f"unknown serializer {name!r}: expected one of {', '.join(self.names)}, or "
                    "a Serializer"
                )
            self._by_name[name] = checked(carrier)
        serializer = self._by_name[name]
        if isinstance(serializer, Library):
            try:
                import_module(serializer.name)
            except ImportError as error:
                raise PortableErrorsError(
                    f"serializer {name!r} is not installed here ({error}): pip install "
                    f"{serializer.name}"
                ) from error
        elif isinstance(serializer, Carrier):
            serializer.ensure_usable()
        return serializer


def checked(serializer: object) -> Serializer:
    """Return the same object, if it is a Serializer.

    Raises:
        PortableErrorsError: It is none. The text names the members that it lacks.
    """
    members: Mapping[str, Callable[[object], bool]] = {
        "name: str": lambda s: isinstance(getattr(s, "name", None), str),
        "dumps(exc) -> bytes": lambda s: callable(getattr(s, "dumps", None)),
        'loader: "module:function"': _has_loader,
        "needs: tuple[str, ...]": lambda s: isinstance(getattr(s, "needs", None), tuple),
    }
    missing = [member for member, has_member in members.items() if not has_member(serializer)]
    if missing or isinstance(serializer, type):
        raise PortableErrorsError(
            f"{serializer!r} is no Serializer: it needs "
            f"{', '.join(missing) or 'to be an instance, not a class'}"
        )
    assert isinstance(serializer, Serializer)  # it has all four members
    return serializer


def _has_loader(serializer: object) -> bool:
    loader = getattr(serializer, "loader", None)
    return isinstance(loader, str) and loader.count(":") == 1
