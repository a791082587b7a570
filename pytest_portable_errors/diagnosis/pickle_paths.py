"""The values of a payload with their paths in the exception.

A path is written as a reader would write it: ``exc.request.headers['authorization']``.
"""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_portable_errors.diagnosis.item_names import fields_of, names_of_items
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.value_path import leads_to_exception, may_be_named_pair

# Values of one payload, the nearest first; there is room for what pickle_reader.OPCODES make.
_MOST_PLACES = 20_000
_LONGEST_PATH = 1_000  # characters
# By these endings of its name a class is taken for an exception: a payload does not say what it is.
_ENDINGS = (
    "Error",
    "Exception",
    "Warning",
    "Interrupt",
    "Exit",
    "Group",
    "Failure",
    "Failed",
    "Timeout",
    "NotFound",
    "Denied",
    "Abort",
    "ExceptionWrapper",
)
# Parameters of tblib's reconstructors, as far as they are parts of the exception
# (tblib.pickling_support; distributed registers them).
_TBLIB = {
    "unpickle_exception": (
        "",
        "args",
        "__cause__",
        "__traceback__",
        "__context__",
        "",
        "__notes__",
    ),
    "unpickle_exception_with_attrs": (
        "",
        "__dict__",
        "__cause__",
        "__traceback__",
        "__context__",
        "",
        "__notes__",
        "args",
    ),
}
# Protocols 0 to 2 have no opcode for bytes, and those below 5 none for bytearrays.
_BYTES = (
    Global("_codecs", "encode"),
    Global("builtins", "bytearray"),
    Global("__builtin__", "bytearray"),
)
_BUILTINS = ("builtins", "__builtin__", "exceptions")  # the latter two are of Python 2
_GROUPS = ("BaseExceptionGroup", "ExceptionGroup")


# No frozen dataclass, which takes three times as long to make: a payload has ten thousand of these.
class PayloadValue(NamedTuple):
    """A value of a payload, with its path."""

    path: str
    """``exc.args[0]``; a function and a state lie where their object does."""
    name: str | None
    """The attribute, the key or the first of a pair that names the value; None where only its
    position says what it is."""
    value: object
    """Plain data, or what stands for an object: a Call, Global, Pairs, list or tuple."""


def payload_values(root: object, path: str = "exc") -> Iterator[PayloadValue]:
    """All values that a payload holds, the nearest to its root first.

    Args:
        root: What the payload ends in (``Reading.root``).
        path: Path of the root.

    Yields:
        The root itself first; a call or container that stands in several places, only where it is
        nearest; at most 20,000 values.
    """
    waiting = deque([PayloadValue(path, None, root)])
    visited: set[int] = set()
    for _ in range(_MOST_PLACES):
        if not waiting:
            return
        place = waiting.popleft()
        if isinstance(place.value, (Call, list, tuple)) and place.value:
            if id(place.value) in visited:
                continue
            visited.add(id(place.value))
        yield place
        waiting.extend(_with_bounded_path(part, place.path) for part in _parts(place))


def _with_bounded_path(part: PayloadValue, above: str) -> PayloadValue:
    """A value with the path above it where its own would be longer than a thousand characters.

    A payload of 50,000 tuples in each other is small, and its paths would not be.
    """
    return part if len(part.path) <= _LONGEST_PATH else PayloadValue(above, part.name, part.value)


def path_of(subject: object, root: object) -> str | None:
    """The path of a call or a name in a payload.

    Args:
        subject: The very Call, or a Global that is equal to the one looked for.
        root: What the payload ends in (``Reading.root``).

    Returns:
        The path of the nearest; of a call that sets the state of an object, the object's. None if
        the payload does not hold it.
    """
    for place in payload_values(root):
        if place.value is subject or (isinstance(subject, Global) and place.value == subject):
            return place.path
        if isinstance(place.value, Call) and _is_setter_for(subject, place.value):
            return place.path
    return None


def _is_setter_for(setter: object, call: Call) -> bool:
    """Whether one call is a state setter for the result of another: ``setter(object, state)``."""
    return (
        isinstance(setter, Call)
        and isinstance(setter.args, tuple)
        and bool(setter.args)
        and setter.args[0] is call
    )


def _parts(place: PayloadValue) -> Iterator[PayloadValue]:
    path, value = place.path, place.value
    if isinstance(value, Call):
        yield from _parts_of_call(path, value)
    elif isinstance(value, Pairs):
        for key, item in value:
            yield PayloadValue(path, None, key)
            yield PayloadValue(f"{path}[{_key_text(key)}]", text_of_value(key), item)
    elif isinstance(value, (list, tuple)):
        names = names_of_items(place.name or "", list(map(_name_in, value)))
        for position, item in enumerate(value):
            yield from _named_pair(item, path) or [
                PayloadValue(f"{path}[{position}]", names.get(position), item)
            ]


def _name_in(value: object) -> str | None:
    """The text of an item, for the names of others: also of a subclass of str, as multidict has."""
    if isinstance(value, Call) and isinstance(value.args, tuple) and len(value.args) == 1:
        value = value.args[0]
    return text_of_value(value)


