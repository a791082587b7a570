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
    holds_exceptions: bool = False
    """Whether exceptions among its values are rebuilt likewise."""
    with_setter: bool = False
    """Whether the state is restored past a ``__setstate__`` of the class's own."""
    links_as_text: tuple[str, ...] = ()
    """Full names of the classes of links that cannot be rebuilt, though the receiver has them."""
    headers: tuple[str, ...] = ()
    """Headers of httpx requests that are left out, because they hold credentials."""

    def code(self, target: Target) -> str:
        """The Python code to paste, with the imports that it needs."""
        exc = target.variable
        head = "known = set(sys.stdlib_module_names)\n"
        if self.known:
            head += f"known |= {set_literal(self.known)}  # what else the readers have\n"
        if self.links_as_text:
            head += f"refused = {set_literal(self.links_as_text)}\n"
        if self.headers:
            head += f"secret = {set_literal(self.headers)}\n"
        parts = {
            "HEAD\n": head,
            "SAFE\n": _SAFE if self.headers else "",
            "GROUPS\n": _GROUPS if self.has_groups else "",
            "BECOMES\n": self._becomes(exc),
            "REFUSES": " or full_name in refused" if self.links_as_text else "",
            "LEFT\n": self._left_behind(exc),
            "LINKED\n": _LINKED if self.holds_exceptions else "",
            "HELD\n": _HELD if self.holds_exceptions else "",
            "RETURN\n": _RETURN_WITH_SETTER if self.with_setter else _RETURN,
            "SUBJECT": exc,
        }
        body = _CHAIN
        for mark, part in parts.items():
            body = body.replace(mark, part)
        imports = ["sys", "types"]
        imports += ["copy"] if self.headers else []
        imports += ["contextlib", "pickle"] if self.stuck or self.stuck_args else []
        base = self.becomes
        return target.code(
            body,
            summary="Pickle all that is stored, and the chain, to be rebuilt without __init__.",
            imports=imports,
            lines=()
            if base is None or base.module == "builtins"
            else (f"from {base.module} import {base.qualname.partition('.')[0]}",),
        )

    def _becomes(self, exc: str) -> str:
        if self.becomes is None:
            return ""
        if self.becomes.module != "builtins":
            return f"    if exc is {exc}:\n        cls = {self.becomes.qualname}\n"
        return (
            f"    if exc is {exc}:\n"
            f"        cls, args = {self.becomes.qualname}, (str(exc),)\n{_NOTES_ALONE}"
        )

    def _left_behind(self, exc: str) -> str:
        code = ""
        if self.as_text or self.stuck_args:
            converted = converted_arguments("items", "args", self.as_text, self.stuck_args)
            code += f"if exc is {exc}:\n" + textwrap.indent(
                f'{converted}state["args"] = args = tuple(items)\n', "    "
            )
        code += with_dropped(self.dropped) + with_stuck(self.stuck)
        if self.headers:
            code += "state = {name: safe(value) for name, value in state.items()}\n"
        return textwrap.indent(code, "    ")


SETTER = "BaseException.__setstate__"
"""What makes loads restore a state past the class's own ``__setstate__``, as the sixth item that a
reducer gives (Python 3.8)."""

_CHAIN = '''
HEAD
in_c = (types.MemberDescriptorType, types.GetSetDescriptorType)
by_c = types.BuiltinFunctionType

class Link:
    """Pickled as the exception that it holds; no reader sees this class."""

    def __init__(self, held, path):
        self.held, self.path = held, path

    def __reduce__(self):
        return reduced(self.held, self.path)

SAFE
LINKED
def reduced(exc, path):
    cls, args = type(exc), exc.args
    state = {"args": args}
    # Slots, and what built-in bases keep in C.
    for owner in cls.__mro__[: cls.__mro__.index(BaseException)]:
        for name, kind in vars(owner).items():
            if not isinstance(kind, in_c) or name.startswith("__"):
                continue
            value = getattr(exc, name, None)
            is_set = hasattr(exc, name)
            if owner.__module__ == "builtins":  # None stands for unset
                is_set = name != "obj" and value is not None
            if is_set:
                state[name] = value
    state.update(exc.__dict__)
GROUPS
BECOMES
    full_name = f"{cls.__module__}.{cls.__qualname__}"
    if cls.__module__.partition(".")[0] not in knownREFUSES:
        cls, args = RuntimeError, (f"{full_name}: {exc}",)
NOTES
LEFT
HELD
    name = "__context__" if exc.__cause__ is None else "__cause__"
    is_hidden = name == "__context__" and exc.__suppress_context__
    link = None if is_hidden else getattr(exc, name)
    # Hundreds of links exceed the recursion of pickle.
    if link is not None and id(link) not in path and len(path) < 100:
        state[name] = Link(link, (*path, id(link)))
    # Last: assigning __cause__ sets it.
    state["__suppress_context__"] = exc.__suppress_context__
    made = [c for c in cls.__mro__ if isinstance(vars(c).get("__new__"), by_c)]
RETURN

return reduced(SUBJECT, (id(SUBJECT),))
'''
_NOTES_ALONE = """        state = {name: state[name] for name in {"__notes__"} & state.keys()}
"""
_CHAIN = _CHAIN.replace("NOTES\n", _NOTES_ALONE)
_RETURN = "    return made[0].__new__, (cls, *args), state\n"
_RETURN_WITH_SETTER = f"""    return (
        made[0].__new__,
        (cls, *args),
        state,
        None,
        None,
        {SETTER},
    )
"""
_GROUPS = """    if isinstance(exc, BaseExceptionGroup):
        members = [Link(one, (*path, id(one))) for one in exc.exceptions]
        args = (exc.message, members)
        state = {"args": (*args, *exc.args[2:]), **exc.__dict__}
"""
_LINKED = '''def linked(value, path):
    """An exception that is held is rebuilt likewise, if its class has no say."""
    own = getattr(type(value), "__reduce__", None)
    if own is not BaseException.__reduce__ or id(value) in path:
        return value
    return Link(value, (*path, id(value)))

'''
_HELD = """    args = tuple(linked(value, path) for value in args)
    state = {name: linked(value, path) for name, value in state.items()}
    if "args" in state:
        state["args"] = tuple(linked(value, path) for value in state["args"])
"""
_SAFE = '''def safe(value):
    """httpx keeps the request that failed: a copy without its credentials."""
    if not hasattr(getattr(value, "headers", None), "multi_items"):
        return value
    value = copy.copy(value)
    items = value.headers.multi_items()
    kept = [(k, v) for k, v in items if k.lower() not in secret]
    value.headers = type(value.headers)(kept)
    if getattr(value, "_request", None) is not None:
        value.request = safe(value.request)
    return value

'''
