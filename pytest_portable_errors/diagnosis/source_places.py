"""Where classes and functions are written, as people name it."""

from __future__ import annotations

import ast
import filecmp
import functools
import inspect
import linecache
import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import FunctionType
from typing import TypeVar

from pytest_portable_errors.project_root import root_above
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.escaped import escaped

_Class = TypeVar("_Class", bound=type)
_SITE_FOLDERS = ("site-packages", "dist-packages")
# Asked for at import: a test may change the folder.
_ROOT = str(root_above(Path.cwd()))


def location(function: FunctionType) -> str:
    """``file:line`` of a function, the line counted from 1: ``src/shop/errors.py:452``.

    A function that was generated, as by ``dataclasses`` and attrs, has the place of its class;
    "" if that is not found.
    """
    code = function.__code__
    if not code.co_filename.startswith("<"):
        return f"{shown_file(code.co_filename)}:{code.co_firstlineno}"
    owner = find_class(function.__module__, function.__qualname__.rpartition(".")[0])
    place = None if owner is None else place_of(owner)
    return "" if place is None else f"{shown_file(place[0])}:{place[1]}"


def shown_file(file: str) -> str:
    """A file as people find it: from the project's root if it lies there, so that editors open it.

    One of an installed distribution is named as an import names it: ``litellm/exceptions.py``.
    """
    return escaped(file_below(_ROOT, file) or _imported_file(file))


def file_below(root: str, file: str) -> str:
    """A file as it is seen from a root; "" if it belongs to an installed distribution.

    An installed one that is a copy of a file of the root's (``src/shop/errors.py``) is that.
    """
    if not any(f"{os.sep}{folder}{os.sep}" in file for folder in _SITE_FOLDERS):
        seen = file.removeprefix(_with_end(root))
        # Environments and scratch folders lie in hidden folders: .venv, .nox, .tox.
        is_hidden = any(part.startswith(".") for part in seen.split(os.sep))
        return "" if seen == file or is_hidden else seen
    imported = _imported_file(file)
    originals = (imported, os.path.join("src", imported))
    return next((one for one in originals if _is_copy(file, os.path.join(root, one))), "")


def _imported_file(file: str) -> str:
    folders = sorted((_with_end(folder) for folder in sys.path if folder), key=len, reverse=True)
    return file.removeprefix(next((one for one in folders if file.startswith(one)), ""))


def _is_copy(file: str, original: str) -> bool:
    try:
        return os.path.isfile(original) and filecmp.cmp(file, original, shallow=False)
    except OSError:
        return False


def _with_end(folder: str) -> str:
    return folder.rstrip(os.sep) + os.sep


def class_at(cls: type, places: Iterable[str]) -> type | None:
    """The class, among one and its bases, of which a function lies at one of these places.

    Args:
        cls: The class.
        places: Texts, of which some are what ``location`` gives.

    Returns:
        The nearest such class; None if there is none.
    """
    wanted = {place for place in places if place}
    for owner in fields.mro_of(cls):
        for value in fields.class_dict(owner).values():
            function = getattr(value, "__func__", value) if _is_method(value) else value
            if isinstance(function, FunctionType) and location(function) in wanted:
                return owner
    return None


def _is_method(value: object) -> bool:
    return isinstance(value, (staticmethod, classmethod))


def place_of(cls: type) -> tuple[str, int] | None:
    """The file of a class, its symbolic links resolved, and its line there, counted from 1.

    Before Python 3.13 the file is read to find the line.

    Returns:
        None if the class has no file, or its line is not found.
    """
    try:
        file = inspect.getsourcefile(cls)
        # Classes have __firstlineno__ from Python 3.13 on.
        line = (
            vars(cls).get("__firstlineno__")
            or _line_of(cls, file)
            or inspect.findsource(cls)[1] + 1
        )
    except Exception:  # classes and modules are foreign; what is generated has no file
        return None
    return (os.path.realpath(file), line) if file and isinstance(line, int) else None


def _line_of(cls: type, file: str | None) -> int | None:
    """The line of a class in its file; None if it is not found there.

    As ``inspect.findsource``, which parses the file anew for each of a hundred classes in it.
    """
    module = sys.modules.get(cls.__module__)
    lines = linecache.getlines(file or "", None if module is None else vars(module))
    return _lines_of_classes("".join(lines)).get(cls.__qualname__)


@functools.lru_cache(maxsize=32)
def _lines_of_classes(source: str) -> dict[str, int]:
    """Qualified name of each class -> the line, from 1, on which it or its decorators begin."""
    found: dict[str, int] = {}
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(source))]
    while waiting:
        prefix, parent = waiting.pop()
        for node in ast.iter_child_nodes(parent):
            if isinstance(node, ast.ClassDef):
                name = prefix + node.name
                first = min((node.lineno, *(each.lineno for each in node.decorator_list)))
                found.setdefault(name, first)
                waiting.append((f"{name}.", node))
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                waiting.append((f"{prefix}{node.name}.<locals>.", node))
            elif isinstance(node, ast.stmt):
                waiting.append((prefix, node))
    return found


def lines_of(cls: type) -> tuple[int, ...]:
    """Lines, from 1, on which the functions of a class's body begin, and from 3.13 on its own."""
    own = vars(cls).get("__firstlineno__")
    lines = [own] if isinstance(own, int) else []
    for value in vars(cls).values():
        function = getattr(value, "__func__", value)
        if isinstance(function, FunctionType) and function.__qualname__.startswith(
            f"{cls.__qualname__}."
        ):
            lines.append(function.__code__.co_firstlineno)
    return tuple(sorted(lines))


def find_class(module: str, qualname: str) -> type | None:
    """Look a class up in the modules that are loaded; imports nothing.

    Returns:
        The class; None if the module is not loaded, or holds no class under that name.
    """
    value: object = sys.modules.get(module)
    try:
        for name in qualname.split("."):
            value = getattr(value, name)
    except Exception:  # a module's __getattr__ is foreign code
        return None
    return value if isinstance(value, type) else None


def class_named(name: str, find: Callable[[str, str], _Class | None]) -> _Class | None:
    """The class of a dotted name, which may lie in other classes.

    Args:
        name: ``shop.errors.Outer.Inner``.
        find: Looks a class up by module and qualified name, as ``find_class`` does.

    Returns:
        The class in the longest module that has it; None if there is none.
    """
    parts = name.split(".")
    ends = range(len(parts) - 1, 0, -1)
    found = (find(".".join(parts[:end]), ".".join(parts[end:])) for end in ends)
    return next((cls for cls in found if cls is not None), None)
