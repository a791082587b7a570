"""The class that the code of a fix is for, and the parts that all such code has."""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass

_FUNCTION = "reduce_exception"
_WIDTH = 70
"""Characters of a line of a body, past which it is broken: with a class around it, that is 78."""
_LONGEST_SET = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """The class that gets the code, and as what."""

    module: str
    """The class's ``__module__``."""
    qualname: str
    """The class's ``__qualname__``."""
    method: str
    """The method of the class that the code is, ``__reduce__`` or ``__reduce_ex__``, because the
    class is the project's; otherwise empty: a function, registered with ``copyreg``."""
    replaces: bool = False
    """Whether the class itself has that method already."""
    importable: bool = True
    """Whether the class's module holds it under its name."""

    @property
    def variable(self) -> str:
        """The name of the exception in the code."""
        return "self" if self.method else "error"

    def code(
        self,
        body: str,
        *,
        summary: str,
        imports: Iterable[str] = (),
        lines: tuple[str, ...] = (),
    ) -> str:
        """The whole code of a reducer: imports, function, and its registration with ``copyreg``.

        A method has its imports inside, so that it can be pasted into the class as it is.

        Args:
            body: The body of the function, not indented.
            summary: Its docstring, one line.
            imports: Names of modules that it needs.
            lines: Further imports as they are written: ``from shop import errors``.

        Returns:
            Lines that each end with a line break.
        """
        names = sorted({*imports, *(() if self.method else ("copyreg",))})
        head = "".join(f"import {name}\n" for name in names)
        if lines:
            is_standard = lines[0].split()[1].partition(".")[0] in sys.stdlib_module_names
            gap = "" if is_standard or not head else "\n"  # as isort and ruff sort them
            head += gap + "".join(f"{line}\n" for line in lines)
        documented = f'"""{summary}"""\n'
        if self.method:
            parameters = ("self", "protocol") if self.method == "__reduce_ex__" else ("self",)
            inner = f"{documented}{head}\n{body.strip()}" if head else f"{documented}{body.strip()}"
            return _function(self.method, parameters, inner)
        function = _function(_FUNCTION, (self.variable,), documented + body.strip())
        return f"{head}{self._import()}\n\n{function}\n\n{self._registration()}\n"

    def _import(self) -> str:
        top = self.qualname.partition(".")[0]
        return f"\nfrom {self.module} import {top}\n" if self.module != "builtins" else ""

    def _registration(self) -> str:
        return f"copyreg.pickle({self.qualname}, {_FUNCTION})"


def _function(name: str, parameters: tuple[str, ...], body: str) -> str:
    indented = textwrap.indent(body.strip(), "    ")
    return f"def {name}({', '.join(parameters)}):\n{indented}\n"


@dataclass(frozen=True, slots=True)
class Named:
    """The name of a class that can be imported; its text is the full name."""

    module: str
    qualname: str

    def __str__(self) -> str:
        return self.qualname if self.module == "builtins" else f"{self.module}.{self.qualname}"


def loop(variable: str, values: tuple[object, ...]) -> str:
    """The first line of a loop over texts or numbers, broken as formatters do where it is long."""
    literals = [f'"{value}"' if isinstance(value, str) else repr(value) for value in values]
    tail = "," if len(literals) == 1 else ""
    line = f"for {variable} in ({', '.join(literals)}{tail}):\n"
    if len(line) <= _WIDTH:
        return line
    listed = "".join(f"    {literal},\n" for literal in literals)
    return f"for {variable} in (\n{listed}):\n"


def with_stuck(names: tuple[str, ...]) -> str:
    """Code that puts None in ``state`` for each of these that cannot be pickled; "" for none."""
    if not names:
        return ""
    return (
        f"{loop('name', names)}"
        "    with contextlib.suppress(Exception):\n"
        "        pickle.dumps(state.get(name))\n"
        "        continue\n"
        "    state[name] = None  # it cannot travel, and stays behind\n"
    )


def with_dropped(names: tuple[str, ...]) -> str:
    """Code that puts None in ``state`` for each of these that is there; "" for none.

    Notes stay, as plain texts.
    """
    code = ""
    if "__notes__" in names:
        code += (
            'if "__notes__" in state:  # texts, whatever their classes\n'
            '    state["__notes__"] = [str(note) for note in state["__notes__"]]\n'
        )
    attributes = tuple(name for name in names if name != "__notes__")
    if attributes:
        code += (
            f"{loop('name', attributes)}"
            "    if name in state:  # it cannot be rebuilt, and stays behind\n"
            "        state[name] = None\n"
        )
    return code


def converted_arguments(items: str, args: str, as_text: tuple[int, ...], stuck: bool) -> str:
    """Code that makes a list of arguments, with texts in place of what cannot travel.

    The text is the repr, or the str of a single argument, as in the message that Python makes.

    Args:
        items: The name of the list.
        args: Code of the arguments.
        as_text: Positions, counted from 0, of those that always become text.
        stuck: Whether those that cannot be pickled do.
    """
    code = f"{items} = list({args})\n"
    if as_text:
        code += (
            f"{loop('number', as_text)}"
            f"    if number < len({items}):  # it cannot be rebuilt, and goes as text\n"
            f"        shown = str if len({items}) == 1 else repr\n"
            f"        {items}[number] = shown({items}[number])\n"
        )
    if stuck:
        code += (
            f"for number, arg in enumerate({items}):\n"
            "    with contextlib.suppress(Exception):\n"
            "        pickle.dumps(arg)\n"
            "        continue\n"
            "    # It cannot travel, and goes as text.\n"
            f"    {items}[number] = str(arg) if len({items}) == 1 else repr(arg)\n"
        )
    return code


def set_literal(values: tuple[str, ...]) -> str:
    """Code of a set that holds these texts, in their order; a long one has a line for each."""
    literals = [f'"{value}"' for value in values]
    line = f"{{{', '.join(literals)}}}"
    if len(line) <= _LONGEST_SET:
        return line
    return "{\n" + "".join(f"    {literal},\n" for literal in literals) + "}"
