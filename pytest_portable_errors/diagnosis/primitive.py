"""Finds values that a store of plain values refuses.

Such stores are the memory of Flink Agents, a JSON column, and a checkpoint that another language
reads. Types are compared exactly, as Flink Agents does: a str-Enum is no str, a tuple no list.
``not_primitive`` runs no code of the values; ``not_primitive_on_the_wire`` runs ``__reduce__``.
"""

from __future__ import annotations

import copyreg
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.printable import start_of
from pytest_portable_errors.diagnosis.secret_names import is_secret_name
from pytest_portable_errors.diagnosis.secret_patterns import MASK, without_secrets
from pytest_portable_errors.receiver import fields

PRIMITIVES = (type(None), bool, int, float, str, bytes)
_MOST_FINDINGS = 100  # nobody reads more
_LONGEST_KEY = 80  # characters of a key that are shown
_SEARCHED_KEY = 1_000  # characters of a key that are searched for secrets; the rest is not shown
_HUGE = 10**18  # repr of an int of thousands of digits is refused (CVE-2020-10735)
_DEEPEST = 200  # containers in each other; json and pickle fail at not many more

# What turns a value into a primitive one, by the name of its class or of one that it inherits from;
# the first that fits.
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
    # Subclasses of types that are primitive themselves.
    "builtins.str": "str(value)",
    "builtins.int": "int(value)",
    "builtins.float": "float(value)",
    "builtins.bytes": "bytes(value)",
    "builtins.list": "list(value)",
    "builtins.dict": "dict(value)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NotPrimitive:
    """A value that a store of plain values refuses."""

    path: str
    """``context['request_id']``."""
    type: str
    """What it is: ``UUID``, ``int as a key``, ``list that holds itself``."""
    conversion: str
    """An expression of ``value`` (or ``key``) that is primitive; ``""`` if none is known."""

    def __str__(self) -> str:
        advice = f"store {self.conversion}" if self.conversion else "leave it out"
        return f"{self.path}: {self.type}; {advice}"


def not_primitive(value: object, path: str) -> list[NotPrimitive]:
    """The parts of a value that a store of plain values refuses.

    Primitive are None, bool, int, float, str, bytes, lists, and dicts with str keys. No code of the
    values is run.

    Args:
        value: A value; what it holds is searched, too.
        path: What the paths of the findings begin with.

    Returns:
        The findings in order, at most a hundred; a list or dict that stands in several places is
        searched in the first.
    """
    findings: list[NotPrimitive] = []
    above: list[int] = []  # ids of the containers around the current value
    searched: set[int] = set()  # ids of containers that were left
    waiting: list[tuple[Any, tuple[Any, ...]]] = [(value, ())]
    while waiting and len(findings) < _MOST_FINDINGS:
        current, steps = waiting.pop()
        searched.update(above[len(steps) :])
        del above[len(steps) :]
        kind = type(current)
        if kind in PRIMITIVES or id(current) in searched:
            continue
        if kind not in (list, dict):
            findings.append(
                NotPrimitive(
                    path=_path(path, steps), type=_type_name(kind), conversion=conversion(kind)
                )
            )
            continue
        if id(current) in above or len(steps) >= _DEEPEST:
            why = "that holds itself" if id(current) in above else f"more than {_DEEPEST} deep"
            findings.append(
                NotPrimitive(path=_path(path, steps), type=f"{kind.__name__} {why}", conversion="")
            )
            continue
        above.append(id(current))
        if kind is dict:
            findings += [_key_finding(key, path, steps) for key in current if type(key) is not str]
        inner = (
            enumerate(current)
            if kind is list
            else ((key, item) for key, item in current.items() if type(key) is str)
        )
        waiting += reversed(
            [(item, (*steps, step)) for step, item in inner if type(item) not in PRIMITIVES]
        )
    return findings[:_MOST_FINDINGS]


def not_primitive_on_the_wire(exc: BaseException) -> list[NotPrimitive]:
    """The values that pickle would send of an exception and that are not primitive.

    Runs ``__reduce__`` of the exception and of exceptions that it sends. If that raises, nothing of
    the exception is searched: its dumps fails, and is reported as that.

    Args:
        exc: Exceptions that it sends as an argument, as a value of its state or as the member of a
            group are searched like itself; classes of exceptions are no findings.

    Returns:
        The findings with paths such as ``exc.args[0]``, at most a hundred.
    """
    findings: list[NotPrimitive] = []
    waiting: list[tuple[BaseException, str]] = [(exc, "exc")]
    visited: set[int] = set()
    while waiting and len(findings) < _MOST_FINDINGS:
        holder, holder_path = waiting.pop()
        if id(holder) in visited:
            continue
        visited.add(id(holder))
        for path, value in _parts(holder, holder_path):
            members = (
                value
                if type(value) in (list, tuple) and fields.members_of(holder) is not None
                else [value]
            )
            for member in members:
                if issubclass(type(member), BaseException):
                    waiting.append((member, path))
                elif not (
                    issubclass(type(member), type) and BaseException in fields.mro_of(member)
                ):
                    findings += not_primitive(member, path)
    return findings[:_MOST_FINDINGS]


