"""Makes the text of the module that has the reducers for classes of other people's libraries.

Between two marks it is ours, and the same for the same classes; around them it is the project's.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.diagnosis.reducers_text import BEGIN, END, generated_part

_HEAD = '''"""Lets exceptions of other people's libraries survive the trip to another process.

Import this module where your worker starts: {import_line}
"""

'''
_GENERATED = re.compile(
    rf"^{re.escape(BEGIN)}.*?^{re.escape(END)}[^\n]*(?:\n|\Z)", re.DOTALL | re.MULTILINE
)


class NotOurs(Exception):
    """A file cannot be kept up: its text says why."""


def table_of(text: str) -> Table:
    """Read the table back out of a module's text; an empty one if it has no generated part.

    Raises:
        NotOurs: The part is there, and was changed by hand so that it cannot be read.
    """
    found = _GENERATED.search(text)
    if found is None:
        if BEGIN in text or END in text:
            raise NotOurs("one of its two marks is missing")
        return Table()
    try:
        values = dict(_tables(ast.parse(found[0])))
        return Table(
            rebuilt=frozenset(values["REBUILT"]),
            added=frozenset(values["ADDED"]),
            left_behind={k: tuple(v) for k, v in values["LEFT_BEHIND"].items()},
            becomes=dict(values["BECOMES"]),
            raised_only=frozenset(values["RAISED_ONLY"]),
            known=frozenset(values["KNOWN"]),
        )
    except (SyntaxError, ValueError, KeyError, TypeError) as error:
        raise NotOurs(f"its generated part cannot be read: {error!r}") from error


def generated(text: str) -> str:
    """The generated part of a module's text; "" if it has none."""
    found = _GENERATED.search(text)
    return found[0] if found is not None else ""


def _tables(tree: ast.Module) -> Iterator[tuple[str, Any]]:
    """Names and values of the tables that a module assigns."""
    for node in tree.body:
        if (
            isinstance(node, ast.AnnAssign)
            and isinstance(node.target, ast.Name)
            and node.target.id in _TABLES
            and node.value is not None
        ):
            yield node.target.id, ast.literal_eval(node.value)


_TABLES = ("REBUILT", "ADDED", "LEFT_BEHIND", "BECOMES", "RAISED_ONLY", "KNOWN")


def module_text(before: str | None, table: Table, module: str) -> str:
    """The text of the module with another table.

    Args:
        before: Its text until now; None if there is none.
        table: What it is to do.
        module: Its dotted name.

    Returns:
        The text: what stands outside the marks as it was.

    Raises:
        NotOurs: One of the marks is missing.
    """
    part = generated_part(table)
    if before is None:
        return _HEAD.format(import_line=import_line(module)) + part
    if "\r\n" in before:
        part = part.replace("\n", "\r\n")
    found = _GENERATED.search(before)
    if found is None:
        if BEGIN in before or END in before:
            raise NotOurs("one of its two marks is missing")
        gap = "\r\n" * 3 if "\r\n" in before else "\n" * 3
        return f"{before.rstrip()}{gap}{part}" if before.strip() else part
    if _are_same(found[0], part):
        return before
    return f"{before[: found.start()]}{part}{before[found.end() :]}"


def _are_same(one: str, other: str) -> bool:
    """Whether two texts are one program, as before and after a formatter."""
    try:
        return ast.dump(ast.parse(one)) == ast.dump(ast.parse(other))
    except (SyntaxError, ValueError):
        return False


def import_line(module: str) -> str:
    """The line that a worker's entry point needs."""
    package, _, name = module.rpartition(".")
    return f"from {package} import {name}" if package else f"import {name}"
