"""Imports the modules of a package, and finds the exception classes that it gives to others."""

from __future__ import annotations

import importlib
import itertools
import os
import pkgutil
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import TypeGuard, cast

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import dict_of, module_of, mro_of, type_name
from pytest_portable_errors.sender.distributions import owners_of_modules
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.project_modules import is_no_part

_MOST_MODULES = 3_000  # of a package, that are imported


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """What a package has of exception classes."""

    classes: list[type[BaseException]]
    """Sorted by dotted name; at least one."""
    failures: dict[str, str]
    """Module -> why it could not be imported."""


def survey_package(name: str) -> Package:
    """Import a package with all modules below it, and find its exception classes.

    Its classes are those that its modules define, and those that it exports of no other
    distribution: what is written in C or Rust often names a module that is elsewhere. Modules of
    tests and ``__main__`` are not imported.

    Raises:
        PortableErrorsError: The package cannot be imported, or has no exception class.
    """
    failures = import_package(name)
    if name in failures:
        raise PortableErrorsError(f"survey of {name}: importing it raised {failures[name]}")
    classes = classes_of_package(name)
    if not classes:
        examples = [module for module in _modules_below(name) if module not in failures][:2]
        advice = f"name another package than {name}" + (
            f"; it has {', '.join(examples)}" if examples else ", which has no modules either"
        )
        raise PortableErrorsError(
            f"survey of {name}: it has no exception class, nor have the modules below it: {advice}"
        )
    return Package(classes=classes, failures=failures)


def import_package(
    name: str, *, is_meant: Callable[[str], bool] = lambda _: True
) -> dict[str, str]:
    """Import a package with the modules below it.

    Args:
        name: Its dotted name.
        is_meant: Whether a module below it, by its dotted name, is to be imported.

    Returns:
        Module -> why it could not be imported. The package itself is among them if it could not
        be; then nothing else is tried.
    """
    why = _import(name)
    if why is not None:
        return {name: why}
    failures: dict[str, str] = {}
    for module in itertools.islice(filter(is_meant, _modules_below(name)), _MOST_MODULES):
        if any(module.startswith(f"{failed}.") for failed in failures):
            continue
        why = _import(module)
        if why is not None:
            failures[module] = why
    return failures


def classes_of_package(name: str) -> list[type[BaseException]]:
    """The exception classes of a package that is imported, sorted by dotted name; see
    ``survey_package``."""
    by_name = {type_name(cls): cls for cls in (*subclasses_in(name), *_exported(name))}
    return [by_name[cls] for cls in sorted(by_name)]


def _import(name: str) -> str | None:
    """Import a module; what that raised, None if nothing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package's own warnings are not under test
            importlib.import_module(name)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # foreign code
        return f"{type(error).__name__}: {error}"
    return None


def _modules_below(package: str, path: Iterable[str] | None = None) -> Iterator[str]:
    """The modules below a package, each before those below it, as its folders have them.

    Args:
        package: Its dotted name.
        path: Its folders; None: those of the package that is imported.
    """
    module = sys.modules.get(package)
    # Not by getattr: a module's own __getattr__ may have an answer to anything.
    folders = path if module is None else dict_of(module).get("__path__", path)
    for found in sorted(pkgutil.iter_modules(folders), key=_name_of) if folders else ():
        if not is_no_part(found.name):
            name = f"{package}.{found.name}"
            yield name
            inside = os.path.join(getattr(found.module_finder, "path", ""), found.name)
            yield from _modules_below(name, [inside] if found.ispkg else None)


def _name_of(found: pkgutil.ModuleInfo) -> str:
    return found.name


def _exported(package: str) -> Iterator[type[BaseException]]:
    """The exception classes that a package's modules hold and no other distribution defines."""
    top = package.partition(".")[0]
    for name, module in list(sys.modules.items()):
        if name != package and not name.startswith(f"{package}."):
            continue
        for value in _public_values(module):
            if not is_exception_class(value):
                continue
            origin = (module_of(value) or "?").partition(".")[0]
            if origin == top or not _is_anothers(origin, top):
                yield value


def _is_anothers(origin: str, top: str) -> bool:
    """Whether a module is Python's, or of another distribution than the one at ``top``."""
    if origin in sys.stdlib_module_names:
        return True
    owners = owners_of_modules()
    is_there = origin in owners or origin in sys.modules
    return is_there and set(owners.get(top, ())).isdisjoint(owners.get(origin, ()))


def is_exception_class(value: object) -> TypeGuard[type[BaseException]]:
    """Whether a value is an exception class; nothing of the value's own runs.

    ``isinstance`` would: a proxy such as openai's makes what it stands for when its class is asked.
    """
    return issubclass(type(value), type) and BaseException in mro_of(cast(type, value))


def _public_values(module: ModuleType) -> Iterator[object]:
    for name, value in dict_of(module).items():
        if isinstance(name, str) and not name.startswith("_"):
            yield value
