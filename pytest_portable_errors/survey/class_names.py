"""The names that a library's exception classes have, and which of them a project's code names."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator, Mapping, Sequence

from pytest_portable_errors.diagnosis.source_places import class_named
from pytest_portable_errors.receiver.fields import dict_of, module_of, mro_of, type_name
from pytest_portable_errors.survey.packages import is_exception_class

_MOST_NAMES = 20  # of one class


class ClassNames:
    """The names of one library's classes.

    Args:
        modules: What the library has at the top: it is imported before anything is asked.
        named: The names that the project's code has of classes -> whether it catches them, which
            their subclasses meet as well. None: all are asked about, whatever they are called.
    """

    def __init__(self, modules: Sequence[str], named: Mapping[str, bool] | None) -> None:
        self._modules, self._named = modules, named

    def is_named(self, cls: type) -> bool:
        """Whether the project's code names a class, or catches one that it inherits from."""
        if self._named is None:
            return True
        if not self._named.keys().isdisjoint((type_name(cls), *self.of(cls))):
            return True
        caught = {name for name, is_caught in self._named.items() if is_caught}
        bases = mro_of(cls)[1:]
        known = [*map(type_name, bases), *(name for base in bases for name in self.of(base))]
        return not caught.isdisjoint(known)

    @functools.cached_property
    def named_classes(self) -> dict[str, type[BaseException]]:
        """The classes that the project's code names, by these names; none of Python's own.

        Also where another distribution has them: pydantic's ValidationError is pydantic_core's, and
        stands in the dictionary of no module of pydantic's.
        """
        found = ((name, class_named(name, _attribute)) for name in self._named or ())
        return {
            name: cls
            for name, cls in found
            if cls is not None and module_of(cls) not in sys.stdlib_module_names
        }

    def of(self, cls: type) -> list[str]:
        """The dotted names under which public modules hold a class, and those the project has."""
        return self._by_id.get(id(cls), [])

    def bases_of(self, cls: type) -> list[str]:
        """Dotted names of the library's classes that a class inherits from, the nearest first."""
        tops = {module.partition(".")[0] for module in self._modules}
        return [
            type_name(base)
            for base in mro_of(cls)[1:]
            if (module_of(base) or "").partition(".")[0] in tops
        ]

    @functools.cached_property
    def _by_id(self) -> dict[int, list[str]]:
        by_id = dict(_public_names(self._modules))
        for name, named in self.named_classes.items():
            names = by_id.setdefault(id(named), [])
            names += [name] if name not in names else []
        return by_id


def is_public(module: str) -> bool:
    """Whether no part of a module's dotted name begins with an underscore."""
    return not any(part.startswith("_") for part in module.split("."))


def _attribute(module: str, qualname: str) -> type[BaseException] | None:
    """The exception class of a name in a module that is imported, lazy exports among them."""
    found: object = sys.modules.get(module)
    try:
        for part in qualname.split(".") if found is not None else ():
            found = getattr(found, part)
    except Exception:  # the library's code
        return None
    return found if is_exception_class(found) else None


def _public_names(modules: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    """The id of each exception class, and the names under which public modules hold it."""
    tops = tuple(modules)
    names: dict[int, list[str]] = {}
    for name, module in sorted(sys.modules.items(), key=lambda item: (item[0].count("."), item[0])):
        is_of_library = any(name == top or name.startswith(f"{top}.") for top in tops)
        if not is_of_library or not is_public(name):
            continue
        for key, value in dict_of(module).items():
            if is_exception_class(value) and str(key)[:1] != "_":
                kept = names.setdefault(id(value), [])
                if len(kept) < _MOST_NAMES:
                    kept.append(f"{name}.{key}")
    yield from names.items()