def _parts_of_call(path: str, call: Call) -> Iterator[PayloadValue]:
    yield PayloadValue(path, None, call.function)
    yield from _arguments(path, call)
    for state in call.state if isinstance(call.state, tuple) else (call.state,):
        if isinstance(state, Pairs):
            for name, value in state:
                yield PayloadValue(
                    f"{path}.{name}" if isinstance(name, str) else f"{path}[{_key_text(name)}]",
                    text_of_value(name),
                    value,
                )
        elif state is not None:
            yield PayloadValue(path, None, state)
    yield from (
        PayloadValue(f"{path}[{position}]", None, item) for position, item in enumerate(call.items)
    )
    yield from (
        PayloadValue(f"{path}[{_key_text(key)}]", text_of_value(key), item)
        for key, item in call.pairs
    )


def _arguments(path: str, call: Call) -> Iterator[PayloadValue]:
    if not isinstance(call.args, tuple):
        yield PayloadValue(path, None, call.args)
        return
    cls, args = built_class(call)
    is_exception = leads_to_exception(path) or looks_like_exception(call)
    names = _TBLIB.get(getattr(call.function, "qualname", ""), ())
    fields = fields_of(f"{cls.module}.{cls.qualname}") if isinstance(cls, Global) else ()
    for position, item in enumerate(call.args if names else args):
        if position < len(names) and names[position]:
            yield PayloadValue(f"{path}.{names[position]}", names[position], item)
        elif position < len(names):
            yield PayloadValue(path, None, item)  # the class, or another part without a name
        elif (
            position == 1
            and is_exception
            and isinstance(item, (list, tuple))
            and _are_members(cls, args[0], item)
        ):
            yield from (
                PayloadValue(f"{path}.exceptions[{n}]", None, member)
                for n, member in enumerate(item)
            )
        elif position < len(fields):
            yield PayloadValue(f"{path}.{fields[position]}", fields[position], item)
        else:
            yield PayloadValue(f"{path}.args[{position}]" if is_exception else path, None, item)


def _are_members(cls: object, message: object, items: Sequence[object]) -> bool:
    """Whether these are the members of a group: its class says so, or all of them are calls.

    A subclass of ExceptionGroup cannot be told by its name.
    """
    is_group = isinstance(cls, Global) and cls.qualname in _GROUPS
    return is_group or (
        isinstance(message, str) and bool(items) and all(isinstance(item, Call) for item in items)
    )


def built_class(call: Call) -> tuple[object, tuple[object, ...]]:
    """The class of which a call makes an instance, and the arguments without that class.

    Names tell classes from functions: those of classes begin with a capital letter.

    Returns:
        The function of the call, if that is a class. Otherwise a reconstructor is called, such as
        ``Exception.__new__`` or a library's own: the first class among its arguments, and what
        follows it; all arguments, if the class is not the first of them. Without a class, the
        function of the call. Arguments are ``()`` if they are no tuple.
    """
    args = call.args if isinstance(call.args, tuple) else ()
    if call.by == "new" or (isinstance(call.function, Global) and not is_function(call.function)):
        return call.function, args
    for position, item in enumerate(args):
        if isinstance(item, Global) and not is_function(item):
            return item, args[position + 1 :] if position == 0 else args
    return call.function, args


def looks_like_exception(call: Call) -> bool:
    """Whether a call likely makes an exception; the payload does not say which classes are.

    Of Python's own classes it is known. Others are told by their name (``PaymentError``), or by a
    state with a ``__cause__``.
    """
    cls, _ = built_class(call)
    if not isinstance(cls, Global):
        return False
    if cls.module in _BUILTINS:
        return has_name_of_exception(cls)
    return has_name_of_exception(cls) or (
        isinstance(call.state, Pairs) and any(key == "__cause__" for key, _ in call.state)
    )


def has_name_of_exception(cls: Global) -> bool:
    """Whether a class is an exception of Python's own, or another one with a name like theirs."""
    if cls.module in _BUILTINS:
        builtin = getattr(builtins, cls.qualname, None)
        return isinstance(builtin, type) and issubclass(builtin, BaseException)
    return cls.qualname.endswith(_ENDINGS)


def is_function(name: Global) -> bool:
    """Whether a name is spelt like a function's: the payload does not say what it names."""
    last_part = name.qualname.rpartition(".")[2]
    return not last_part.lstrip("_")[:1].isupper()


def _named_pair(item: object, path: str) -> list[PayloadValue] | None:
    """The value of a header, as httpx keeps it, under the header's name; None for other items."""
    owner, dot, attribute = path.rpartition(".")
    if (
        not (dot and attribute.isidentifier())
        or not isinstance(item, tuple)
        or not may_be_named_pair(attribute, len(item))
        or (name := text_of_value(item[0])) is None
        or text_of_value(item[-1]) is None
    ):
        return None
    return [PayloadValue(f"{owner}[{name.lower()!r}]", name, item[-1])]


def text_of_value(value: object) -> str | None:
    """The text of a str, bytes or bytearray, bytes as Latin-1; None for anything else."""
    while (
        isinstance(value, Call)
        and value.function in _BYTES
        and isinstance(value.args, tuple)
        and value.args
    ):
        value = value.args[0]
    if isinstance(value, (bytes, bytearray)):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _key_text(key: object) -> str:
    """A key as it is written in a path; of an object, the function that makes it, cut."""
    return (
        repr(key)
        if isinstance(key, (str, bytes, int, float, bool, type(None)))
        else str(getattr(key, "function", key))[:60]
    )
