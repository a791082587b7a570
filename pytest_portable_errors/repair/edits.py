"""Plans the edit of one class in a source file: a method is added, or put in place of its own.

All else of the file stays as it is, byte for byte. Nothing is written here.
"""

from __future__ import annotations

import ast
import io
import tokenize
import warnings
from collections.abc import Iterator, Sequence

from pytest_portable_errors.repair.method_text import method_lines, unit_of
from pytest_portable_errors.repair.source_file import (
    LINE,
    Definition,
    MethodEdit,
    SourceFile,
    first_line,
    last_line,
)


class CannotEdit(Exception):
    """The edit cannot be made; its text says why."""


def edited(source: bytes, edit: MethodEdit) -> bytes:
    """Return a source file in which a class has a method.

    The method stands where the class's own of that name stood; else after ``__init__``, else at the
    end of the class's body. It is annotated and quoted as the file is.

    Args:
        source: The file.
        edit: The method, and its class.

    Raises:
        CannotEdit: The file is none that this Python can read, has no such class or several that
            cannot be told apart, or the method at fault is not a statement of its own.
    """
    try:
        tree = _parsed(source)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
        encoding = encoding.removesuffix("-sig")
        text = source.decode(encoding)
        is_kept = text.encode(encoding) == source
    except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError) as error:
        raise CannotEdit(f"its source cannot be read: {error}") from error
    if not is_kept:  # UTF-7 and its like have several forms of one text
        raise CannotEdit(f"in its encoding, {encoding}, all else of it would not stay as it is")
    cls = _class_meant(tree, edit)
    file = SourceFile(text=text, lines=LINE.findall(text), tree=tree)
    result = "".join(_replaced(file, cls, edit) or _inserted(file, cls, edit))
    data = result.encode(encoding)
    _check(tree, data, edit)
    return data


def _parsed(source: bytes) -> ast.Module:
    """A file's syntax, without the warnings of Python, which it gives for old escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


def _class_meant(tree: ast.Module, edit: MethodEdit) -> ast.ClassDef:
    named = [node for name, node in _classes(tree) if name == edit.qualname]
    if not named:
        raise CannotEdit(f"{edit.qualname} is not defined in it by a class statement")
    if len(named) == 1:
        return named[0]
    around = [
        node
        for node in named
        if edit.lines and all(first_line(node) <= line <= last_line(node) for line in edit.lines)
    ]
    if len(around) != 1:
        places = ", ".join(str(node.lineno) for node in named)
        raise CannotEdit(f"several classes in it are called {edit.qualname} (lines {places})")
    return around[0]


def _classes(tree: ast.Module) -> Iterator[tuple[str, ast.ClassDef]]:
    """All classes of a module, with their qualified names, from its top to its end.

    However deep the module is nested: hundreds of branches are hundreds of levels of a tree.
    """
    nodes: list[tuple[ast.AST, str]] = [(tree, "")]
    while nodes:
        node, prefix = nodes.pop()
        if isinstance(node, ast.ClassDef):
            yield f"{prefix}{node.name}", node
            prefix += f"{node.name}."
        elif isinstance(node, Definition):
            prefix += f"{node.name}.<locals>."
        # Expressions hold no class.
        children = [one for one in ast.iter_child_nodes(node) if not isinstance(one, ast.expr)]
        nodes += [(child, prefix) for child in reversed(children)]


def _replaced(file: SourceFile, cls: ast.ClassDef, edit: MethodEdit) -> list[str] | None:
    """The lines with the method in place of the class's own; None if it has none of that name."""
    own = [statement for statement in cls.body if _defines(statement, edit.name)]
    if not own:
        return None
    fault, others = own[-1], [one for one in cls.body if one is not own[-1]]
    first, last = first_line(fault), last_line(fault)
    shares_lines = any(first_line(one) <= last and last_line(one) >= first for one in others)
    has_other_names = isinstance(fault, ast.Assign) and len(fault.targets) > 1
    if len(own) > 1 or shares_lines or has_other_names or file.before(fault).strip():
        raise CannotEdit(
            f"{edit.qualname} defines {edit.name} in a way that is better edited by hand"
        )
    method = method_lines(file, cls, edit, indent=file.indent(first), newline=file.newline(first))
    if not file.lines[last - 1].endswith(("\r", "\n")):
        method[-1] = method[-1].rstrip("\r\n")
    return [*file.lines[: first - 1], *method, *file.lines[last:]]


