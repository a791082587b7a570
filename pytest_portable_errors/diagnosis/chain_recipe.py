"""A reducer that rebuilds an exception with its chain, and without ``__init__``."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.recipe_target import (
    Named,
    Target,
    converted_arguments,
    set_literal,
    with_dropped,
    with_stuck,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithChain:
    """Rebuilt as by ``WithoutInit``, with the chain that Python would print.

    Links whose classes the receiver may lack are sent as text.
    """

    known: tuple[str, ...]
    """Packages whose exceptions are sent as they are, like those of the standard library."""
    has_groups: bool = False
    """Whether an exception of the chain is a group, whose members are rebuilt, too."""
    becomes: Named | None = None
    """What it is to arrive as: a built-in exception with its message, or another with all that it
    stores. None: itself."""
    dropped: tuple[str, ...] = ()
    """Names of attributes that are sent as None, of all exceptions of the chain."""
    stuck: tuple[str, ...] = ()
    """Names of attributes that are sent as None where they cannot be pickled."""
    as_text: tuple[int, ...] = ()
    """Positions of ``args`` that are sent as their repr; a single argument as its str."""
    stuck_args: bool = False
    """Whether arguments that cannot be pickled are sent as text."""
    with_setter: bool = False
    """Whether the state is restored past a ``__setstate__`` of the class's own."""
    links_as_text: tuple[str, ...] = ()
    """Full names of the classes of links that cannot be rebuilt, though the receiver has them."""
    headers: tuple[str, ...] = ()
    """Headers of httpx requests that are left out, because they hold credentials."""

    def code(self, target: Target) -> str:
        """The Python code to paste, with the imports that it needs."""
        exc = target.variable
        body = _CHAIN.replace("SUBJECT", exc).replace(
            "KNOWN",
            f"{set_literal(self.known)} | sys.stdlib_module_names"
            if self.known
            else "sys.stdlib_module_names",
        )
        body = body.replace("GROUPS\n", _GROUPS if self.has_groups else "").replace(
            "BECOMES\n", self._becomes(exc)
        )
        body = body.replace("DROPPED\n", self._dropped(exc)).replace(
            "SAFE\n", _SAFE.replace("HEADERS", set_literal(self.headers)) if self.headers else ""
        )
        refuses = (
            f' or f"{{cls.__module__}}.{{cls.__qualname__}}" in {set_literal(self.links_as_text)}'
            if self.links_as_text
            else ""
        )
        body = body.replace("REFUSES", refuses)
        imports = ["sys", "types"]
        imports += ["copy"] if self.headers else []
        imports += ["pickle"] if self.stuck or self.stuck_args else []
        base = self.becomes
        base_import = (
            ()
            if base is None or base.module == "builtins"
            else (f"from {base.module} import {base.qualname.partition('.')[0]}",)
        )
        body = body.replace("SETTER", SETTER if self.with_setter else "")
        return target.code(
            body,
            summary="Pickle all that is stored, and the chain, to be rebuilt without __init__.",
            imports=imports,
            lines=base_import,
        )

    def _becomes(self, exc: str) -> str:
        if self.becomes is None:
            return ""
        assignment = (
            "cls, args, state = {}, (str(exc),), notes"
            if self.becomes.module == "builtins"
            else "cls = {}"
        )
        return f"    if exc is {exc}:\n        {assignment.format(self.becomes.qualname)}\n"

    def _dropped(self, exc: str) -> str:
        code = ""
        if self.as_text or self.stuck_args:
            converted = converted_arguments("args", self.as_text, self.stuck_args)
            code += f"if exc is {exc}:\n" + textwrap.indent(
                f'{converted}state["args"] = args = tuple(args)\n', "    "
            )
        code += with_dropped(self.dropped) + with_stuck(self.stuck)
        if self.headers:
            code += "state = {name: safe(value) for name, value in state.items()}\n"
        return textwrap.indent(code, "    ")


SETTER = ", None, None, BaseException.__setstate__"
"""What makes loads restore a state past the class's own ``__setstate__`` (Python 3.8)."""

_CHAIN = '''
known = KNOWN  # packages that the receiver has; exceptions of others are sent as text

class Link:
    """Pickled as the exception that it holds; the receiver never sees this class."""

    def __init__(self, held, path):
        self.held, self.path = held, path

    def __reduce__(self):
        return reduced(self.held, self.path)

SAFE
def reduced(exc, path):
    cls, args, state = type(exc), exc.args, {"args": exc.args}
    notes = {name: value for name, value in exc.__dict__.items() if name == "__notes__"}
    fields = (types.MemberDescriptorType, types.GetSetDescriptorType)
    # slots, and what built-in bases keep in C
    for owner in cls.__mro__[: cls.__mro__.index(BaseException)]:
        for name, kind in vars(owner).items():
            if isinstance(kind, fields) and not name.startswith("__"):
                is_set = hasattr(exc, name)
                if owner.__module__ == "builtins":
                    is_set = name != "obj" and getattr(exc, name, None) is not None
                if is_set:
                    state[name] = getattr(exc, name)
    state.update(exc.__dict__)
GROUPS
BECOMES
    if cls.__module__.partition(".")[0] not in knownREFUSES:
        cls, args, state = RuntimeError, (f"{cls.__module__}.{cls.__qualname__}: {exc}",), notes
DROPPED
    name = "__context__" if exc.__cause__ is None else "__cause__"
    link = None if name == "__context__" and exc.__suppress_context__ else getattr(exc, name)
    # hundreds of links exceed pickle's recursion
    if link is not None and id(link) not in path and len(path) < 100:
        state = {**state, name: Link(link, (*path, id(link)))}
    # last: assigning __cause__ sets it
    state = {**state, "__suppress_context__": exc.__suppress_context__}
    made_in_c = types.BuiltinFunctionType
    base = next(c for c in cls.__mro__ if isinstance(vars(c).get("__new__"), made_in_c))
    return base.__new__, (cls, *args), stateSETTER

return reduced(SUBJECT, (id(SUBJECT),))
'''
_GROUPS = """    if isinstance(exc, BaseExceptionGroup):
        args = exc.message, [Link(member, (*path, id(member))) for member in exc.exceptions]
        state = {"args": (*args, *exc.args[2:]), **exc.__dict__}
"""
_SAFE = '''def safe(value):
    """httpx keeps the request that failed, with its credentials: a copy without them."""
    if not hasattr(getattr(value, "headers", None), "multi_items"):
        return value
    value = copy.copy(value)
    kept = [(k, v) for k, v in value.headers.multi_items() if k.lower() not in HEADERS]
    value.headers = type(value.headers)(kept)
    if getattr(value, "_request", None) is not None:
        value.request = safe(value.request)
    return value

'''