def _parts(exc: BaseException, exc_path: str) -> Iterator[tuple[str, Any]]:
    """The paths and values of what ``__reduce__`` returns: arguments, state, items and pairs.

    What the parts of its result mean is said in the documentation of ``object.__reduce__``.
    """
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
    positions = {id(arg): number for number, arg in enumerate(fields.base_field(exc, "args"))}
    for number, value in enumerate(args if type(args) is tuple else ()):
        yield (
            f"{exc_path}.args[{positions[id(value)]}]"
            if id(value) in positions
            else f"{exc_path}.__reduce__()[1][{number}]",
            value,
        )
    # The values of slots are sent beside __dict__, as the second of two (copyreg.__reduce_ex__).
    states = (
        state
        if type(state) is tuple
        and len(state) == 2
        and {type(part) for part in state} <= {dict, type(None)}
        else (state,)
    )
    for part in states:
        if type(part) is dict:
            yield from _parts_of_state(part, exc_path)
        elif part is not None:
            yield f"{exc_path}.__reduce__()[2]", part
    yield from ((f"{exc_path}.__reduce__()[3]", item) for item in items)
    yield from (
        (f"{exc_path}.__reduce__()[4]", item)
        for pair in pairs
        for item in (pair if type(pair) is tuple else (pair,))
    )


def _parts_of_state(state: dict[object, object], exc_path: str) -> Iterator[tuple[str, Any]]:
    for key, value in state.items():
        name = str.__str__(key) if issubclass(type(key), str) else f"<{_type_name(type(key))}>"
        if name == "args" and type(value) is tuple:  # of a recipe that sets them by the state
            yield from ((f"{exc_path}.args[{number}]", item) for number, item in enumerate(value))
        else:
            yield f"{exc_path}.{without_secrets(name)}", value


def _path(path: str, steps: Sequence[Any]) -> str:
    """A path with steps added, ``context['request'][1]``; keys that may be credentials are masked.

    These are keys that have the shape of a secret, and all keys below the name of one.
    """
    return path + "".join(
        f"[{_shown_key(step, steps[:number])}]" for number, step in enumerate(steps)
    )


def _shown_key(key: str | bytes | int, above: Sequence[object]) -> str:
    """A key or position as ``repr`` writes it, masked and cut; ``above`` are the steps to it."""
    if type(key) is not int and any(type(step) is str and is_secret_name(step) for step in above):
        return repr(MASK)
    start = key if type(key) is int else key[:_SEARCHED_KEY]  # type: ignore[index]  # str or bytes
    return start_of(without_secrets(repr(start)), _LONGEST_KEY)


def _key_finding(key: object, path: str, steps: Sequence[object]) -> NotPrimitive:
    """The finding for a key of a dict that is no str."""
    kind = type(key)
    if kind is bytes:
        shown = _shown_key(key, steps)  # type: ignore[arg-type]  # its type was compared above
    else:
        is_short = kind is int and abs(key) < _HUGE  # type: ignore[arg-type]  # an int
        is_shown = is_short or kind in (bool, float, type(None))
        shown = repr(key) if is_shown else f"<{_type_name(kind)}>"
    return NotPrimitive(
        path=f"{_path(path, steps)}[{shown}]",
        type=f"{_type_name(kind)} as a key",
        conversion="key.value" if conversion(kind) == "value.value" else "str(key)",
    )


def conversion(kind: type) -> str:
    """An expression of ``value`` that turns a value of that type into a primitive one.

    Returns:
        What it gives may hold values that are not primitive; ``""`` if no expression is known.
    """
    mro = fields.mro_of(kind)
    attributes = {attribute for cls in mro for attribute in fields.class_dict(cls)}
    if tuple in mro:
        return "value._asdict()" if "_fields" in attributes else "list(value)"
    if "__dataclass_fields__" in attributes:
        return "dataclasses.asdict(value)"
    if "__attrs_attrs__" in attributes:
        return "attrs.asdict(value)"
    names = {fields.type_name(cls) for cls in mro}
    return next((convert for name, convert in _CONVERSIONS.items() if name in names), "")


def _type_name(kind: type) -> str:
    """A type's name, without its module if that is one of the standard library."""
    module = (fields.module_of(kind) or "").partition(".")[0]
    name = fields.type_name(kind)
    return (
        name.removeprefix(f"{fields.module_of(kind)}.")
        if module in sys.stdlib_module_names
        else name
    )
