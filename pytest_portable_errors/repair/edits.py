"""Plans the edit of one class in a source file: a method is added, or put in place of its own.

All else of the file stays as it is, byte for byte. Nothing is written here.
"""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")  # str.splitlines also splits at a form feed
_INDENT = re.compile(r"\f?([ \t]*)")
_BOM = "\ufeff"
_IMPORTS = re.compile(r"(?:^    import \w+\n)+(?:^    from [\w.]+ import \w+\n)*", re.MULTILINE)
_ANY = re.compile(r": Any\b|, Any\]")  # as annotations have it
_DEFINITION = re.compile(r"def (?P<name>\w+)\((?P<parameters>[^)]*)\):")

Definition = ast.FunctionDef | ast.AsyncFunctionDef


class CannotEdit(Exception):
    """The edit cannot be made; its text says why."""


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
    file = _File(text=text, lines=_LINE.findall(text), tree=tree)
    result = "".join(_replaced(file, cls, edit) or _inserted(file, cls, edit))
    data = result.encode(encoding)
    _check(tree, data, edit)
    return data


def _parsed(source: bytes) -> ast.Module:
    """A file's syntax, without the warnings of Python, which it gives for old escapes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(source)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    text: str
    lines: list[str]
    """With their line breaks."""
    tree: ast.Module

    def indent(self, number: int) -> str:
        """The white space at the beginning of a line, which is counted from 1."""
        match = _INDENT.match(self.lines[number - 1])
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
        return self._split(_last(statement), statement.end_col_offset or 0)[1].rstrip("\r\n")

    def since(self, statement: ast.stmt) -> str:
        """What stands on a statement's line from its beginning on, without the line break."""
        return self._split(statement.lineno, statement.col_offset)[1].rstrip("\r\n")

    def _split(self, number: int, column: int) -> tuple[str, str]:
        line = self.lines[number - 1]
        if number == 1 and line.startswith(_BOM):  # it counts for no column
            column += len(_BOM.encode())
        encoded = line.encode()
        return encoded[:column].decode(), encoded[column:].decode()

    def is_blank(self, number: int) -> bool:
        return not self.lines[number - 1].strip()


