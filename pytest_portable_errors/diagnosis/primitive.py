"""What a store of plain values refuses: Flink Agents' memory, a JSON column, a checkpoint that
another language reads.

Types are compared exactly, as Flink Agents does: a str-Enum is no str, a tuple no list. No code of
the values is run.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.secret_names import is_secret_name
from pytest_portable_errors.diagnosis.secret_patterns import MASK, without_secrets
from pytest_portable_errors.receiver import fields

PRIMITIVES = (type(None), bool, int, float, str, bytes)
_MOST = 100  # findings: nobody reads more
_LONGEST_KEY = 80  # characters
_MUCH = 1_000  # characters of a key that are looked at for secrets: no more are shown
_HUGE = 10**18  # repr of an int of thousands of digits is refused (CVE-2020-10735)
_DEEPEST = 200  # containers; json and pickle give up not far below that

# By the name of a class that it is or inherits from, the first that fits: what turns such a value
# into a primitive one.
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
    "pathlib._local.PurePath": "str(value)",  # in Python 3.13
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
    """All that is not None, bool, int, float, str, bytes, a list, or a dict with str keys; in
    order, at most a hundred."""
    found: list[NotPrimitive] = []
    above: list[int] = []  # ids of the containers around the value that is looked at
    # ids of those that were searched: one that stands in many places is searched once
    done: set[int] = set()
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(value, ())]
    while waiting and len(found) < _MOST:
        one, steps = waiting.pop()
        done.update(above[len(steps) :])
        del above[len(steps) :]
        kind = type(one)
        if kind in PRIMITIVES or id(one) in done:
            continue
        if kind not in (list, dict):
            found.append(
                NotPrimitive(path=_path(path, steps), type=_name(kind), conversion=conversion(kind))
            )
            continue
        if id(one) in above or len(steps) >= _DEEPEST:
            why = "that holds itself" if id(one) in above else f"more than {_DEEPEST} deep"
            found.append(
                NotPrimitive(path=_path(path, steps), type=f"{kind.__name__} {why}", conversion="")
            )
            continue
        above.append(id(one))
        if kind is dict:
            found += [_key(key, path, steps) for key in one if type(key) is not str]
        inner = (
            enumerate(one)
            if kind is list
            else ((key, item) for key, item in one.items() if type(key) is str)
        )
        waiting += reversed(
            [(item, (*steps, step)) for step, item in inner if type(item) not in PRIMITIVES]
        )
    return found[:_MOST]


def not_primitive_on_the_wire(exc: BaseException) -> list[NotPrimitive]:
    """What pickle would send of an exception beside its class and those of its chain, as far as it
    is not primitive.

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
            members = (
                value
                if type(value) in (list, tuple) and fields.members_of(one) is not None
                else [value]
            )
            for member in members:
                if issubclass(type(member), BaseException):
                    waiting.append((member, path))
                elif not (
                    issubclass(type(member), type) and BaseException in fields.mro_of(member)
                ):
                    found += not_primitive(member, path)
    return found[:_MOST]


def _parts(exc: BaseException, where: str) -> Iterator[tuple[str, Any]]:
    """The values of what ``__reduce__`` gives: arguments, state, and the items that are added
    afterwards (object.__reduce__)."""
    try:
        reducer = copyreg.dispatch_table.get(type(exc))
        reduced = exc.__reduce_ex__(4) if reducer is None else reducer(exc)
        args, state, items, pairs = (
            (*reduced[1:5], None, None, None, None)[:4] if type(reduced) is tuple else (None,) * 4
        )
        items, pairs = list(items or ()), list(pairs or ())
    except KeyboardInterrupt:
        raise
    except BaseException:
        return
    stored = {id(arg): number for number, arg in enumerate(fields.base_field(exc, "args"))}
    for number, value in enumerate(args if type(args) is tuple else ()):
        yield (
            f"{where}.args[{stored[id(value)]}]"
            if id(value) in stored
            else f"{where}.__reduce__()[1][{number}]",
            value,
        )
    # Slots travel beside __dict__, as the second of two.
    states = (
        state
        if type(state) is tuple
        and len(state) == 2
        and {type(part) for part in state} <= {dict, type(None)}
        else (state,)
    )
    for part in states:
        if type(part) is dict:
            yield from _of_state(part, where)
        elif part is not None:
            yield f"{where}.__reduce__()[2]", part
    yield from ((f"{where}.__reduce__()[3]", item) for item in items)
    yield from (
        (f"{where}.__reduce__()[4]", item)
        for pair in pairs
        for item in (pair if type(pair) is tuple else (pair,))
    )


def _of_state(state: dict[object, object], where: str) -> Iterator[tuple[str, Any]]:
    for name, value in state.items():
        named = str.__str__(name) if issubclass(type(name), str) else f"<{_name(type(name))}>"
        if named == "args" and type(value) is tuple:  # of a recipe that sets them by the state
            yield from ((f"{where}.args[{number}]", item) for number, item in enumerate(value))
        else:
            yield f"{where}.{without_secrets(named)}", value


def _path(path: str, steps: Sequence[Any]) -> str:
    """``context['request'][1]``. A key may be a credential: one that looks like it, and any key
    below a name of one, is not told."""
    return path + "".join(f"[{_shown(step, steps[:number])}]" for number, step in enumerate(steps))


def _shown(key: str | bytes | int, above: Sequence[object]) -> str:
    if type(key) is not int and any(type(step) is str and is_secret_name(step) for step in above):
        return repr(MASK)
    start = key if type(key) is int else key[:_MUCH]  # type: ignore[index]  # a text, or bytes
    return _cut(without_secrets(repr(start)))


def _key(key: object, path: str, steps: Sequence[object]) -> NotPrimitive:
    kind = type(key)
    if kind is bytes:
        shown = _shown(key, steps)  # type: ignore[arg-type]  # just seen
    else:
        is_short = kind is int and abs(key) < _HUGE  # type: ignore[arg-type]  # an int
        is_shown = is_short or kind in (bool, float, type(None))
        shown = repr(key) if is_shown else f"<{_name(kind)}>"
    wanted = "key.value" if conversion(kind) == "value.value" else "str(key)"
    return NotPrimitive(
        path=f"{_path(path, steps)}[{shown}]", type=f"{_name(kind)} as a key", conversion=wanted
    )


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST_KEY else f"{text[:_LONGEST_KEY]}..."


def conversion(kind: type) -> str:
    """What turns a value of that type into a primitive one."""
    mro = fields.mro_of(kind)
    own = {attribute for cls in mro for attribute in fields.class_dict(cls)}
    if tuple in mro:
        return "value._asdict()" if "_fields" in own else "list(value)"
    if "__dataclass_fields__" in own:
        return "dataclasses.asdict(value)"
    if "__attrs_attrs__" in own:
        return "attrs.asdict(value)"
    names = {fields.type_name(cls) for cls in mro}
    return next((convert for name, convert in _CONVERSIONS.items() if name in names), "")


def _name(kind: type) -> str:
    module = (fields.module_of(kind) or "").partition(".")[0]
    name = fields.type_name(kind)
    return (
        name.removeprefix(f"{fields.module_of(kind)}.")
        if module in sys.stdlib_module_names
        else name
    )
