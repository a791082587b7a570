"""Takes the reducers of the project's module as registered, without registering them.

A worker imports that module, and so its pickles differ from those of a test process that does not.
"""

from __future__ import annotations

import builtins
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from types import ModuleType, SimpleNamespace
from typing import Any

from pytest_portable_errors.receiver.fields import is_importable, type_name
from pytest_portable_errors.repair.reducers import NotOurs, generated, table_of


class ByName(Mapping[type, Callable[[Any], object]]):
    """A reducer by class, where the class is known by its dotted name alone."""

    def __init__(self, names: frozenset[str], scope: Mapping[str, Any]) -> None:
        """``names`` are dotted names; the classes need not be imported yet. ``scope`` is what the
        generated part has defined."""
        self._names, self._scope = names, scope

    def __getitem__(self, cls: type) -> Callable[[Any], object]:
        if type_name(cls) not in self._names:
            self._scope["_NAMES"][cls] = self._public_name(cls)
        reducer: Callable[[Any], object] = self._scope["reduce_exception"]
        return reducer

    def _public_name(self, cls: type) -> str:
        """The name of a class in the table, if it says that it is of a module that nobody finds.

        Raises:
            KeyError: It is not in the table.
        """
        for name in () if is_importable(cls) else self._names:
            if name.endswith(f".{cls.__name__}") and self._scope["_found"](name) is cls:
                return name
        raise KeyError(cls)

    def __iter__(self) -> Iterator[type]:
        """Nothing: which classes have these names is not known."""
        return iter(())

    def __len__(self) -> int:
        return len(self._names)


def reducers_in(text: str, file: str) -> Mapping[type, Callable[[Any], object]]:
    """Run the generated part of a module of reducers, and return what it would register.

    It imports nothing but the standard library, and registers nothing: its ``copyreg`` and
    ``importlib`` are others.

    Args:
        text: The module's text.
        file: Its path, for tracebacks.

    Raises:
        NotOurs: The generated part cannot be read, or fails.
    """
    table = table_of(text)
    if not table.classes:
        return {}
    scope: dict[str, Any] = {"__name__": "portable_errors_reducers", "__builtins__": _builtins()}
    try:
        exec(compile(generated(text), file, "exec"), scope)  # the text that we have generated
        return ByName(table.classes, scope)
    except Exception as error:  # or that somebody has changed
        raise NotOurs(f"its generated part cannot be run: {error!r}") from error


def _builtins() -> dict[str, Any]:
    stand_ins = {
        "copyreg": SimpleNamespace(pickle=lambda *_: None),
        "importlib": SimpleNamespace(import_module=_loaded),
    }

    def import_(name: str, *args: Any, **kwargs: Any) -> object:
        return stand_ins.get(name) or builtins.__import__(name, *args, **kwargs)

    return {**vars(builtins), "__import__": import_}


def _loaded(name: str) -> ModuleType:
    """The module of a name, if it is loaded; no library is imported for a run that lacks it."""
    if name == "builtins":
        return importlib.import_module(name)
    if name not in sys.modules:
        raise ImportError(name)
    return sys.modules[name]
