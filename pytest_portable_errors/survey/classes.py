"""Finds exception classes among those that exist."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_portable_errors.receiver.fields import is_importable


def subclasses_in(package: str) -> list[type[BaseException]]:
    """The exception classes that modules of a package define, sorted by where they live. Imports nothing.

    Only those that their module holds under their name: neither local classes, nor the ones that ``dataclass(slots=True)`` has replaced
    and that exist until they are collected.
    """
    found = {f"{cls.__module__}.{cls.__qualname__}": cls for cls in _below(BaseException) if _is_in(cls, package)}
    return [found[name] for name in sorted(found)]


def _below(cls: type[BaseException]) -> Iterator[type[BaseException]]:
    seen = {cls}
    waiting = [cls]
    while waiting:
        for subclass in type.__subclasses__(waiting.pop()):
            if subclass not in seen:  # a diamond is met twice
                seen.add(subclass)
                waiting.append(subclass)
                yield subclass


def _is_in(cls: type[BaseException], package: str) -> bool:
    return (cls.__module__ == package or cls.__module__.startswith(package + ".")) and is_importable(cls)
