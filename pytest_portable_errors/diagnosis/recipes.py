"""Recipes of reducers: code that makes an exception arrive.

The text that is printed to be pasted is the very text that is compiled and tried.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_portable_errors.diagnosis.chain_recipe import SETTER, WithChain
from pytest_portable_errors.diagnosis.recipe_target import (
    Named,
    Target,
    converted_arguments,
    loop,
    set_literal,
    with_dropped,
    with_stuck,
)
from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.diagnosis.reducers_text import generated_part


@dataclass(frozen=True, slots=True, kw_only=True)
class ByConstructor:
    """A reducer that calls the class again, with the attributes that it made of its arguments."""

    positional: tuple[str, ...]
    """Names of attributes, in the order of the parameters."""
    keyword: tuple[tuple[str, str], ...] = ()
    """Keyword-only parameters with the names of their attributes."""
    with_state: bool = True
    """Whether its ``__dict__`` is restored, too; not where the class refuses that its attributes
    are set."""
    made: tuple[str, ...] = ()
    """Without its state, names of what the constructor makes again: all else is restored, as notes
    are."""

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        args = ", ".join(f"{exc}.{name}" for name in self.positional)
        constructor, head = f"type({exc})", ""
        imports: tuple[str, ...] = ()
        if self.keyword:
            named = [f"{parameter}={exc}.{name}" for parameter, name in self.keyword]
            head, imports = _partial([constructor, *named]), ("functools",)
            constructor = "rebuild"
        state = f", {exc}.__dict__" if self.with_state else ""
        tail = "," if len(self.positional) == 1 else ""
        if self.made and not self.with_state:
            head += (
                f"made = {set_literal(self.made)}  # by the constructor\n"
                f"added = {{key: {exc}.__dict__[key] for key in {exc}.__dict__.keys() - made}}\n"
            )
            state = ", added"
        return target.code(
            f"{head}return {constructor}, ({args}{tail}){state}",
            summary="Pickle the call that makes it again.",
            imports=imports,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AsCalled:
    """A reducer for a class whose ``args`` are what it was called with, as those of dataclasses.

    It calls the class with as many by position, and with the others by keyword.
    """

    names: tuple[str, ...]
    """Parameters that can be positional, in their order; attributes have the same names."""
    keyword: tuple[str, ...] = ()
    """Those that are keyword-only."""
    with_state: bool = True
    """As of ``ByConstructor``."""

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        names = ", ".join(f'"{name}"' for name in self.names)
        tail = "," if len(self.names) == 1 else ""
        lines = f"names = ({names}{tail})[len({exc}.args) :]\n"
        if self.keyword:
            listed = ", ".join(f'"{name}"' for name in self.keyword)
            lines += f"names += ({listed}{',' if len(self.keyword) == 1 else ''})\n"
        lines += (
            f"keywords = {{name: getattr({exc}, name) for name in names}}\n"
            f"rebuild = functools.partial(type({exc}), **keywords)\n"
        )
        state = f", {exc}.__dict__" if self.with_state else ""
        return target.code(
            f"{lines}return rebuild, {exc}.args{state}",
            summary="Pickle the call that made it.",
            imports=("functools",),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutInit:
    """A reducer that calls the built-in base's ``__new__`` and no ``__init__``.

    It restores the state. It keeps no chain, as plain pickle keeps none.
    """

    base: str
    """Name of the nearest built-in base."""
    slots: tuple[str, ...] = ()
    """Names of slots, which may be unset."""
    any_slots: bool = False
    """Whether the slots of subclasses are looked for as well, when the code runs; then no slot is
    named. For classes all of whose slots are plain names in a tuple or list."""
    fields: tuple[str, ...] = ()
    """Names of attributes that built-in bases keep in C, where None stands for unset."""
    dropped: tuple[str, ...] = ()
    """Names of attributes that are sent as None, because they cannot be rebuilt."""
    stuck: tuple[str, ...] = ()
    """Names of attributes that are sent as None where they cannot be pickled."""
    as_text: tuple[int, ...] = ()
    """Positions in ``args`` of what is sent as text."""
    stuck_args: bool = False
    """Whether arguments that cannot be pickled are sent as text."""
    with_setter: bool = False
    """Whether the state is restored past the class's own ``__setstate__``."""
    shadows_args: bool = False
    """Whether the class has an ``args`` of its own, which hides that of ``BaseException``."""

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        lines, args, stored_args = "", f"{exc}.args", f"{exc}.args"
        if self.as_text or self.stuck_args:
            lines += converted_arguments("args", args, self.as_text, self.stuck_args)
            args, stored_args = "args", "tuple(args)"
        elif self.shadows_args:
            lines += f'args = vars(BaseException)["args"].__get__({exc})\n'
            args = "args"
        lines += f'state = {{"args": {stored_args}, **{exc}.__dict__}}\n'
        if self.any_slots:
            lines += (
                f"for owner in type({exc}).__mro__:\n"
                '    for name in getattr(owner, "__slots__", ()):\n'
                f"        if hasattr({exc}, name):\n"
                f"            state[name] = getattr({exc}, name)\n"
            )
        elif self.slots:
            lines += (
                f"{loop('name', self.slots)}"
                f"    if hasattr({exc}, name):\n"
                f"        state[name] = getattr({exc}, name)\n"
            )
        if self.fields:
            lines += (
                f"{loop('name', self.fields)}"
                f"    if getattr({exc}, name, None) is not None:\n"
                f"        state[name] = getattr({exc}, name)\n"
            )
        lines += with_dropped(self.dropped) + with_stuck(self.stuck)
        setter = ("None", "None", SETTER) if self.with_setter else ()
        lines += _returned(f"{self.base}.__new__", f"(type({exc}), *{args})", "state", *setter)
        return target.code(
            lines,
            summary="Pickle all that is stored, to be rebuilt without __init__.",
            imports=("contextlib", "pickle") if self.stuck or self.stuck_args else (),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AndState:
    """A reducer that adds what the class's own leaves out: ``args`` and ``__dict__``.

    For ``copyreg`` only, since it calls ``__reduce_ex__`` of the class. What that gives goes first.
    Keeps no chain.
    """

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        lines = (
            f"function, args, *more = {exc}.__reduce_ex__(4)",
            "own = more[0] if more and isinstance(more[0], dict) else {}",
            f'return function, args, {{"args": {exc}.args, **{exc}.__dict__, **own}}',
        )
        return target.code(
            "\n".join(lines), summary="Add what the reducer of the class leaves out."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Downgrade:
    """A reducer that sends a built-in exception with the message, and nothing else."""

    base: str
    """Name of the built-in exception."""
    lacks_class: bool
    """Whether the reason is that the receiver lacks the class; a comment in the code says so."""

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        reason = ", which the receiver has" if self.lacks_class else ""
        return target.code(
            f"return {self.base}, (str({exc}),)",
            summary=f"Send {self.base} with the message{reason}.",
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """No reducer: the class gives another on purpose, and only says so nowhere."""

    becomes: str
    """Full name of the class that arrives, without ``builtins``."""

    def code(self, target: Target) -> str:
        """The setting, in TOML."""
        name = f"{target.module}.{target.qualname}"
        becomes = self.becomes if "." in self.becomes else f"builtins.{self.becomes}"
        return f'portable_errors_expect = ["{name} -> {becomes}"]\n'


@dataclass(frozen=True, slots=True, kw_only=True)
class ByModule:
    """What the generated module of reducers does, which looks at each value when it is pickled.

    It keeps of each what can travel. So it is the last resort that keeps the class, or a base.
    """

    known: tuple[str, ...]
    """As of ``WithChain``."""
    becomes: Named | None = None
    """The base that it is to arrive as; None: itself."""

    def code(self, target: Target) -> str:
        """The generated part of the module, for this class."""
        name = f"{target.module}.{target.qualname}"
        known = frozenset(self.known)
        if self.becomes is not None:
            base = f"{self.becomes.module}.{self.becomes.qualname}"
            return generated_part(Table(becomes={name: base}, known=known))
        return generated_part(Table(rebuilt=frozenset({name}), known=known))


Recipe = (
    ByConstructor
    | AsCalled
    | AndState
    | WithoutInit
    | WithChain
    | ByModule
    | Downgrade
    | Declaration
)


def _partial(arguments: list[str]) -> str:
    line = f"rebuild = functools.partial({', '.join(arguments)})\n"
    if len(line) <= 70:
        return line
    listed = "".join(f"    {argument},\n" for argument in arguments)
    return f"rebuild = functools.partial(\n{listed})\n"


def _returned(*items: str) -> str:
    line = f"return {', '.join(items)}"
    return line if len(line) <= 70 else "return (\n" + "".join(f"    {i},\n" for i in items) + ")"
