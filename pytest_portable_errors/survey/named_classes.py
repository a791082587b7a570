"""The exception classes that a project's own code names in an ``except`` or a ``raise``."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from pytest_portable_errors.report.libraries import SurveyedClass
from pytest_portable_errors.survey.project_modules import parsed, sources_of

_MOST_FILES = 20_000  # of a project, that are looked at
_DEEPEST = 10  # names that stand for others


def names_in_project(root: Path) -> dict[str, str]:
    """Read the project's sources; its tests are left out.

    Args:
        root: The project's folder.

    Returns:
        Dotted name, as the file's imports make it, -> the first place that names it:
        ``shop/api.py:12 except``; one of an ``except`` if there is any.
    """
    names: dict[str, str] = {}
    for number, source in enumerate(sources_of(root)):
        if number >= _MOST_FILES:
            break
        try:
            tree = parsed(source.read_bytes())
        except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        for name, line, how in _named(tree):
            place = f"{source.relative_to(root).as_posix()}:{line} {how}"
            if name not in names or (catches(place) and not catches(names[name])):
                names[name] = place
    return names


def catches(place: str) -> bool:
    """Whether a class is named in an ``except``, which its subclasses meet as well."""
    return place.rpartition(" ")[2] == "except"


def classes_named(classes: Sequence[SurveyedClass], names: Mapping[str, str]) -> dict[str, str]:
    """Which classes of a library a project names: by one of their names, or by that of a base.

    Args:
        classes: The library's.
        names: What ``names_in_project`` gives.

    Returns:
        Dotted name of the class -> the place.
    """
    aliases: dict[str, tuple[str, ...]] = {}
    for one in classes:  # some have several rows, and one that could not be built has no names
        aliases[one["cls"]] = (*aliases.get(one["cls"], (one["cls"],)), *one["names"])
    return {
        one["cls"]: place
        for one in classes
        if (place := _place(one["cls"], one["bases"], aliases, names)) is not None
    }


def _place(
    cls: str,
    bases: Iterable[str],
    aliases: Mapping[str, tuple[str, ...]],
    names: Mapping[str, str],
) -> str | None:
    for one in (cls, *bases):
        for name in aliases.get(one, (one,)):
            if name in names and (one == cls or catches(names[name])):
                return names[name]
    return None


def _named(tree: ast.Module) -> Iterator[tuple[str, int, str]]:
    """Name, line, and ``except`` or ``raise``, of what is named by an import."""
    imported = dict(_imported(tree))
    assigned = dict(_assigned(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and node.type is not None:
            types = list(_types(node.type, assigned))
            how = "except"
        elif isinstance(node, ast.Raise) and node.exc is not None:
            types, how = [node.exc.func if isinstance(node.exc, ast.Call) else node.exc], "raise"
        else:
            continue
        for expression in types:
            head, *rest = _parts(expression)
            if head in imported:
                yield ".".join((imported[head], *rest)), expression.lineno, how


def _assigned(tree: ast.Module) -> Iterator[tuple[str, ast.expr]]:
    """What stands for a name at the top of a module: ``RETRIED = (OSError, grpc.RpcError)``."""
    for node in tree.body:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                if isinstance(target, ast.Name):
                    yield target.id, node.value
        elif isinstance(node, ast.AnnAssign) and node.value and isinstance(node.target, ast.Name):
            yield node.target.id, node.value


def _types(node: ast.expr, assigned: Mapping[str, ast.expr], depth: int = 0) -> Iterator[ast.expr]:
    """The classes of an ``except``: of a tuple, of several that are added, of one with a name."""
    if depth > _DEEPEST:
        return
    if isinstance(node, ast.Tuple):
        parts = node.elts
    elif isinstance(node, ast.BinOp):
        parts = [node.left, node.right]
    elif isinstance(node, ast.Starred):
        parts = [node.value]
    elif isinstance(node, ast.Name) and node.id in assigned:
        parts = [assigned[node.id]]
    else:
        yield node
        return
    for part in parts:
        yield from _types(part, assigned, depth + 1)


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What each name stands for that an import of others' modules binds."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                top = alias.name.partition(".")[0]
                yield (alias.asname, alias.name) if alias.asname else (top, top)
        elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
            for alias in node.names:
                yield alias.asname or alias.name, f"{node.module}.{alias.name}"


def _parts(expression: ast.expr) -> list[str]:
    """The parts of a dotted name; a list with "" for any other expression."""
    if isinstance(expression, ast.Name):
        return [expression.id]
    if isinstance(expression, ast.Attribute):
        return [*_parts(expression.value), expression.attr]
    return [""]
