"""Code that makes an exception arrive: what is printed to be pasted, and what is compiled and
tried, is the same text."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_METHOD = "__reduce__"
_FUNCTION = "reduce_exception"
_WIDTH = 110


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The class that a recipe is for, and where the code goes."""

    module: str
    qualname: str
    in_class: bool
    """Whether the code goes into the class, because it is the project's; otherwise into
    ``copyreg``."""
    importable: bool

    @property
    def variable(self) -> str:
        return "self" if self.in_class else "error"

    def code(self, body: str, *, imports: tuple[str, ...] = (), lines: tuple[str, ...] = ()) -> str:
        """The function with this body, and what puts it to use; ``lines`` are imports as they are
        written.

        A method has its imports inside: so it can be pasted into the class as it is.
        """
        head = "".join(
            f"import {name}\n"
            for name in sorted({*imports, *(() if self.in_class else ("copyreg",))})
        )
        if lines:
            head += "\n" + "".join(f"{line}\n" for line in lines)
        if self.in_class:
            return _function(_METHOD, self.variable, f"{head}\n{body.strip()}")
        function = _function(_FUNCTION, self.variable, body)
        return f"{head}{self._import()}\n\n{function}\n\n{self._registration()}\n"

    def _import(self) -> str:
        top = self.qualname.partition(".")[0]
        return (
            f"\nfrom {self.module} import {top}\n"
            if self.importable and self.module != "builtins"
            else ""
        )

    def _registration(self) -> str:
        if self.importable:
            return f"copyreg.pickle({self.qualname}, {_FUNCTION})"
        return (
            f"copyreg.pickle(cls, {_FUNCTION})  # cls: {self.module}.{self.qualname}, "
            "wherever it is made; no module holds it"
        )


def _function(name: str, parameter: str, body: str) -> str:
    return f"def {name}({parameter}):\n{textwrap.indent(body.strip(), '    ')}\n"


