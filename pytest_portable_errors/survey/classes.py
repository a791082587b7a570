"""Finds exception classes among the classes that exist in this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from pytest_portable_errors.receiver.fields import is_importable, module_of, type_name


def subclasses_in(package: str) -> list[type[BaseException]]:
    """The exception classes that the modules of a package define, sorted by dotted name.

    Nothing is imported: only modules that are loaded already count.
    """
    return subclasses_where(lambda module: module == package or module.startswith(package + "."))


def subclasses_where(is_meant: Callable[[str], bool]) -> list[type[BaseException]]:
    """The exception classes of modules that are meant, sorted by dotted name. Imports nothing.

    A class counts only if its module holds it under its name. Local classes do not, nor do those
    that ``dataclass(slots=True)`` has replaced, which exist until they are collected.

    Args:
        is_meant: Whether a module of this name is meant; called with ``?`` for a class without one.
    """
    by_name = {
        type_name(cls): cls
        for cls in _below(BaseException)
        if is_meant(module_of(cls) or "?") and is_importable(cls)
    }
    return [by_name[name] for name in sorted(by_name)]


def _below(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    seen_ids = {id(cls)}
    waiting = [cls]
    while waiting:
        for subclass in type.__subclasses__(waiting.pop()):
            if id(subclass) not in seen_ids:  # a class with two bases is met twice
                seen_ids.add(id(subclass))
                waiting.append(subclass)
                yield subclass