def _class_meant(tree: ast.Module, edit: MethodEdit) -> ast.ClassDef:
    named = [node for name, node in _classes(tree) if name == edit.qualname]
    if not named:
        raise CannotEdit(f"{edit.qualname} is not defined in it by a class statement")
    if len(named) == 1:
        return named[0]
    around = [
        node
        for node in named
        if edit.lines and all(_first(node) <= line <= _last(node) for line in edit.lines)
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


def _first(node: ast.stmt) -> int:
    """The first line of a statement, its decorators included."""
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _last(node: ast.stmt) -> int:
    return node.end_lineno or node.lineno


def _replaced(file: _File, cls: ast.ClassDef, edit: MethodEdit) -> list[str] | None:
    """The lines with the method in place of the class's own; None if it has none of that name."""
    own = [statement for statement in cls.body if _defines(statement, edit.name)]
    if not own:
        return None
    fault, others = own[-1], [one for one in cls.body if one is not own[-1]]
    first, last = _first(fault), _last(fault)
    shares_lines = any(_first(one) <= last and _last(one) >= first for one in others)
    has_other_names = isinstance(fault, ast.Assign) and len(fault.targets) > 1
    if len(own) > 1 or shares_lines or has_other_names or file.before(fault).strip():
        raise CannotEdit(
            f"{edit.qualname} defines {edit.name} in a way that is better edited by hand"
        )
    method = _method(file, cls, edit, indent=file.indent(first), newline=file.newline(first))
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


def _inserted(file: _File, cls: ast.ClassDef, edit: MethodEdit) -> list[str]:
    if file.before(cls.body[0]).strip():
        return _after_header(file, cls, edit)
    constructors = [
        one for one in cls.body if isinstance(one, Definition) and one.name == "__init__"
    ]
    indent = file.indent(_first(cls.body[0]))
    after = _last(constructors[-1]) if constructors else _last(cls.body[-1])
    is_last = not constructors or constructors[-1] is cls.body[-1]
    after = _with_comments(file, after, len(indent.expandtabs()), includes_own=is_last)
    newline = file.newline(cls.lineno)
    method = _method(file, cls, edit, indent=indent, newline=newline)
    lines = list(file.lines)
    if not lines[after - 1].endswith(("\r", "\n")):
        lines[after - 1] += newline
    has_gap = after >= len(lines) or file.is_blank(after + 1)
    gap = [] if has_gap or is_last else [newline]
    return [*lines[:after], newline, *method, *gap, *lines[after:]]


def _after_header(file: _File, cls: ast.ClassDef, edit: MethodEdit) -> list[str]:
    """For ``class A(Exception): pass``: the body goes to lines of its own, and ``pass`` goes."""
    number = cls.body[0].lineno
    head = file.before(cls.body[0]).rstrip()
    if _last(cls.body[-1]) != number:
        raise CannotEdit(f"the body of {edit.qualname} begins on the line of its class statement")
    newline = file.newline(number)
    class_indent = file.indent(cls.lineno)
    indent = class_indent + _unit(file, cls)
    method = _method(file, cls, edit, indent=indent, newline=newline)
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


def _unit(file: _File, cls: ast.ClassDef) -> str:
    """How far a body is indented: the class's own, or else the first of the file."""
    for node in (*ast.walk(cls), *ast.walk(file.tree)):
        body = getattr(node, "body", None)
        if not (isinstance(body, list) and body and isinstance(node, ast.stmt)):
            continue
        outer, inner = file.indent(node.lineno), file.indent(_first(body[0]))
        stands_alone = not file.before(body[0]).strip()
        if stands_alone and inner.startswith(outer) and inner != outer:
            return inner[len(outer) :]
    return "    "


def _with_comments(file: _File, after: int, width: int, *, includes_own: bool) -> int:
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


def _method(
    file: _File, cls: ast.ClassDef, edit: MethodEdit, *, indent: str, newline: str
) -> list[str]:
    """The lines of the method as the file would have them."""
    code = edit.code.rstrip("\n") + "\n"
    if _annotates(file, cls):
        code = annotated(code)
    if _uses_single_quotes(file):
        code = re.sub(r'(?<!")"(?!")', "'", code)
    unit = _unit(file, cls)
    lines = [
        line and _INDENT.sub(lambda found: unit * (len(found[1]) // 4), line, count=1)
        for line in code.splitlines()
    ]
    shifted = textwrap.indent("\n".join(lines), indent).split("\n")
    return [f"{line}{newline}" for line in shifted]


def annotated(code: str) -> str:
    """The code of a method with annotations, which ``mypy --strict`` asks for."""

    def annotate(found: re.Match[str]) -> str:
        names = [name.strip() for name in found["parameters"].split(",")]
        typed = [_TYPES.get(name, name) for name in names]
        returned = _RETURNED.get(found["name"], "tuple[object, ...]")
        return f"def {found['name']}({', '.join(typed)}) -> {returned}:"

    typed = _DEFINITION.sub(annotate, code)
    typed = typed.replace('state = {"args": args}', 'state: dict[str, Any] = {"args": args}')
    if _ANY.search(typed):
        typed = _IMPORTS.sub(_with_any, typed, 1)
    return typed


def _with_any(imports: re.Match[str]) -> str:
    """Imports at the top of a function with one of ``Any``, sorted as isort and ruff do."""
    lines = [*imports[0].splitlines(keepends=True), "    from typing import Any\n"]
    return "".join(sorted(lines, key=lambda line: (line.split()[0] == "from", line)))


# mypy lets a method take more than the one that it overrides, never less.
_TYPES = {
    "protocol": "protocol: object",
    "held": "held: BaseException",
    "path": "path: tuple[int, ...]",
    "exc": "exc: BaseException",
    "value": "value: Any",
}
_RETURNED = {"__init__": "None", "safe": "object", "linked": "object"}


def _annotates(file: _File, cls: ast.ClassDef) -> bool:
    """Whether the class's methods are annotated; without any, the functions of the file."""
    for node in (cls, file.tree):
        functions = [one for one in ast.walk(node) if isinstance(one, Definition)]
        if functions:
            return any(
                one.returns is not None
                or any(
                    argument.annotation is not None
                    for argument in (*one.args.posonlyargs, *one.args.args, *one.args.kwonlyargs)
                )
                for one in functions
            )
    return True


def _uses_single_quotes(file: _File) -> bool:
    """Whether texts in the file stand between single quotes alone, but for documentation."""
    text = io.StringIO(file.text.removeprefix(_BOM), newline=None)
    quotes: set[str] = set()
    depth = 0  # of f-strings, which are several tokens since Python 3.12
    try:
        for token in tokenize.generate_tokens(text.readline):
            kind = tokenize.tok_name[token.type]
            body = token.string.lstrip("rbfutRBFUT")
            if kind in ("STRING", "FSTRING_START", "TSTRING_START") and not depth:
                quotes |= set() if body.startswith(('"""', "'''")) else {body[:1]}
            depth += kind.endswith("_START") - kind.endswith("_END")
    except (tokenize.TokenError, SyntaxError):
        return False
    return quotes == {"'"}


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
