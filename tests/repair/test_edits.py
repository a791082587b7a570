"""A method goes into its class, and every other byte of the file stays."""

from __future__ import annotations

import ast
import codecs
import importlib.util
import subprocess
import sys
import warnings
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipe_target import Named, Target
from pytest_portable_errors.diagnosis.recipes import (
    AsCalled,
    ByConstructor,
    Downgrade,
    Recipe,
    WithoutInit,
)
from pytest_portable_errors.repair.edits import CannotEdit, edited
from pytest_portable_errors.repair.method_text import annotated
from pytest_portable_errors.repair.source_file import MethodEdit

CODE = '''\
def __reduce__(self):
    """Pickle it."""
    state = {"args": self.args}
    for name in ("a",):
        state[name] = None
    return type(self), (), state
'''
BARE = """\
def __reduce__(self):
    return type(self), ()
"""


def plain(source: str, qualname: str = "A", code: str = BARE, *lines: int) -> str:
    """The file edited, with the short method unless another is named."""
    edit = MethodEdit(qualname=qualname, name="__reduce__", code=code, lines=lines)
    return edited(source.encode(), edit).decode()


def refusal(source: str | bytes, qualname: str = "A", *lines: int) -> str:
    edit = MethodEdit(qualname=qualname, name="__reduce__", code=BARE, lines=lines)
    with pytest.raises(CannotEdit) as caught:
        edited(source.encode() if isinstance(source, str) else source, edit)
    return str(caught.value)


# --- where it goes


def test_after_the_constructor() -> None:
    before = (
        "class A(E):\n    def __init__(self):\n        pass\n\n    def b(self):\n        pass\n"
    )
    assert plain(before) == before.replace(
        "        pass\n\n    def b",
        "        pass\n\n    def __reduce__(self):\n        return type(self), ()\n\n    def b",
    )


def test_at_the_end_of_a_body_without_one() -> None:
    before = "class A(E):\n    x = 1\n\n    def b(self):\n        pass\n\n\nx = 1\n"
    assert plain(before) == before.replace(
        "        pass\n\n\n",
        "        pass\n\n    def __reduce__(self):\n        return type(self), ()\n\n\n",
    )


def test_in_place_of_the_class_s_own_with_its_decorators() -> None:
    before = "class A(E):\n    # why\n    @wrapped\n    # how\n    def __reduce__(self):\n        return 1  # no\n    x = 1\n"
    assert (
        plain(before)
        == "class A(E):\n    # why\n    def __reduce__(self):\n        return type(self), ()\n    x = 1\n"
    )


def test_in_place_of_one_that_is_assigned() -> None:
    before = "class A(E):\n    def b(self): ...\n    __reduce__ = E.__reduce__\n    x = 1\n"
    assert plain(before).splitlines()[2:] == [
        "    def __reduce__(self):",
        "        return type(self), ()",
        "    x = 1",
    ]


def test_at_the_end_of_a_file_without_a_last_line_break() -> None:
    before = "class A(E):\n    def __init__(self):\n        pass"
    assert (
        plain(before) == f"{before}\n\n    def __reduce__(self):\n        return type(self), ()\n"
    )


