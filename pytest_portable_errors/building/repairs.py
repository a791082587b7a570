"""Repairs calls that a constructor refused, by what its error says that they lack."""

from __future__ import annotations

import datetime
import re
import types
from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.building.annotations import by_annotation
from pytest_portable_errors.building.calls import ConstructorCall
from pytest_portable_errors.building.values import by_name, stub

_MOST_POSITIONAL = 6
_MISSING = re.compile(
    r"[Mm]issing (?:\d+ )?(?:required )?(?:positional |keyword-only )?arguments?:? (.+)"
)
_QUOTED = re.compile(r"'(\w+)'")
_SWAPPED = (str, dict, list, bytes, datetime.datetime, datetime.timedelta)


def repair(call: ConstructorCall, error: BaseException) -> bool:
    """Change a call in place so that it has what its error says it lacks.

    Args:
        call: The call that was refused.
        error: What the constructor raised.

    Returns:
        Whether the call was changed, and is worth trying again.
    """
    if isinstance(error, AttributeError):
        return isinstance(error.name, str) and _give_attribute(call, error.obj, error.name)
    if isinstance(error, KeyError):
        return (
            len(error.args) == 1
            and isinstance(error.args[0], str)
            and _give_key(call, error.args[0])
        )
    if isinstance(error, TypeError) and (missing := _MISSING.search(str(error))):
        return sum(_give_argument(call, name) for name in _QUOTED.findall(missing[1])) > 0
    if isinstance(error, TypeError) and "object is not callable" in str(error):
        return _make_callable(call)
    if isinstance(error, IndexError) or (
        isinstance(error, ValueError) and "not enough values to unpack" in str(error)
    ):
        return _give_positional(call, f"argument-{len(call.positional) + 1}")
    return False


def _give_attribute(call: ConstructorCall, lacking: object, attribute: str) -> bool:
    """Give an attribute to the value that lacks it, or put a value that has it in its place.

    That is of a type of ``_SWAPPED`` which has such an attribute, or else a stub with it.
    """
    if lacking is None or isinstance(lacking, (bool, type)):
        return False
    for holder, key, name in _places(call):
        if holder[key] is lacking:
            kind = next((kind for kind in _SWAPPED if hasattr(kind, attribute)), None)
            if isinstance(lacking, (types.SimpleNamespace, BaseException)):
                setattr(lacking, attribute, by_name(attribute, len(vars(lacking)) + 40))
                call.last_given = lacking, attribute
            elif kind is not None:
                holder[key] = by_annotation(name, kind, 40)
            else:
                holder[key] = stub(name, 0)
                setattr(holder[key], attribute, by_name(attribute, 40))
                call.last_given = holder[key], attribute
            return True
    return False


def _make_callable(call: ConstructorCall) -> bool:
    """Make the attribute that was given last a method, as which the constructor called it."""
    if call.last_given is None:
        return False
    owner, attribute = call.last_given
    # A format method takes any arguments, gives a text, and can be pickled.
    setattr(owner, attribute, f"{attribute}-text".format)
    call.last_given = None
    return True


def _places(call: ConstructorCall) -> Iterator[tuple[Any, object, str]]:
    """Where the values of a call are, from the outermost in: ``(container, key, name)``."""
    waiting: list[tuple[Any, object, str]] = [(call.keyword, name, name) for name in call.keyword]
    for number, (name, _) in enumerate(call.positional):
        waiting.append((_Positional(call, number), 0, name))
    for _ in range(200):
        if not waiting:
            return
        holder, key, name = waiting.pop(0)
        yield holder, key, name
        value = holder[key]
        if isinstance(value, (types.SimpleNamespace, BaseException)):
            waiting += [(vars(value), attribute, attribute) for attribute in vars(value)]
        elif type(value) is dict:
            waiting += [(value, inner, f"{name}-value") for inner in value]
        elif type(value) is list:
            waiting += [(value, number, f"{name}-item") for number in range(len(value))]


class _Positional:
    """One positional argument, as a container of one."""

    def __init__(self, call: ConstructorCall, number: int) -> None:
        self._call, self._number = call, number

    def __getitem__(self, _: int) -> object:
        return self._call.positional[self._number][1]

    def __setitem__(self, _: int, value: object) -> None:
        self._call.positional[self._number] = (self._call.positional[self._number][0], value)


def _give_key(call: ConstructorCall, key: str) -> bool:
    if call.takes_more_keyword and key not in call.keyword:
        return _give_argument(call, key)
    dicts = [
        holder[place]
        for holder, place, _ in _places(call)
        if type(holder[place]) is dict and key not in holder[place]
    ]
    for lacking in dicts:
        lacking[key] = by_name(key, 40)
    return bool(dicts)


def _give_argument(call: ConstructorCall, name: str) -> bool:
    if call.takes_more_keyword and name not in call.keyword:
        call.keyword[name] = by_name(name, 40 + len(call.keyword))
        return True
    return _give_positional(call, name)


def _give_positional(call: ConstructorCall, name: str) -> bool:
    if not call.takes_more_positional or len(call.positional) >= _MOST_POSITIONAL:
        return False
    call.positional.append((name, by_name(name, 40 + len(call.positional))))
    return True
