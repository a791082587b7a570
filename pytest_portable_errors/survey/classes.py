"""Finds exception classes among those that exist."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_portable_errors.receiver.fields import is_importable, module_of, type_name


def subclasses_in(package: str) -> list[type[BaseException]]:
    """The exception classes that modules of a package define, sorted by where they live. Imports
    nothing."""
    return subclasses_where(lambda module: module == package or module.startswith(package + "."))


def subclasses_where(is_meant: Callable[[str], bool]) -> list[type[BaseException]]:
    """The exception classes that the modules of these names define, sorted by where they live.
    Imports nothing.

    Only those that their module holds under their name: neither local classes, nor the ones that
    ``dataclass(slots=True)`` has replaced and that exist until they are collected.
    """
    found = {
        type_name(cls): cls
        for cls in _below(BaseException)
        if is_meant(module_of(cls) or "?") and is_importable(cls)
    }
    return [found[name] for name in sorted(found)]


def _below(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    seen = {id(cls)}
    waiting = [cls]
    while waiting:
        for subclass in type.__subclasses__(waiting.pop()):
            if id(subclass) not in seen:  # a diamond is met twice
                seen.add(id(subclass))
                waiting.append(subclass)
                yield subclass
