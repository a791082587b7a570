"""Writes a method as its file would have it: indented, annotated and quoted alike."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize

from pytest_portable_errors.repair.source_file import (
    BOM,
    INDENT,
    Definition,
    MethodEdit,
    SourceFile,
    first_line,
)

_IMPORTS = re.compile(r"(?:^    import \w+\n)+(?:^    from [\w.]+ import \w+\n)*", re.MULTILINE)
_ANY = re.compile(r": Any\b|, Any\]")  # as annotations have it
_DEFINITION = re.compile(r"def (?P<name>\w+)\((?P<parameters>[^)]*)\):")


def unit_of(file: SourceFile, cls: ast.ClassDef) -> str:
    """How far a body is indented: the class's own, or else the first of the file."""
    for node in (*ast.walk(cls), *ast.walk(file.tree)):
        body = getattr(node, "body", None)
        if not (isinstance(body, list) and body and isinstance(node, ast.stmt)):
            continue
        outer, inner = file.indent(node.lineno), file.indent(first_line(body[0]))
        stands_alone = not file.before(body[0]).strip()
        if stands_alone and inner.startswith(outer) and inner != outer:
            return inner[len(outer) :]
    return "    "


def method_lines(
    file: SourceFile, cls: ast.ClassDef, edit: MethodEdit, *, indent: str, newline: str
) -> list[str]:
    """The lines of the method as the file would have them."""
    code = edit.code.rstrip("\n") + "\n"
    if _annotates(file, cls):
        code = annotated(code)
    if _uses_single_quotes(file):
        code = re.sub(r'(?<!")"(?!")', "'", code)
    unit = unit_of(file, cls)
    lines = [
        line and INDENT.sub(lambda found: unit * (len(found[1]) // 4), line, count=1)
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


def _annotates(file: SourceFile, cls: ast.ClassDef) -> bool:
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


def _uses_single_quotes(file: SourceFile) -> bool:
    """Whether texts in the file stand between single quotes alone, but for documentation."""
    text = io.StringIO(file.text.removeprefix(BOM), newline=None)
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
