"""Finds the module for reducers of others' classes: where it lies, and who imports it."""

from __future__ import annotations

import ast
import os
import re
import sys
from pathlib import Path

from pytest_portable_errors.run.options import Options
from pytest_portable_errors.survey.project_modules import packages_of, parsed, sources_of

NAME = "exception_reducers.py"
"""The file, unless ``portable_errors_reducers`` names another."""
_MOST_FILES = 20_000  # of a project, that are looked at


def reducers_place(options: Options) -> tuple[Path, str]:
    """The file for reducers of others' classes, its links resolved, and its dotted name."""
    root = Path(os.path.realpath(options.root))
    file = options.reducers or default_place(root)
    return file, module_name(file, root)


def default_place(root: Path) -> Path:
    """The file in the project's top package, or in its folder if it has none.

    Of several packages, the one that the project is named after, or else the first.
    """
    packages = packages_of(root)
    wanted = re.sub(r"[-.]+", "_", root.name).lower()
    packages.sort(key=lambda folder: folder.name.lower() != wanted)
    return (packages[0] if packages else root) / NAME


def module_name(file: Path, root: Path) -> str:
    """The dotted name by which the project imports a file of its own.

    As it lies below ``src``, the project's folder, or a folder of ``sys.path`` in it.
    """
    folders = [Path(os.path.realpath(folder)) for folder in sys.path if folder]
    sources = [root / "src", *(folder for folder in folders if root in folder.parents), root]
    for source in sorted(sources, key=lambda folder: -len(folder.parts)):
        if source in file.parents and not (source / "__init__.py").is_file():
            return ".".join(file.relative_to(source).with_suffix("").parts)
    return file.stem


def is_imported(file: Path, module: str, root: Path) -> bool:
    """Whether a module of the project imports the one of that name; tests do not count."""
    package, _, name = module.rpartition(".")
    for number, source in enumerate(sources_of(root)):
        if number >= _MOST_FILES:
            return True  # nobody can tell
        if source == file:
            continue
        try:
            text = source.read_bytes()
            if name.encode() in text and _imports(parsed(text), package, name):
                return True
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
    return False


def _imports(tree: ast.Module, package: str, name: str) -> bool:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            if any(alias.name == f"{package}.{name}".lstrip(".") for alias in node.names):
                return True
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if any(alias.name == name for alias in node.names) and (
                node.level or module == package
            ):
                return True
            if module.rpartition(".")[2] == name and (node.level or module == f"{package}.{name}"):
                return True
    return False