def test_in_place_of_the_last_method_of_a_file_without_a_last_line_break() -> None:
    before = "class A(E):\n    def __reduce__(self):\n        return 1"
    assert plain(before) == "class A(E):\n    def __reduce__(self):\n        return type(self), ()"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("class A(E): pass\n", "class A(E):\n"),
        ("class A(E): ...  # plain\n", "class A(E):  # plain\n"),
        ("class A(E): pass;  # plain\n", "class A(E):  # plain\n"),
        ('class A(E): "It."\n', 'class A(E):\n    "It."\n\n'),
        ("class A(E): x = 'ü'; y = 1  # z\n", "class A(E):\n    x = 'ü'; y = 1  # z\n\n"),
        ("class A(\n    E,\n): pass\n", "class A(\n    E,\n):\n"),
        ("@d\nclass A(E): pass\n", "@d\nclass A(E):\n"),
        ("if x:\n  class A(E): pass\n", "if x:\n  class A(E):\n"),
    ],
)
def test_a_class_on_one_line_gets_lines(before: str, after: str) -> None:
    unit = "  " if "if x" in before else "    "
    outer = "  " if "if x" in before else ""
    quoted = BARE.replace('"', "'")
    method = "".join(f"{outer}{unit}{line.replace('    ', unit)}\n" for line in quoted.splitlines())
    following = f"{outer}class B(E): pass\n"
    code = BARE.replace("(self)", "(self)")
    edit = MethodEdit(qualname="A", name="__reduce__", code=code)
    # unannotated, as a function of the file is
    tail = f"{following}def f(a): pass\n"
    assert edited((before + tail).encode(), edit).decode() == after + method + tail


def test_the_first_line_of_a_file_that_begins_with_a_mark_of_its_byte_order() -> None:
    source = codecs.BOM_UTF8 + b"class A(E): pass  # \xc3\xbc\ndef f(a): pass\n"
    edit = MethodEdit(qualname="A", name="__reduce__", code=BARE)
    assert edited(source, edit) == (
        codecs.BOM_UTF8 + b"class A(E):  # \xc3\xbc\n    def __reduce__(self):\n"
        b"        return type(self), ()\ndef f(a): pass\n"
    )


def test_a_mark_of_the_byte_order_stays_where_the_class_has_lines() -> None:
    source = codecs.BOM_UTF8 + b"class A(E):\n    def f(self): pass\n"
    edit = MethodEdit(qualname="A", name="__reduce__", code=BARE)
    assert edited(source, edit).startswith(source)


def test_comments_at_the_end_of_a_body_stay_in_front_of_it() -> None:
    before = "class A(E):\n    def f(self):\n        pass\n    # the end\n\n# of B\nclass B: ...\n"
    assert plain(before).startswith(
        "class A(E):\n    def f(self):\n        pass\n    # the end\n\n    def __reduce__(self):\n"
        "        return type(self), ()\n\n# of B\n"
    )


def test_a_body_that_ends_in_a_nested_class() -> None:
    before = "class A(E):\n    class B(E):\n        def f(self):\n            pass\n        # b\n"
    assert plain(before) == f"{before}\n    def __reduce__(self):\n        return type(self), ()\n"
    assert (
        plain(before, "A.B")
        == f"{before}\n        def __reduce__(self):\n            return type(self), ()\n"
    )


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_line_breaks_are_those_of_the_class(newline: str) -> None:
    before = f"x = 1\nclass A(E):{newline}    def f(self): pass{newline}"
    added = plain(before).removeprefix(before)
    assert (
        added
        == f"{newline}    def __reduce__(self):{newline}        return type(self), (){newline}"
    )


@pytest.mark.parametrize("unit", ["\t", " ", "  ", "      "])
def test_bodies_are_indented_as_the_class_s_are_and_not_as_the_first_of_the_file(unit: str) -> None:
    before = f"if 1:\n   x = 1\nclass A(E):\n{unit}def f(self):\n{unit}{unit}pass\n"
    assert (
        plain(before).removeprefix(before)
        == f"\n{unit}def __reduce__(self):\n{unit}{unit}return type(self), ()\n"
    )


def test_a_header_on_several_lines_is_no_body() -> None:
    before = "def f(a,\n      b): return 1\nclass A(E): pass\n"
    assert plain(before).endswith(
        "class A(E):\n    def __reduce__(self):\n        return type(self), ()\n"
    )


