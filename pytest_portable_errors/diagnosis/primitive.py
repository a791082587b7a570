"""What a store of plain values refuses: Flink Agents' memory, a JSON column, a checkpoint that another language reads.

Types are compared exactly, as Flink Agents does: a str-Enum is no str, a tuple no list. No code of the values is run.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.receiver import fields

PRIMITIVES = (type(None), bool, int, float, str, bytes)
_MOST = 100  # findings
_DEEPEST = 200  # containers; json and pickle give up not far below that

# By the name of a class that it is or inherits from, the first that fits: what turns such a value into a primitive one.
_CONVERSIONS = {
    "enum.Enum": "value.value",
    "uuid.UUID": "str(value)",
    "datetime.date": "value.isoformat()",
    "datetime.time": "value.isoformat()",
    "datetime.timedelta": "value.total_seconds()",
    "datetime.tzinfo": "str(value)",
    "decimal.Decimal": "str(value)",
    "fractions.Fraction": "str(value)",
    "pathlib.PurePath": "str(value)",
    "pydantic.main.BaseModel": 'value.model_dump(mode="json")',
    "numpy.generic": "value.item()",
    "numpy.ndarray": "value.tolist()",
    "builtins.complex": "[value.real, value.imag]",
    "builtins.set": "sorted(value)",
    "builtins.frozenset": "sorted(value)",
    "builtins.bytearray": "bytes(value)",
    "builtins.memoryview": "bytes(value)",
    "builtins.range": "list(value)",
    "builtins.BaseException": 'f"{type(value).__name__}: {value}"',
    "builtins.type": "value.__name__",
    # subclasses of what would be primitive
    "builtins.str": "str(value)",
    "builtins.int": "int(value)",
    "builtins.float": "float(value)",
    "builtins.bytes": "bytes(value)",
    "builtins.list": "list(value)",
    "builtins.dict": "dict(value)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPrimitive:
    """A value that is refused."""

    path: str
    """``context['request_id']``."""
    type: str
    conversion: str
    """An expression of ``value``; empty if there is none that one would want."""

    def __str__(self) -> str:
        advice = f"store {self.conversion}" if self.conversion else "leave it out"
        return f"{self.path}: {self.type}; {advice}"


def not_primitive(value: object, path: str) -> list[NotPrimitive]:
    """All that is not None, bool, int, float, str, bytes, a list, or a dict with str keys; in order, at most a hundred."""
    found: list[NotPrimitive] = []
    above: list[int] = []  # containers around the value that is looked at
    waiting: list[tuple[Any, str, int]] = [(value, path, 0)]
    while waiting and len(found) < _MOST:
        one, where, depth = waiting.pop()
        del above[depth:]
        kind = type(one)
        if kind not in (list, dict):
            if kind not in PRIMITIVES:
                found.append(NotPrimitive(path=where, type=_name(kind), conversion=conversion(kind)))
            continue
        if id(one) in above or depth >= _DEEPEST:
            why = "that holds itself" if id(one) in above else f"more than {_DEEPEST} deep"
            found.append(NotPrimitive(path=where, type=f"{kind.__name__} {why}", conversion=""))
            continue
        above.append(id(one))
        if kind is list:
            inner = [(item, f"{where}[{number}]", depth + 1) for number, item in enumerate(one)]
        else:
            found += [_key(key, where) for key in one if type(key) is not str]
            inner = [(item, f"{where}[{key!r}]", depth + 1) for key, item in one.items() if type(key) is str]
        waiting += reversed(inner)
    return found[:_MOST]


def not_primitive_on_the_wire(exc: BaseException) -> list[NotPrimitive]:
    """What pickle would send of an exception beside its class and those of its chain, as far as it is not primitive.

    Runs the exception's ``__reduce__``; what that raises is no finding, but a dumps that fails.
    """
    found: list[NotPrimitive] = []
    waiting: list[tuple[BaseException, str]] = [(exc, "exc")]
    seen: set[int] = set()
    while waiting and len(found) < _MOST:
        one, where = waiting.pop()
        if id(one) in seen:
            continue
        seen.add(id(one))
        for path, value in _parts(one, where):
            if issubclass(type(value), BaseException):
                waiting.append((value, path))
            elif not (isinstance(value, type) and issubclass(value, BaseException)):
                found += not_primitive(value, path)
    return found[:_MOST]


def _parts(exc: BaseException, where: str) -> Iterator[tuple[str, Any]]:
    try:
        reducer = copyreg.dispatch_table.get(type(exc))
        reduced = exc.__reduce_ex__(4) if reducer is None else reducer(exc)
    except KeyboardInterrupt:
        raise
    except BaseException:
        return
    if not isinstance(reduced, tuple):
        return
    args, state = reduced[1], reduced[2] if len(reduced) > 2 else None
    stored = fields.base_field(exc, "args")
    for number, value in enumerate(args):
        as_stored = [n for n, arg in enumerate(stored) if arg is value]
        yield f"{where}.args[{as_stored[0]}]" if as_stored else f"{where}.__reduce__()[1][{number}]", value
    if type(state) is dict:
        for name, value in state.items():
            if name == "args" and type(value) is tuple:  # of a recipe that sets them by the state
                yield from ((f"{where}.args[{number}]", item) for number, item in enumerate(value))
            else:
                yield f"{where}.{name}", value
    elif state is not None:
        yield f"{where}.__reduce__()[2]", state


def _key(key: object, where: str) -> NotPrimitive:
    kind = type(key)
    shown = repr(key) if kind in PRIMITIVES else f"<{_name(kind)}>"
    wanted = "key.value" if conversion(kind) == "value.value" else "str(key)"
    return NotPrimitive(path=f"{where}[{shown}]", type=f"{_name(kind)} as a key", conversion=wanted)


def conversion(kind: type) -> str:
    """What turns a value of that type into a primitive one."""
    if issubclass(kind, tuple):
        return "value._asdict()" if "_fields" in vars(kind) else "list(value)"
    mro = type.mro(kind)
    own = {attribute for cls in mro for attribute in vars(cls)}
    if "__dataclass_fields__" in own and "__pydantic_fields__" not in own:
        return "dataclasses.asdict(value)"
    if "__attrs_attrs__" in own:
        return "attrs.asdict(value)"
    names = {fields.type_name(cls) for cls in mro}
    return next((convert for name, convert in _CONVERSIONS.items() if name in names), "")


def _name(kind: type) -> str:
    module = (fields.module_of(kind) or "").partition(".")[0]
    return kind.__qualname__ if module in sys.stdlib_module_names else fields.type_name(kind)
