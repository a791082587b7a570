"""Where the code of a fix goes, and the parts that all of it has."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass

_METHOD = "__reduce__"
_FUNCTION = "reduce_exception"
WIDTH = 110


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


def field_parts(exc: str, names: tuple[str, ...]) -> list[str]:
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
    return (
        f"tuple((str if len({args}) == 1 else repr)(arg) if n in {set_state(positions)} else arg "
        f"for n, arg in enumerate({args}))"
    )


def set_state(values: tuple[object, ...]) -> str:
    return (
        "{"
        + ", ".join(f'"{value}"' if isinstance(value, str) else repr(value) for value in values)
        + "}"
    )