def test_form_feeds_are_no_line_breaks() -> None:
    before = "x = 1\n\f\nclass A(E):\n\f    def f(self):\n        pass\n\f\nclass B: ...\n"
    assert plain(before) == before.replace(
        "        pass\n",
        "        pass\n\n    def __reduce__(self):\n        return type(self), ()\n",
    )
    assert plain("s = 'a\x1c\x85\u2028b'\nclass A(E): x = '\x0c'\n").startswith(
        "s = 'a\x1c\x85\u2028b'\nclass A(E):\n    x = '\x0c'\n\n    def"
    )


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r", "shift_jis", "euc-jp"])
def test_the_file_s_encoding_stays(encoding: str) -> None:
    text = {"koi8-r": "ж", "shift_jis": "表ソ", "euc-jp": "表ソ"}.get(encoding, "é")
    before = (
        f"# -*- coding: {encoding} -*-\nclass A(E): x = '{text}'; y = 1  # {text}\ndef f(a): ...\n"
    )
    edit = MethodEdit(qualname="A", name="__reduce__", code=BARE)
    assert edited(before.encode(encoding), edit) == (
        before.replace("(E): ", "(E):\n    ").replace(
            "\ndef f",
            "\n\n    def __reduce__(self):\n        return type(self), ()\ndef f",
        )
    ).encode(encoding)


def test_an_encoding_with_several_forms_of_a_text_is_refused_where_it_would_change_one() -> None:
    source = b"# coding: utf-7\nx = '+AGE-'\nclass A(E): pass\n"
    assert refusal(source) == "in its encoding, utf-7, all else of it would not stay as it is"


# --- which class


def test_a_decorated_class_a_class_in_a_function_and_one_in_a_branch() -> None:
    before = "@d\nclass A(E):\n    def f(self): ...\n\n\ndef g():\n    if x:\n        pass\n    else:\n        class A(E):\n            def f(self): ...\n"
    assert plain(before).startswith("@d\nclass A(E):\n    def f(self): ...\n\n    def __reduce__")
    assert plain(before, "g.<locals>.A").endswith(
        "            def f(self): ...\n\n            def __reduce__(self):\n                return type(self), ()\n"
    )


TWICE = """\
if TYPE_CHECKING:
    class A(E):
        def f(self): ...
else:
    class A(E):
        def f(self): ...
"""


def test_of_two_classes_of_one_name_the_one_that_holds_the_lines() -> None:
    first, second = plain(TWICE, "A", BARE, 3), plain(TWICE, "A", BARE, 6)
    assert first.index("__reduce__") < first.index("else:")
    assert second.index("__reduce__") > second.index("else:")


@pytest.mark.parametrize("lines", [(), (3, 6), (4,)])
def test_two_classes_that_cannot_be_told_apart_are_refused(lines: tuple[int, ...]) -> None:
    assert refusal(TWICE, "A", *lines) == "several classes in it are called A (lines 2, 5)"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("A = type('A', (Exception,), {})\n", "A is not defined in it by a class statement"),
        ("exec('class A(Exception): pass')\n", "A is not defined in it by a class statement"),
        (
            "class A(E):\n    __reduce__ = f = E.__reduce__\n",
            "A defines __reduce__ in a way that is better edited by hand",
        ),
        (
            "class A(E):\n    x = 1; __reduce__ = E.f\n",
            "A defines __reduce__ in a way that is better edited by hand",
        ),
        (
            "class A(E): __reduce__ = E.f\n",
            "A defines __reduce__ in a way that is better edited by hand",
        ),
        (
            "class A(E):\n    def __reduce__(self): ...\n    def __reduce__(self): ...\n",
            "A defines __reduce__ in a way that is better edited by hand",
        ),
        (
            'class A(E): """Of\nlines."""\n',
            "the body of A begins on the line of its class statement",
        ),
    ],
)
def test_what_is_better_done_by_hand_is_refused(source: str, why: str) -> None:
    assert refusal(source) == why


