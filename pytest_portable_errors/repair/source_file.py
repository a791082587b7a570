"""A source file as lines, and the method that a class of it is to have."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines also splits at a form feed
INDENT = re.compile(r"\f?([ \t]*)")
BOM = "\ufeff"
Definition = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodEdit:
    """A method that a class is to have."""

    qualname: str
    """The class's qualified name: ``Order.NotFound``, ``make.<locals>.Made``."""
    name: str
    """The method's: ``__reduce__``."""
    code: str
    """The method, not indented, without annotations and with double quotes."""
    lines: tuple[int, ...] = ()
    """Lines, from 1, that lie in the class meant, where several have its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceFile:
    """A source file, taken apart."""

    text: str
    lines: list[str]
    """With their line breaks."""
    tree: ast.Module

    def indent(self, number: int) -> str:
        """The white space at the beginning of a line, which is counted from 1."""
        match = INDENT.match(self.lines[number - 1])
        return match[1] if match else ""

    def newline(self, number: int) -> str:
        """How a line ends; as the first line of the file does, where it is the last."""
        for line in (self.lines[number - 1], self.lines[0]):
            ending = line[len(line.rstrip("\r\n")) :]
            if ending:
                return ending
        return "\n"

    def before(self, statement: ast.stmt) -> str:
        """What stands on a statement's line before it; columns are counted in UTF-8 by the tree."""
        return self._split(statement.lineno, statement.col_offset)[0]

    def behind(self, statement: ast.stmt) -> str:
        """What stands on a statement's last line behind it, without the line break."""
        return self._split(last_line(statement), statement.end_col_offset or 0)[1].rstrip("\r\n")

    def since(self, statement: ast.stmt) -> str:
        """What stands on a statement's line from its beginning on, without the line break."""
        return self._split(statement.lineno, statement.col_offset)[1].rstrip("\r\n")

    def _split(self, number: int, column: int) -> tuple[str, str]:
        line = self.lines[number - 1]
        if number == 1 and line.startswith(BOM):  # it counts for no column
            column += len(BOM.encode())
        encoded = line.encode()
        return encoded[:column].decode(), encoded[column:].decode()

    def is_blank(self, number: int) -> bool:
        """Whether a line has nothing but white space."""
        return not self.lines[number - 1].strip()


def first_line(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def last_line(node: ast.stmt) -> int:
    """The last line of a statement."""
    return node.end_lineno or node.lineno
