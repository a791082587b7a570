"""The modules of a project, as its folders have them, imported or not."""

from __future__ import annotations

import ast
import os
import re
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

_NO_PACKAGES = re.compile(r"tests?|docs?|examples?|benchmarks?|scripts?|build|dist|_.*|\..*")
_NO_MODULES = re.compile(r"__main__|conftest|_?test_.*|.*_test|_?tests?")
_CLASS = re.compile(rb"^\s*class\s+\w+\s*\(", re.MULTILINE)
_MOST_MODULES = 20_000


def packages_of(root: Path) -> list[Path]:
    """The folders of a project's top packages: below ``src``, and in the root itself, sorted."""
    return [
        folder
        for source in (root / "src", root)
        if source.is_dir()
        for folder in sorted(source.iterdir())
        if (folder / "__init__.py").is_file() and not _NO_PACKAGES.fullmatch(folder.name)
    ]


def modules_not_imported(root: Path) -> list[str]:
    """Dotted names of the modules of a project's packages that this process has not imported.

    A package of which nothing is imported is left out: it may be no part of what is tested, such
    as an example. Modules of tests are left out, ``__main__``, and those without a class that has
    a base.

    Args:
        root: The project's folder.
    """
    return sorted(
        module
        for package in packages_of(root)
        if package.name in sys.modules
        for module in _modules_in(package, package.name)
        if module not in sys.modules
    )[:_MOST_MODULES]


def is_no_part(name: str) -> bool:
    """Whether a module's own name says that it is a test's, or run and not imported."""
    return _NO_MODULES.fullmatch(name) is not None


def _modules_in(folder: Path, name: str) -> Iterator[str]:
    for entry in sorted(folder.iterdir()):
        if entry.suffix == ".py" and entry.stem.isidentifier():
            is_meant = entry.stem != "__init__" and not is_no_part(entry.stem)
            if is_meant and _defines_classes(entry):
                yield f"{name}.{entry.stem}"
        elif (entry / "__init__.py").is_file() and not is_no_part(entry.name):
            if _defines_classes(entry / "__init__.py"):
                yield f"{name}.{entry.name}"
            yield from _modules_in(entry, f"{name}.{entry.name}")


def _defines_classes(file: Path) -> bool:
    try:
        return _CLASS.search(file.read_bytes()) is not None
    except OSError:
        return False


def parsed(source: bytes) -> ast.Module:
    """A file's syntax, without the warnings of Python, which it gives for old escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def sources_of(root: Path) -> Iterator[Path]:
    """The Python files of a project, those of its tests and of environments in it left out."""
    for folder, folders, files in os.walk(root):
        folders[:] = [
            name
            for name in sorted(folders)
            if not name.startswith(".")
            and name not in ("node_modules", "__pycache__")
            and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg"))
        ]
        for name in sorted(files):
            if name.endswith(".py") and not _is_test(Path(folder, name).relative_to(root)):
                yield Path(folder, name)


def _is_test(path: Path) -> bool:
    return "tests" in path.parts or path.name.startswith("test_") or path.name == "conftest.py"