@pytest.mark.parametrize(
    "source",
    [
        b"class A(E): pass\nmatch x y\n",
        b"class A(E):\n    pass\n  x = 1\n",
        b"# coding: latin-1x\nclass A(E): pass\n",
        b"# coding: rot13\npynff N(R): cnff\n",
        b"class A(E): pass\n# \xe9\n",
        b"class A(E): pass\n\0\n",
        codecs.BOM_UTF16 + "class A(E): pass".encode("utf-16-le"),
    ],
)
def test_what_this_python_cannot_read_is_refused(source: bytes) -> None:
    assert refusal(source).startswith("its source cannot be read: ")


def test_a_body_behind_a_continued_line_is_refused() -> None:
    assert refusal("class A(E): \\\n    pass\n").startswith("the edit would not be Python: ")


def test_a_file_may_be_nested_deeper_than_python_calls_functions() -> None:
    """Adding texts, and branches, are levels of a tree each."""
    branches = "if x == 0:\n    pass\n" + "".join(
        f"elif x == {n}:\n    pass\n" for n in range(1, 1200)
    )
    before = f"{branches}s = {' + '.join(['1'] * 1200)}\nclass A(E):\n    def f(self): ...\n"
    with pytest.raises(RecursionError):  # the control
        ast.dump(ast.parse(before))
    assert plain(before).startswith(before)


def test_old_escapes_are_no_reason_to_refuse_where_warnings_are_errors() -> None:
    before = "x = '\\d'\nclass A(E):\n    def f(self): ...\n"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(SyntaxError):  # the control
            ast.parse(before)
        assert plain(before).startswith(before)


# --- how it is written


@pytest.mark.parametrize(
    ("others", "signature"),
    [
        ("    def f(self) -> None: ...\n", "def __reduce__(self) -> tuple[object, ...]:"),
        ("    def f(self, a: int): ...\n", "def __reduce__(self) -> tuple[object, ...]:"),
        ("    def f(self, a): ...\n", "def __reduce__(self):"),
        ("    x: int = 1\n", "def __reduce__(self) -> tuple[object, ...]:"),
        ("    x: int = 1\n\n\ndef f(a): ...\n", "def __reduce__(self):"),
    ],
)
def test_it_is_annotated_if_the_class_s_methods_are_or_else_the_file_s(
    others: str, signature: str
) -> None:
    assert signature in plain(f"class A(E):\n{others}")


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("x = 'a'\n", "'args'"),
        ("x = 'a'\ny = \"it's\"\n", '"args"'),
        ("", '"args"'),
        ("x = f'{y}'\n", "'args'"),
        ("x = f'{y}'\nz = f\"{y}\"\n", '"args"'),
        ("'''Doc.'''\nx = 'a'\n", "'args'"),
        ("x = 'a'\r# \"b\"\r", "'args'"),
    ],
)
def test_it_is_quoted_as_the_file_is(text: str, quoted: str) -> None:
    assert f"{{{quoted}: self.args}}" in plain(
        f"{text}class A(E):\n    def f(self): ...\n", "A", CODE
    )


def test_a_name_like_a_type_s_brings_no_import() -> None:
    code = "def __reduce__(self):\n    import sys\n\n    return sys, self.Any, 'Anything'\n"
    assert "typing" not in annotated(code)
    state = 'import sys\n\n    state = {"args": args}'
    assert "from typing import Any" in annotated(code.replace("import sys\n", state))


# --- whatever the file


@dataclass(frozen=True)
class Module:
    text: str
    qualname: str
    own: str
    """The text of the class's own method; empty if it has none."""


PIECES = ("comment", "blank", "attribute", "nested", "method", "property", "init", "long")


