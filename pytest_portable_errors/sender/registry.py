"""The serializers that can be named: the built-in ones, the carriers', and those that plugins
add."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from importlib import import_module

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.carriers import CARRIERS, Carrier
from pytest_portable_errors.sender.serializers import (
    CLOUDPICKLE,
    DILL,
    PICKLES,
    Library,
    Serializer,
)

_BUILT_IN: tuple[Serializer, ...] = (PICKLES[0], CLOUDPICKLE, DILL, *PICKLES[1:])


class Serializers:
    """By their names."""

    def __init__(self, added: Callable[[], Iterable[Serializer]] = tuple) -> None:
        """``added`` gives those of plugins. It is asked again for a name that is not known: a
        conftest further down may bring it.

        Raises PortableErrorsError when an added object is no Serializer.
        """
        self._known: dict[str, Serializer] = {
            serializer.name: serializer for serializer in (*_BUILT_IN, *CARRIERS)
        }
        self._added = added
        self._ask()

    def _ask(self) -> None:
        for serializer in self._added():
            self._known[checked(serializer).name] = serializer

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._known)

    def find(self, wanted: str | Serializer) -> Serializer:
        """The serializer of that name, or the one given.

        Raises PortableErrorsError when there is none, or when its library is not installed here.
        """
        if not isinstance(wanted, str):
            return checked(wanted)
        if wanted not in self._known:
            self._ask()
        if wanted not in self._known:
            raise PortableErrorsError(
                f"unknown serializer {wanted!r}: expected one of {', '.join(self._known)}, or "
                "a Serializer"
            )
        found = self._known[wanted]
        if isinstance(found, Library):
            try:
                import_module(found.name)
            except ImportError as error:
                raise PortableErrorsError(
                    f"serializer {wanted!r} is not installed here ({error}): pip install "
                    f"{found.name}"
                ) from error
        elif isinstance(found, Carrier):
            found.ensure_installed()
        return found


def checked(serializer: object) -> Serializer:
    """The same object, if it is a Serializer.

    Raises PortableErrorsError that names what is missing.
    """
    wrong: Mapping[str, Callable[[object], bool]] = {
        "name: str": lambda s: isinstance(getattr(s, "name", None), str),
        "dumps(exc) -> bytes": lambda s: callable(getattr(s, "dumps", None)),
        'loader: "module:function"': _has_loader,
        "needs: tuple[str, ...]": lambda s: isinstance(getattr(s, "needs", None), tuple),
    }
    missing = [what for what, holds in wrong.items() if not holds(serializer)]
    if missing or isinstance(serializer, type):
        raise PortableErrorsError(
            f"{serializer!r} is no Serializer: it needs "
            f"{', '.join(missing) or 'to be an instance, not a class'}"
        )
    assert isinstance(serializer, Serializer)  # all four members were just seen
    return serializer


def _has_loader(serializer: object) -> bool:
    loader = getattr(serializer, "loader", None)
    return isinstance(loader, str) and loader.count(":") == 1