def _defines(statement: ast.stmt, name: str) -> bool:
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return statement.name == name
    if isinstance(statement, ast.Assign):
        targets: Sequence[ast.expr] = statement.targets
    elif isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    else:
        return False
    return any(isinstance(target, ast.Name) and target.id == name for target in targets)


def _inserted(file: SourceFile, cls: ast.ClassDef, edit: MethodEdit) -> list[str]:
    if file.before(cls.body[0]).strip():
        return _after_header(file, cls, edit)
    constructors = [
        one for one in cls.body if isinstance(one, Definition) and one.name == "__init__"
    ]
    indent = file.indent(first_line(cls.body[0]))
    after = last_line(constructors[-1]) if constructors else last_line(cls.body[-1])
    is_last = not constructors or constructors[-1] is cls.body[-1]
    after = _with_comments(file, after, len(indent.expandtabs()), includes_own=is_last)
    newline = file.newline(cls.lineno)
    method = method_lines(file, cls, edit, indent=indent, newline=newline)
    lines = list(file.lines)
    if not lines[after - 1].endswith(("\r", "\n")):
        lines[after - 1] += newline
    has_gap = after >= len(lines) or file.is_blank(after + 1)
    gap = [] if has_gap or is_last else [newline]
    return [*lines[:after], newline, *method, *gap, *lines[after:]]


def _after_header(file: SourceFile, cls: ast.ClassDef, edit: MethodEdit) -> list[str]:
    """For ``class A(Exception): pass``: the body goes to lines of its own, and ``pass`` goes."""
    number = cls.body[0].lineno
    head = file.before(cls.body[0]).rstrip()
    if last_line(cls.body[-1]) != number:
        raise CannotEdit(f"the body of {edit.qualname} begins on the line of its class statement")
    newline = file.newline(number)
    class_indent = file.indent(cls.lineno)
    indent = class_indent + unit_of(file, cls)
    method = method_lines(file, cls, edit, indent=indent, newline=newline)
    if len(cls.body) == 1 and _is_placeholder(cls.body[0]):
        comment = file.behind(cls.body[0]).lstrip("; \t\f").rstrip()
        start = [f"{head}{f'  {comment}' if comment.startswith('#') else ''}{newline}"]
    else:
        start = [f"{head}{newline}", f"{indent}{file.since(cls.body[0])}{newline}", newline]
    return [*file.lines[: number - 1], *start, *method, *file.lines[number:]]


def _is_placeholder(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Pass) or (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and statement.value.value is Ellipsis
    )


def _with_comments(file: SourceFile, after: int, width: int, *, includes_own: bool) -> int:
    """The last line of a statement, with the comments below that belong to it.

    Args:
        file: The file.
        after: The statement's last line.
        width: How far the class's body is indented.
        includes_own: Whether comments at that very indentation belong to it too, because no
            statement of the body follows.
    """
    found, number = after, after + 1
    while number <= len(file.lines):
        stripped = file.lines[number - 1].strip()
        indented = len(file.indent(number).expandtabs())
        if stripped and not (
            stripped.startswith("#") and (indented > width or (includes_own and indented == width))
        ):
            break
        if stripped:
            found = number
        number += 1
    return found


def _check(before: ast.Module, data: bytes, edit: MethodEdit) -> None:
    """See that the file is the same but for the method.

    Raises:
        CannotEdit: It is not.
    """
    try:
        after = _parsed(data)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise CannotEdit(f"the edit would not be Python: {error}") from error
    if not _are_same(_without(before, edit), _without(after, edit)):
        raise CannotEdit(f"the edit would change more than {edit.qualname}.{edit.name}")


def _without(tree: ast.Module, edit: MethodEdit) -> ast.Module:
    """A module's syntax without that method of classes of that name, and without ``pass``.

    The tree itself is changed.
    """
    for name, cls in _classes(tree):
        if name == edit.qualname:
            cls.body = [
                one for one in cls.body if not _defines(one, edit.name) and not _is_placeholder(one)
            ]
    return tree


def _are_same(one: object, other: object) -> bool:
    """Whether two pieces of syntax are the same, wherever they stand, however deep they are."""
    pairs = [(one, other)]
    while pairs:
        left, right = pairs.pop()
        if type(left) is not type(right):
            return False
        if isinstance(left, ast.AST):
            pairs += [(getattr(left, n, None), getattr(right, n, None)) for n in left._fields]
        elif isinstance(left, list) and isinstance(right, list):
            if len(left) != len(right):
                return False
            pairs += zip(left, right, strict=True)
        elif repr(left) != repr(right):  # 0.0 == -0.0
            return False
    return True