@st.composite
def modules(draw: st.DrawFn) -> Module:
    """Modules with a class ``A``, alone or in another class, a function or a branch."""
    unit = draw(st.sampled_from(["\t", "  ", "    "]))
    newline = draw(st.sampled_from(["\n", "\r\n"]))
    quote = draw(st.sampled_from(["'", '"']))
    is_annotated = draw(st.booleans())
    arrow, typed = (" -> None", "value: int") if is_annotated else ("", "value")
    lines: list[str] = []

    def add(depth: int, *texts: str) -> None:
        for text in texts:
            deeper = text.lstrip(">")
            indent = unit * (depth + len(text) - len(deeper))
            lines.append(f"{indent}{deeper}" if deeper else "")

    def add_piece(depth: int, name: str) -> None:
        doc = quote * 3
        if name == "comment":
            add(draw(st.sampled_from([0, depth, depth + 1])), "# ü: a comment")
        elif name == "blank":
            lines.extend([""] * draw(st.integers(1, 3)))
        elif name == "attribute":
            add(depth, f"x = {quote}tëxt{quote}  # of a kind")
        elif name == "nested":
            add(depth, "class Inner:", f">{doc}Doc{doc}")
            add(depth + 1, f"def __init__(self, {typed}){arrow}:", ">self.value = value")
        elif name == "method":
            add(depth, f"def method(self, {typed}){arrow}:", ">return None  # done")
        elif name == "property":
            add(depth, "@property", f"def size(self){arrow}:", f">{doc}It.", "", f">{doc}")
        elif name == "init":
            add(
                depth, f"def __init__(self, {typed}){arrow}:", ">super().__init__(", ">>value", ">)"
            )
        elif name == "long":
            add(depth, f"y = {doc}", "not", "", f"    indented{doc}")

    if draw(st.booleans()):
        lines += [f"{quote * 3}Errors.{quote * 3}", ""]
    lines += ["def decorator(cls):", f"{unit}return cls", ""]
    if draw(st.booleans()):
        lines += ["class Before(Exception):"]
        add_piece(1, "init")
    depth, prefix = 0, ""
    around = draw(st.sampled_from(["", "class Around:", "def around():", "if True:"]))
    if around:
        lines.append(around)
        depth, prefix = 1, {"c": "Around.", "d": "around.<locals>.", "i": ""}[around[0]]
    if draw(st.booleans()):
        add(depth, "@decorator")
    add(depth, "class A(Exception):")
    if draw(st.booleans()):
        add(depth + 1, f"{quote * 3}An error.{quote * 3}")
    names = draw(st.lists(st.sampled_from(PIECES), max_size=6))
    at = draw(st.integers(0, len(names)))
    has_own = draw(st.booleans())
    own: list[str] = []
    for number, name in enumerate([*names, "end"]):
        if number == at and has_own:
            begin = len(lines)
            if draw(st.booleans()):
                add(depth + 1, "@decorator")
            add(depth + 1, "def __reduce__(self):", ">return 1, 2")
            own = lines[begin:]
        add_piece(depth + 1, name)
    add(depth + 1, "last = 1") if not own and draw(st.booleans()) else None
    if not own and not {"attribute", "nested", "method", "property", "init", "long"} & {*names}:
        add(depth + 1, "last = 1")
    text = newline.join(lines)
    for name in draw(
        st.lists(st.sampled_from(["comment", "blank", "method", "nested"]), max_size=3)
    ):
        lines.clear()
        add_piece(0, name)
        text = newline.join([text, *lines])
    text += draw(st.sampled_from(["", newline]))
    return Module(text=text, qualname=f"{prefix}A", own=newline.join(own))


def common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


@given(modules(), st.sampled_from([CODE, BARE]))
def test_one_block_is_added_or_takes_the_place_of_the_method_s_own_lines(
    module: Module, code: str
) -> None:
    before = module.text
    after = plain(before, module.qualname, code)
    if module.own:
        head, _, tail = before.partition(module.own)
        assert after.startswith(head)
        assert after.endswith(tail)
        block = after[len(head) : len(after) - len(tail)]
    else:
        kept = common(before, after)
        assert kept + common(before[::-1], after[::-1]) >= len(before)
        block = after[kept : kept + len(after) - len(before)]
    assert "__reduce__(self" in block
    scope: dict[str, object] = {}
    exec(compile(after.encode(), "module.py", "exec", dont_inherit=True), scope)
    statements = [node for node in ast.walk(ast.parse(after)) if isinstance(node, ast.ClassDef)]
    [cls] = [node for node in statements if node.name == "A"]
    names = [getattr(one, "name", "") for one in cls.body]
    assert names.count("__reduce__") == 1
    if not module.own and "__init__" in names:
        last = len(names) - 1 - names[::-1].index("__init__")
        assert names.index("__reduce__") == last + 1
    elif not module.own:
        assert names[-1] == "__reduce__"


