"""The rule for a receiver whose Python is older than what the payload was made for."""

from __future__ import annotations

import ast
import builtins
import sys
from collections.abc import Iterator
from pathlib import Path

from pytest_portable_errors.diagnosis.cause_names import RECEIVER_TOO_OLD
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loads_failed import is_import_failure
from pytest_portable_errors.diagnosis.pickle_machine import Global
from pytest_portable_errors.diagnosis.pickle_paths import path_of
from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.receiver.described import ErrorRecord, Stage

_HERE = sys.version_info[:2]
_NEW_MODULES = {
    "zoneinfo": (3, 9),
    "graphlib": (3, 9),
    "tomllib": (3, 11),
    "wsgiref.types": (3, 11),
    "asyncio.taskgroups": (3, 11),
    "asyncio.timeouts": (3, 11),
    "importlib.resources.abc": (3, 11),
    "pathlib._local": (3, 13),
    "annotationlib": (3, 14),
    "compression": (3, 14),
    "concurrent.interpreters": (3, 14),
    "string.templatelib": (3, 14),
    "profiling": (3, 15),
}
"""Modules of the standard library, and the versions that brought them ("What's New In Python")."""
# Errors with which the import of a module ends that uses what its Python does not know. PEP 604's
# `int | None` and PEP 585's `list[int]` are TypeErrors there. Before 3.10 a NameError has no name.
_OF_OLD_PYTHONS = ("builtins.SyntaxError", "builtins.TypeError", "builtins.NameError")


def receiver_too_old(facts: Facts) -> Diagnosis | None:
    """The receiver's Python lacks what the payload or its modules use: syntax, or a name.

    A name is one of the standard library, or a built-in one, that this Python has.
    """
    error = facts.error
    if facts.stage is not Stage.LOADS or error is None or "python" not in error:
        return None
    version = error["python"]
    if version >= _HERE:
        return None
    its_own = f"the receiver's is {_text(version)}"
    if facts.missing and is_import_failure(facts):
        module, qualname, _ = facts.missing[0]
        if _is_standard(module):
            path = path_of(Global(module, qualname), facts.reading.root) or "exc"
            needed = _came_with(module, version)
            what = module if module in _NEW_MODULES else f"{module}.{qualname}"
            return Diagnosis(
                cause=RECEIVER_TOO_OLD,
                why=f"{path} was pickled by Python {_text(_HERE)}, and needs "
                f"{_or_later(needed, version)}: {what}\n{its_own}",
                evidence=(path, f"{module}.{qualname}", _text(version)),
            )
    importing = _importing(facts)
    if importing is None:
        return None
    lacked = _lacked(error)
    if lacked is not None:
        needed = _came_with(lacked, version)
        says = f"Python {_text(_HERE)} has it; {its_own}"
        if needed is not None:
            says = f"that came with Python {_text(needed)}, and {its_own}"
    elif error["type"] in _OF_OLD_PYTHONS:
        needed = _syntax_of(error.get("file"), version)
        says = f"it is written for {_or_later(needed, version)}, and {its_own}"
    else:
        return None
    return Diagnosis(
        cause=RECEIVER_TOO_OLD,
        why=f"importing {importing} in the receiver raised {error_text(error)}\n{says}",
        evidence=(importing, lacked or error["type"], _text(version)),
    )


def _importing(facts: Facts) -> str | None:
    """The module whose import failed; None where something else did."""
    if facts.missing and is_import_failure(facts):
        return facts.missing[0][0]
    subject = None if facts.failure is None else facts.failure.subject
    return subject.module if isinstance(subject, Global) else None


def _lacked(error: ErrorRecord) -> str | None:
    """What the receiver's Python lacks and this one has; None where the error says nothing."""
    name = error.get("module")
    if error["type"] == "builtins.NameError":
        return name if name is not None and hasattr(builtins, name) else None
    return name if name is not None and _is_standard(name) else None


def _is_standard(module: str) -> bool:
    return module.partition(".")[0] in sys.stdlib_module_names


def _came_with(module: str, version: tuple[int, int]) -> tuple[int, int] | None:
    """The version that brought a module, or a part of it; None if nothing tells.

    Where the receiver's is the version before this one, it is this one.
    """
    for name, came in _NEW_MODULES.items():
        if (module == name or module.startswith(f"{name}.")) and version < came <= _HERE:
            return came
    return _HERE if version == (_HERE[0], _HERE[1] - 1) else None


def _or_later(needed: tuple[int, int] | None, version: tuple[int, int]) -> str:
    """``Python 3.13 or later``, or what is known of it."""
    if needed is None:
        return f"a later Python than {_text(version)} (this is {_text(_HERE)})"
    return f"Python {_text(needed)} or later"


def _text(version: tuple[int, int]) -> str:
    return "{}.{}".format(*version)


def _syntax_of(file: str | None, version: tuple[int, int]) -> tuple[int, int] | None:
    """The version of Python that a file's syntax needs, if it is later than the receiver's.

    None where that cannot be told: the file cannot be read here, or has nothing new that is known.
    """
    try:
        source = Path(file or "").read_text(encoding="utf-8")
        tree = ast.parse(source)
    except (OSError, SyntaxError, ValueError):
        return None
    needed = next(
        later
        for later in ((3, minor) for minor in range(version[1], _HERE[1] + 1))
        if _parses(source, later)
    )
    needed = max([needed, *_new_syntax(source, tree)])
    return needed if needed > version else None


def _parses(source: str, version: tuple[int, int]) -> bool:
    try:
        ast.parse(source, feature_version=version)
    except SyntaxError:
        return False
    return True


def _new_syntax(source: str, tree: ast.AST) -> Iterator[tuple[int, int]]:
    """Versions of the syntax that ``ast.parse`` takes whatever its ``feature_version``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and _nests_quotes(source, node):
            yield 3, 12  # PEP 701
        if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            is_starred = any(isinstance(part, ast.Starred) for part in node.slice.elts)
            if is_starred and not _text_of(source, node.slice).startswith("("):
                yield 3, 11  # PEP 646
        if getattr(node, "is_lazy", 0) or (
            isinstance(node, (ast.ListComp, ast.SetComp, ast.GeneratorExp))
            and isinstance(node.elt, ast.Starred)
        ):
            yield 3, 15  # PEP 810, PEP 798


def _nests_quotes(source: str, text: ast.JoinedStr) -> bool:
    """Whether the quotes around an f-string are used inside its braces as well."""
    delimiter = _text_of(source, text).lstrip("fFrR")
    quote = delimiter[:3] if delimiter[:3] in ('"""', "'''") else delimiter[:1]
    return any(
        quote in _text_of(source, part.value)
        for part in text.values
        if isinstance(part, ast.FormattedValue)
    )


def _text_of(source: str, node: ast.expr) -> str:
    return ast.get_source_segment(source, node) or ""