@dataclass(frozen=True, slots=True)
class Named:
    """A class that can be imported."""

    module: str
    qualname: str

    def __str__(self) -> str:
        return self.qualname if self.module == "builtins" else f"{self.module}.{self.qualname}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ByConstructor:
    """The class is called again, with the attributes that it made of its arguments."""

    positional: tuple[str, ...]
    """Names of attributes, in the order of the parameters."""
    keyword: tuple[tuple[str, str], ...] = ()
    """Parameters that have to be named, with their attributes."""
    with_state: bool = True
    """Whether what else it stores is restored, too. Not where the class refuses to have attributes
    set."""

    def code(self, target: Target) -> str:
        """Python to paste."""
        exc = target.variable
        made = f"type({exc})"
        imports: tuple[str, ...] = ()
        args = ", ".join(f"{exc}.{name}" for name in self.positional)
        if self.keyword:
            named = "".join(f", {parameter}={exc}.{name}" for parameter, name in self.keyword)
            made, imports = f"functools.partial({made}{named})", ("functools",)
        state = f", {exc}.__dict__" if self.with_state else ""
        tail = "," if len(self.positional) == 1 else ""
        return target.code(f"return {made}, ({args}{tail}){state}", imports=imports)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutInit:
    """Made by the built-in base's ``__new__``, without ``__init__``; the state is restored. Carries
    no chain, as plain pickle."""

    base: str
    """The nearest built-in base."""
    fields: tuple[str, ...] = ()
    """Slots and C fields."""
    dropped: tuple[str, ...] = ()
    as_text: tuple[int, ...] = ()
    """Positions of ``args`` that are sent as their repr."""

    def code(self, target: Target) -> str:
        """Python to paste."""
        exc = target.variable
        lines = ["# Without __init__: the receiver needs the class and nothing else."]
        args = f"{exc}.args"
        if self.as_text:
            lines.append(f"args = {_as_text(args, self.as_text)}")
            args = "args"
        stored = f"**{exc}.__dict__"
        if self.dropped:
            stored = (
                f"**{{name: value for name, value in {exc}.__dict__.items() if name not "
                f"in {_set(self.dropped)}}}"
            )
        parts = [f'"args": {args}', *_field_parts(exc, self.fields), stored]
        one_line = f"state = {{{', '.join(parts)}}}"
        lines.append(
            one_line
            if len(one_line) <= _WIDTH
            else "state = {\n    " + ",\n    ".join(parts) + ",\n}"
        )
        lines.append(f"return {self.base}.__new__, (type({exc}), *{args}), state")
        return target.code("\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class AndState:
    """As the class's own reducer rebuilds it, and with what that leaves out. For ``copyreg`` only.
    Carries no chain."""

    def code(self, target: Target) -> str:
        """Python to paste."""
        exc = target.variable
        lines = (
            "# What its own reducer gives, and what that leaves out.",
            f"function, args, *_ = {exc}.__reduce__()",
            f'return function, args, {{"args": {exc}.args, **{exc}.__dict__}}',
        )
        return target.code("\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class WithChain:
    """As ``WithoutInit``, with the chain that Python would print, whatever the classes of its
    links. Links that the receiver may lack go as text."""

    known: tuple[str, ...]
    """Packages whose exceptions are sent as they are, like those of the standard library."""
    has_groups: bool = False
    becomes: Named | None = None
    """What it is to arrive as: a built-in exception with its message, or another with all that it
    stores. None: itself."""
    dropped: tuple[str, ...] = ()
    as_text: tuple[int, ...] = ()
    links_as_text: tuple[str, ...] = ()
    """Full names of the classes of links that cannot be rebuilt, though the receiver has them."""
    headers: tuple[str, ...] = ()
    """Headers of httpx requests that are left out, because they hold credentials."""

    def code(self, target: Target) -> str:
        """Python to paste."""
        exc = target.variable
        body = _CHAIN.replace("SUBJECT", exc).replace(
            "KNOWN",
            f"{_set(self.known)} | sys.stdlib_module_names"
            if self.known
            else "sys.stdlib_module_names",
        )
        body = body.replace("GROUPS\n", _GROUPS if self.has_groups else "").replace(
            "BECOMES\n", self._becomes(exc)
        )
        body = body.replace("DROPPED\n", self._dropped(exc)).replace(
            "SAFE\n", _SAFE.replace("HEADERS", _set(self.headers)) if self.headers else ""
        )
        refuses = (
            f' or f"{{cls.__module__}}.{{cls.__qualname__}}" in {_set(self.links_as_text)}'
            if self.links_as_text
            else ""
        )
        body = body.replace("REFUSES", refuses)
        imports = ("sys", "types", *(("copy",) if self.headers else ()))
        base = self.becomes
        lines = (
            ()
            if base is None or base.module == "builtins"
            else (f"from {base.module} import {base.qualname.partition('.')[0]}",)
        )
        return target.code(body, imports=imports, lines=lines)

    def _becomes(self, exc: str) -> str:
        if self.becomes is None:
            return ""
        made = (
            "cls, args, state = {}, (str(exc),), notes"
            if self.becomes.module == "builtins"
            else "cls = {}"
        )
        return f"    if exc is {exc}:\n        {made.format(self.becomes.qualname)}\n"

    def _dropped(self, exc: str) -> str:
        lines = []
        if self.as_text:
            lines += [
                f"    if exc is {exc}:",
                f'        args = state["args"] = {_as_text("args", self.as_text)}',
            ]
        if self.dropped:
            lines.append(
                "    state = {name: value for name, value in state.items() if name not in "
                f"{_set(self.dropped)}}}  # they stay here"
            )
        if self.headers:
            lines.append("    state = {name: safe(value) for name, value in state.items()}")
        return "".join(f"{line}\n" for line in lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgrade:
    """It arrives as a base that the receiver has, with its message."""

    base: str
    """A built-in exception."""
    lacks_class: bool
    """Whether that is because the receiver lacks its class."""

    def code(self, target: Target) -> str:
        """Python to paste."""
        exc = target.variable
        said = "The receiver lacks the class." if self.lacks_class else "With its message alone."
        return target.code(f"# {said}\nreturn {self.base}, (str({exc}),)")


Recipe = ByConstructor | AndState | WithoutInit | WithChain | Downgrade

_CHAIN = '''
# Rebuilt without __init__, with attributes, notes and chain.
# The receiver needs the classes and nothing else.
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
                value = getattr(exc, name, None)
                is_set = value is not None or owner.__module__ != "builtins"
                if is_set and (owner, name) != (AttributeError, "obj"):
                    state[name] = value
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
    return base.__new__, (cls, *args), state

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


def _field_parts(exc: str, names: tuple[str, ...]) -> list[str]:
    if not names:
        return []
    listed = ", ".join(f'"{name}"' for name in names) + ("," if len(names) == 1 else "")
    return [
        (
            f"**{{name: getattr({exc}, name) for name in ({listed}) if getattr({exc}, name, None) "
            "is not None}"
        )
    ]


def _as_text(args: str, positions: tuple[int, ...]) -> str:
    return (
        f"tuple((str if len({args}) == 1 else repr)(arg) if n in {_set(positions)} else arg "
        f"for n, arg in enumerate({args}))"
    )


def _set(values: tuple[object, ...]) -> str:
    return (
        "{"
        + ", ".join(f'"{value}"' if isinstance(value, str) else repr(value) for value in values)
        + "}"
    )