@given(modules(), st.sampled_from([CODE, BARE]))
def test_who_edits_twice_changes_nothing_more(module: Module, code: str) -> None:
    once = plain(module.text, module.qualname, code)
    assert plain(once, module.qualname, code) == once


@given(modules())
def test_the_blank_lines_around_it_are_those_of_a_formatter(module: Module) -> None:
    """One above; one below where something of the body follows."""
    if module.own:
        return
    lines = plain(module.text, module.qualname).splitlines()
    first = next(n for n, line in enumerate(lines) if "def __reduce__" in line)
    assert lines[first - 1] == ""
    following = lines[first + 2] if len(lines) > first + 2 else ""
    assert not following.strip() or len(following) - len(following.lstrip()) < len(
        lines[first]
    ) - len(lines[first].lstrip())


# --- the tools' opinion


RECIPES: dict[str, Recipe] = {
    "constructor": ByConstructor(positional=("order_id",)),
    "constructor, several": ByConstructor(positional=("order_id", "reason"), with_state=False),
    "constructor, keyword": ByConstructor(
        positional=("order_id",), keyword=(("reason", "reason"),)
    ),
    "constructor, keywords": ByConstructor(
        positional=(),
        keyword=(("order_id", "order_id_of_the_shop"), ("reason", "reason_that_it_gave")),
    ),
    "as called": AsCalled(names=("order_id", "reason")),
    "as called, one": AsCalled(names=("order_id",), keyword=("reason",), with_state=False),
    "as called, keyword": AsCalled(names=("order_id", "reason"), keyword=("order_id", "reason")),
    "without init": WithoutInit(base="Exception"),
    "without init, all": WithoutInit(
        base="OSError",
        slots=("order_id",),
        fields=("filename", "filename2"),
        dropped=("reason", "__notes__", *(f"a_long_attribute_{n}" for n in range(5))),
        stuck=("lock",),
        as_text=(0, 2),
        stuck_args=True,
        with_setter=True,
    ),
    "without init, arguments": WithoutInit(base="Exception", as_text=(1,)),
    "downgrade": Downgrade(base="RuntimeError", lacks_class=True),
    "chain": WithChain(known=()),
    "chain, known": WithChain(known=("shop", *(f"a_long_package_{n}" for n in range(5)))),
    "chain, groups": WithChain(known=("shop",), has_groups=True),
    "chain, becomes": WithChain(known=(), becomes=Named("builtins", "RuntimeError")),
    "chain, becomes another": WithChain(known=(), becomes=Named("shop.base", "ShopError")),
    "chain, becomes a standard one": WithChain(
        known=(), becomes=Named("json", "JSONDecodeError"), headers=("authorization",)
    ),
    "chain, all": WithChain(
        known=("shop",),
        has_groups=True,
        dropped=("reason", "__notes__"),
        stuck=("lock", "reason"),
        as_text=(0,),
        stuck_args=True,
        with_setter=True,
        links_as_text=("shop.base.ShopError", "json.decoder.JSONDecodeError"),
        headers=("authorization", "cookie"),
    ),
}
TYPED = '''"""Errors."""

from __future__ import annotations


class PaymentError(Exception):
    """An order is not paid."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(f"order {order_id}: {reason}")
        self.order_id = self.order_id_of_the_shop = order_id
        self.reason = self.reason_that_it_gave = reason

    def shown(self) -> str:
        """It in a line."""
        return str(self)


class Outer:
    """Holds one."""

    class NotFound(PaymentError):
        """Nothing is there."""

        status = 404


class Last(PaymentError):
    """It is."""

    tries: int
'''


