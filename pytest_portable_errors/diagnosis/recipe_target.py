"""The class that the code of a fix is for, and the parts that all such code has."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_METHOD = "__reduce__"
_FUNCTION = "reduce_exception"
WIDTH = 110
"""Characters of a line of code, past which it is broken into several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The class that a recipe is for, and where the code goes."""

    module: str
    """The class's ``__module__``."""
    qualname: str
    """The class's ``__qualname__``."""
    in_class: bool
    """Whether the code is a method of the class, because that is the project's; otherwise it is a
    function that is registered with ``copyreg``."""
    importable: bool
    """Whether the class's module holds it under its name."""

    @property
    def variable(self) -> str:
        """The name of the exception in the code."""
        return "self" if self.in_class else "error"

    def code(self, body: str, *, imports: tuple[str, ...] = (), lines: tuple[str, ...] = ()) -> str:
        """The whole code of a reducer: imports, function, and its registration with ``copyreg``.

        A method has its imports inside, so that it can be pasted into the class as it is.

        Args:
            body: The body of the function, not indented.
            imports: Names of modules that it needs.
            lines: Further imports as they are written: ``from shop import errors``.

        Returns:
            Lines that each end with a line break.
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
    """The name of a class that can be imported; its text is the full name."""

    module: str
    qualname: str

    def __str__(self) -> str:
        return self.qualname if self.module == "builtins" else f"{self.module}.{self.qualname}"


def field_parts(exc: str, names: tuple[str, ...]) -> list[str]:
    """Code for a dict display that adds an exception's fields which are set; none for no names.

    Args:
        exc: The name of the exception in the code.
        names: Names of the fields; those that are absent or None are left out when the code runs.
    """
    if not names:
        return []
    listed = ", ".join(f'"{name}"' for name in names) + ("," if len(names) == 1 else "")
    return [
        (
            f"**{{name: getattr({exc}, name) for name in ({listed}) if getattr({exc}, name, None) "
            "is not None}"
        )
    ]


def arguments_as_text(args: str, positions: tuple[int, ...]) -> str:
    """Code of a tuple of arguments, some of them as text: the repr, or the str of a single one.

    Args:
        args: Code of the tuple.
        positions: Positions, counted from 0, of the arguments that become text.
    """
    return (
        f"tuple((str if len({args}) == 1 else repr)(arg) if n in {set_literal(positions)} else arg "
        f"for n, arg in enumerate({args}))"
    )


def set_literal(values: tuple[object, ...]) -> str:
    """Code of a set that holds these texts and numbers, in their order."""
    return (
        "{"
        + ", ".join(f'"{value}"' if isinstance(value, str) else repr(value) for value in values)
        + "}"
    )
