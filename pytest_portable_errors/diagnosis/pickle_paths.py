"""What lies where in a payload, by the paths that a reader of the exception would write:
``exc.request.headers['authorization']``."""

from __future__ import annotations

import builtins
from collections import deque
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.value_path import leads_to_exception

_MOST_PLACES = 20_000  # the nearest; as many as payload.OPCODES make have room
_LONGEST_PATH = 1_000  # characters
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
_GROUPS = ("BaseExceptionGroup", "ExceptionGroup")


# a payload has ten thousand of them, and a frozen dataclass takes three times as long to make
class PayloadValue(NamedTuple):
    """A value of the payload."""

    path: str
    name: str | None
    """What the value is called there: an attribute, a key, the first of a pair. None where only its
    position says what it is."""
    value: object


def places(root: object, path: str = "exc") -> Iterator[PayloadValue]:
    """Everything that ``root`` holds, itself first, outward; what is met twice only where it is
    nearest."""
    waiting = deque([PayloadValue(path, None, root)])
    seen: set[int] = set()
    for _ in range(_MOST_PLACES):
        if not waiting:
            return
        place = waiting.popleft()
        if isinstance(place.value, (Call, list, tuple)) and place.value:
            if id(place.value) in seen:
                continue
            seen.add(id(place.value))
        yield place
        waiting.extend(_bounded(part, place.path) for part in _parts(place))


def _bounded(part: PayloadValue, above: str) -> PayloadValue:
    """Very deep down the path stays as it is: a payload of 50,000 tuples in each other is small,
    and its paths would not be."""
    return part if len(part.path) <= _LONGEST_PATH else PayloadValue(above, part.name, part.value)


def path_of(subject: object, root: object) -> str | None:
    """Where a Call lies, or the first Global of that name; a state setter lies where its object
    does. None if it lies nowhere."""
    for place in places(root):
        if place.value is subject or (isinstance(subject, Global) and place.value == subject):
            return place.path
        if isinstance(place.value, Call) and _sets(subject, place.value):
            return place.path
    return None


def _sets(setter: object, call: Call) -> bool:
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
            yield PayloadValue(f"{path}[{_key(key)}]", _text(key), item)
    elif isinstance(value, (list, tuple)):
        for position, item in enumerate(value):
            yield from _named_pair(item, path) or [PayloadValue(f"{path}[{position}]", None, item)]


def _parts_of_call(path: str, call: Call) -> Iterator[PayloadValue]:
    yield PayloadValue(path, None, call.function)
    yield from _arguments(path, call)
    for state in call.state if isinstance(call.state, tuple) else (call.state,):
        if isinstance(state, Pairs):
            for name, value in state:
                yield PayloadValue(
                    f"{path}.{name}" if isinstance(name, str) else f"{path}[{_key(name)}]",
                    _text(name),
                    value,
                )
        elif state is not None:
            yield PayloadValue(path, None, state)
    yield from (
        PayloadValue(f"{path}[{position}]", None, item) for position, item in enumerate(call.items)
    )
    yield from (PayloadValue(f"{path}[{_key(key)}]", _text(key), item) for key, item in call.pairs)


def _arguments(path: str, call: Call) -> Iterator[PayloadValue]:
    if not isinstance(call.args, tuple):
        yield PayloadValue(path, None, call.args)
        return
    built, args = built_class(call)
    is_exception = leads_to_exception(path) or looks_like_exception(call)
    names = _TBLIB.get(getattr(call.function, "qualname", ""), ())
    for position, item in enumerate(call.args if names else args):
        if position < len(names) and names[position]:
            yield PayloadValue(f"{path}.{names[position]}", names[position], item)
        elif position < len(names):
            yield PayloadValue(path, None, item)  # the class, or what is of no interest
        elif (
            position == 1
            and is_exception
            and isinstance(item, (list, tuple))
            and _are_members(built, args[0], item)
        ):
            yield from (
                PayloadValue(f"{path}.exceptions[{n}]", None, member)
                for n, member in enumerate(item)
            )
        else:
            yield PayloadValue(f"{path}.args[{position}]" if is_exception else path, None, item)


def _are_members(built: object, message: object, items: Sequence[object]) -> bool:
    """Whether these are the members of an ExceptionGroup: of its own class surely, of a subclass by
    the looks of it."""
    is_group = isinstance(built, Global) and built.qualname in _GROUPS
    return is_group or (
        isinstance(message, str) and bool(items) and all(isinstance(item, Call) for item in items)
    )


def built_class(call: Call) -> tuple[object, tuple[object, ...]]:
    """The class that a call makes an instance of, as far as that can be told, and the arguments
    that are left.

    Where a reconstructor is called (``Exception.__new__``, one of some library's) it is the first
    class among its arguments.
    """
    args = call.args if isinstance(call.args, tuple) else ()
    if call.by == "new" or (isinstance(call.function, Global) and not _is_function(call.function)):
        return call.function, args
    for position, item in enumerate(args):
        if isinstance(item, Global) and not _is_function(item):
            return item, args[position + 1 :] if position == 0 else args
    return call.function, args


def looks_like_exception(call: Call) -> bool:
    """By its class's name, and by a state with a chain: the payload does not say which of its
    classes are exceptions."""
    cls, _ = built_class(call)
    if not isinstance(cls, Global):
        return False
    if cls.module in ("builtins", "__builtin__", "exceptions"):
        known = getattr(builtins, cls.qualname, None)
        return isinstance(known, type) and issubclass(known, BaseException)
    return cls.qualname.endswith(_ENDINGS) or (
        isinstance(call.state, Pairs) and any(key == "__cause__" for key, _ in call.state)
    )


def _is_function(name: Global) -> bool:
    """By the usual spelling: the payload does not say what a name is."""
    last = name.qualname.rpartition(".")[2]
    return not last.lstrip("_")[:1].isupper()


def _named_pair(item: object, path: str) -> list[PayloadValue] | None:
    """``(name, value)``, as headers are kept: in a list of an attribute that is nobody's
    business."""
    if (
        not isinstance(item, tuple)
        or len(item) not in (2, 3)
        or (name := _text(item[0])) is None
        or _text(item[-1]) is None
    ):
        return None
    owner, dot, attribute = path.rpartition(".")
    if not (dot and attribute.startswith("_") and attribute.isidentifier()):
        return None
    return [PayloadValue(f"{owner}[{name.lower()!r}]", name, item[-1])]


def _text(value: object) -> str | None:
    if (
        isinstance(value, Call)
        and value.function == Global("_codecs", "encode")
        and isinstance(value.args, tuple)
        and value.args
    ):
        value = value.args[0]  # how protocols 0 to 2 write bytes, which they do not know
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else None


def _key(key: object) -> str:
    return (
        repr(key)
        if isinstance(key, (str, bytes, int, float, bool, type(None)))
        else str(getattr(key, "function", key))[:60]
    )