def untyped(text: str) -> str:
    for annotation in (": int", ": str", " -> None", " -> str"):
        text = text.replace(annotation, "")
    return text.replace("    tries\n", "    tries = 1\n")


def run(tool: str, *args: str, cwd: Path) -> str:
    """What a tool complains about; empty if nothing."""
    done = subprocess.run(
        [sys.executable, "-m", tool, *args], cwd=cwd, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A folder with the files before, and one with all that recipes make of them."""
    before, after = (tmp_path_factory.mktemp(name) for name in ("before", "after"))
    for folder in (before, after):
        (folder / "shop").mkdir()
        (folder / "shop" / "__init__.py").write_text("")
        (folder / "shop" / "base.py").write_text(
            '"""Bases."""\n\n\nclass ShopError(Exception):\n    """Any."""\n'
        )
    (before / "shop" / "typed.py").write_text(TYPED)
    (before / "shop" / "untyped.py").write_text(untyped(TYPED))
    for number, recipe in enumerate(RECIPES.values()):
        for method in ("__reduce__", "__reduce_ex__"):
            for name, text, qualnames in (
                ("typed", TYPED, ("Last", "PaymentError")),
                ("untyped", untyped(TYPED), ("Last", "PaymentError")),
                ("deeper", TYPED, ("Outer.NotFound",)),
            ):
                content = text.encode()
                for qualname in qualnames:
                    target = Target(module="shop.errors", qualname=qualname, method=method)
                    code = recipe.code(target)
                    edit = MethodEdit(qualname=qualname, name=method, code=code)
                    content = edited(content, edit)
                (after / "shop" / f"{name}_{number}{method}.py").write_bytes(content)
    return before, after


def needs(tool: str) -> None:
    if importlib.util.find_spec(tool) is None:
        pytest.skip(f"{tool} is not installed")


@pytest.mark.parametrize("files", ["*typed*", "deeper*"])
@pytest.mark.parametrize(
    "args", [("format", "--diff"), ("check",), ("check", "--select=E,F,W,I,UP,B,C4,SIM,RET,PIE")]
)
def test_ruff_finds_as_little_as_before(
    projects: tuple[Path, Path], args: tuple[str, ...], files: str
) -> None:
    needs("ruff")
    # Of the class in a class, lines of the longest recipe are 91 characters long.
    options = ("--isolated", "--no-cache", f"--line-length={88 if files == '*typed*' else 92}")
    for folder in projects:
        names = [str(path) for path in folder.rglob(files)] or ["shop"]
        assert run("ruff", *args, *options, *names, cwd=folder) == ""


def test_mypy_finds_as_little_as_before(projects: tuple[Path, Path]) -> None:
    needs("mypy")
    args = ("--strict", "--config-file=", "--cache-dir=", "--python-version=3.11", "-p", "shop")
    for folder in projects:
        for path in (folder / "shop").glob("untyped*"):
            path.rename(path.with_suffix(".txt"))  # mypy asks for types there, and did before
    before, after = projects
    try:
        assert run("mypy", *args, cwd=before) == ""
        assert run("mypy", *args, cwd=after) == ""
    finally:
        for folder in projects:
            for path in (folder / "shop").glob("untyped*"):
                path.rename(path.with_suffix(".py"))


def test_the_control_without_annotations_mypy_would_complain(tmp_path: Path) -> None:
    needs("mypy")
    code = RECIPES["chain"].code(Target(module="m", qualname="Last", method="__reduce__"))
    (tmp_path / "m.py").write_text(f"class Last(Exception):\n{code}".replace("\n", "\n    "))
    args = ("--strict", "--config-file=", "--cache-dir=", "m.py")
    assert "no-untyped-def" in run("mypy", *args, cwd=tmp_path)
