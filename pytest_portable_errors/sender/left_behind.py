"""Tells what a class leaves behind on purpose: what the serializer cannot pickle at all.

An author who writes a reducer that sends None or a text in place of a lock has made a choice. Of
what could have travelled nobody has said that it may be lost.
"""

from __future__ import annotations

import pickle
import re
from collections.abc import Iterator
from typing import Any

from pytest_portable_errors.diagnosis.class_source import reducer_of, registered_reducer
from pytest_portable_errors.diagnosis.facts import Reducer
from pytest_portable_errors.diagnosis.loss import Comparison
from pytest_portable_errors.diagnosis.secret_names import is_secret_name
from pytest_portable_errors.diagnosis.shown import show
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.values import describe_value as describe
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.extent import held_by
from pytest_portable_errors.sender.serializers import PayloadTooLarge, Reducers, Serializer
from pytest_portable_errors.sender.unchanged import unchanged

_STEP = re.compile(r"\.(?P<name>\w+)|\[(?P<key>[^\]]*)\]")
_HEADERS = re.compile(r"\.headers(\._store)?$")  # of an HTTP request
_CONTAINERS = (dict, list, tuple)
_LINKS = ("exc.__cause__", "exc.__context__")
_FIELDS = ("args", "__cause__", "__context__")


def with_choices(compared: Comparison, exc: BaseException, serializer: Serializer) -> Comparison:
    """Declare the losses that the classes of an exception have chosen.

    Args:
        compared: The losses, those that are declared otherwise among them.
        exc: The exception that was sent, or its copy.
        serializer: What pickled it.

    Returns:
        The same losses. Declared are, too, those at values that the serializer cannot pickle at
        all, and that the reducer of the class that holds them, written in Python, left out or
        replaced; with them the message that Python itself makes of such arguments.
    """
    chosen = {
        loss
        for loss in compared.losses
        if loss.kind in ("args", "attributes", "chain", "members")
        and is_left_behind(exc, loss.path, serializer)
    }
    # What is lost of a link is lost of an attribute that holds the same exception.
    if not any(loss.path.startswith(_LINKS) for loss in compared.losses if loss not in chosen):
        chosen |= {loss for loss in compared.losses if _holds_link(exc, loss.path)}
    has_own_text = type(exc).__str__ is not BaseException.__str__
    if not has_own_text and any(loss.kind == "args" for loss in chosen):
        chosen |= {loss for loss in compared.losses if loss.path == "message"}
    return Comparison(
        losses=tuple(loss for loss in compared.losses if loss not in chosen),
        declared=(*compared.declared, *(loss for loss in compared.losses if loss in chosen)),
    )


def is_left_behind(exc: BaseException, path: str, serializer: Serializer) -> bool:
    """Whether a path leads to or through a value that the class of its holder leaves behind.

    So does one to the headers of a request, of which it leaves those with credentials out.
    """
    steps = list(_STEP.finditer(path))
    chooses_here = chooses(type(exc), serializer)
    if chooses_here and _HEADERS.search(path) and _holds_secret(list(_values_along(exc, steps))):
        return True
    for number, value in enumerate(_values_along(exc, steps)):
        if becomes_plain(value):
            return True
        is_passed = type(value) in _CONTAINERS and number < len(steps) - 1
        if chooses_here and not is_passed and not can_travel(value, serializer):
            return True
        if issubclass(type(value), BaseException):
            chooses_here = chooses(type(value), serializer)
    return False


def _holds_link(exc: BaseException, path: str) -> bool:
    """Whether a path leads to an attribute that holds the cause or the context."""
    values = list(_values_along(exc, list(_STEP.finditer(path))))
    links = (fields.base_field(exc, "__cause__"), fields.base_field(exc, "__context__"))
    return len(values) == 1 and any(values[0] is link for link in links if link is not None)


def _holds_secret(values: list[object]) -> bool:
    """Whether the last of these values is a mapping in which a header holds a credential."""
    headers = values[-1] if values else None
    return isinstance(headers, dict) and any(
        isinstance(name, str) and is_secret_name(name) for name in headers
    )


def becomes_plain(value: object) -> bool:
    """Whether a value's own class, by a reducer in Python, has it pickled as plain data.

    So does the ``ReturnDict`` of Django REST framework, which leaves its serializer behind.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    cls = type(value)
    if cls in PLAIN or issubclass(cls, BaseException):
        return False
    reducer = reducer_of(cls)
    if reducer is None or not reducer.file:
        return False
    try:
        with unchanged(held_by(value)):
            reduced = value.__reduce_ex__(pickle.DEFAULT_PROTOCOL)
    except KeyboardInterrupt:
        raise
    except BaseException:  # foreign code
        return False
    return isinstance(reduced, tuple) and len(reduced) > 0 and reduced[0] in PLAIN


PLAIN = (bool, int, float, complex, str, bytes, bytearray, list, tuple, dict, set, frozenset)
"""The classes of plain data."""


def value_can_travel(exc: BaseException, path: str, serializer: Serializer) -> bool:
    """Whether a serializer can pickle the argument or attribute that a path goes through first."""
    steps = list(_STEP.finditer(ValuePath.of(path).held_path))
    values = list(_values_along(exc, steps))
    return len(values) == len(steps) > 0 and can_travel(values[-1], serializer)


def chooses(cls: type, serializer: Serializer) -> bool:
    """Whether a reducer that somebody wrote in Python pickles the exceptions of a class."""
    reducer = reducer_in_use(cls, serializer)
    return reducer is not None and bool(reducer.file)


def reducer_in_use(cls: type, serializer: Serializer) -> Reducer | None:
    """What pickles the instances of a class: what the serializer has for it goes first.

    None if Python's own method does.
    """
    own: Reducers = getattr(serializer, "reducers", {})
    if own and cls in own:
        return registered_reducer(own[cls], cls)
    return reducer_of(cls)


def can_travel(value: object, serializer: Serializer) -> bool:
    """Whether a serializer can pickle a value by itself.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    plain: Any = serializer.of if isinstance(serializer, Carrier) else serializer
    try:
        with unchanged(held_by(value)):
            plain.dumps(value)
    except KeyboardInterrupt:
        raise
    except PayloadTooLarge:
        return True  # it is too much, and yet it can be pickled
    except BaseException:  # foreign code
        return False
    return True


def _values_along(exc: BaseException, steps: list[re.Match[str]]) -> Iterator[object]:
    """The values that the steps of a path lead to, as far as there are any."""
    value: object = exc
    for step in steps:
        found = _attribute(value, step["name"]) if step["name"] else _item(value, step["key"])
        if not found:
            return
        value = found[0]
        yield value


def _attribute(value: object, name: str) -> list[object]:
    """The attribute of this name in a list; [] if there is none."""
    if not issubclass(type(value), BaseException):
        stored: dict[Any, object] = {
            **fields.dict_of(value),
            **dict(fields.slot_values(fields.slots_of(type(value)), value)),
        }
        return [stored[name]] if name in stored else []
    holder: Any = value
    if name in _FIELDS:
        return [fields.base_field(holder, name)]
    if name == "exceptions":
        members = fields.members_of(holder)
        return [] if members is None else [members]
    attributes = fields.attributes_of(holder)
    return [attributes[name]] if name in attributes else []


def _item(value: Any, key: str) -> list[object]:
    """The item of a container at a position, or at a key as a path writes it; [] if none."""
    if type(value) is dict:
        return [item for own, item in value.items() if show(describe(own)) == key][:1]
    if type(value) in (list, tuple) and key.isdigit() and int(key) < len(value):
        return [value[int(key)]]
    return []
