"""Recipes of reducers: code that makes an exception arrive.

The text that is printed to be pasted is the very text that is compiled and tried.
"""

from __future__ import annotations

from dataclasses import dataclass

from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipe_target import (
    WIDTH,
    Target,
    arguments_as_text,
    field_parts,
    set_literal,
)


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

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        constructor = f"type({exc})"
        imports: tuple[str, ...] = ()
        args = ", ".join(f"{exc}.{name}" for name in self.positional)
        if self.keyword:
            named = "".join(f", {parameter}={exc}.{name}" for parameter, name in self.keyword)
            constructor = f"functools.partial({constructor}{named})"
            imports = ("functools",)
        state = f", {exc}.__dict__" if self.with_state else ""
        tail = "," if len(self.positional) == 1 else ""
        return target.code(f"return {constructor}, ({args}{tail}){state}", imports=imports)


@dataclass(frozen=True, slots=True, kw_only=True)
class WithoutInit:
    """A reducer that calls the built-in base's ``__new__`` and no ``__init__``.

    It restores the state. It keeps no chain, as plain pickle keeps none.
    """

    base: str
    """Name of the nearest built-in base."""
    fields: tuple[str, ...] = ()
    """Names of slots, and of attributes that built-in bases keep in C."""
    dropped: tuple[str, ...] = ()
    """Names of attributes that are not sent."""
    as_text: tuple[int, ...] = ()
    """Positions in ``args`` of what is sent as text: its repr, or its str if it is the only one."""

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        lines = ["# Without __init__: the receiver needs the class and nothing else."]
        args = f"{exc}.args"
        if self.as_text:
            lines.append(f"args = {arguments_as_text(args, self.as_text)}")
            args = "args"
        stored = f"**{exc}.__dict__"
        if self.dropped:
            stored = (
                f"**{{name: value for name, value in {exc}.__dict__.items() if name not "
                f"in {set_literal(self.dropped)}}}"
            )
        parts = [f'"args": {args}', *field_parts(exc, self.fields), stored]
        one_line = f"state = {{{', '.join(parts)}}}"
        lines.append(
            one_line
            if len(one_line) <= WIDTH
            else "state = {\n    " + ",\n    ".join(parts) + ",\n}"
        )
        lines.append(f"return {self.base}.__new__, (type({exc}), *{args}), state")
        return target.code("\n".join(lines))


@dataclass(frozen=True, slots=True, kw_only=True)
class AndState:
    """A reducer that adds what the class's own leaves out: ``args`` and ``__dict__``.

    For ``copyreg`` only, since it calls ``__reduce__`` of the class. Keeps no chain.
    """

    def code(self, target: Target) -> str:
        """Python code of the reducer, to be pasted where the target says."""
        exc = target.variable
        lines = (
            "# What its own reducer gives, and what that leaves out.",
            f"function, args, *_ = {exc}.__reduce__()",
            f'return function, args, {{"args": {exc}.args, **{exc}.__dict__}}',
        )
        return target.code("\n".join(lines))


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
        comment = "The receiver lacks the class." if self.lacks_class else "With its message alone."
        return target.code(f"# {comment}\nreturn {self.base}, (str({exc}),)")


Recipe = ByConstructor | AndState | WithoutInit | WithChain | Downgrade
