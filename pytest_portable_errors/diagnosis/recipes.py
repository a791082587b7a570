"""Code that makes an exception arrive: what is printed to be pasted, and what is compiled and
tried, is the same text."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.recipe_target import (
    WIDTH,
    Target,
    arguments_as_text,
    field_parts,
    set_state,
)


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
            lines.append(f"args = {arguments_as_text(args, self.as_text)}")
            args = "args"
        stored = f"**{exc}.__dict__"
        if self.dropped:
            stored = (
                f"**{{name: value for name, value in {exc}.__dict__.items() if name not "
                f"in {set_state(self.dropped)}}}"
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
