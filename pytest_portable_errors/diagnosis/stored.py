"""Describes a stored exception by the opcodes of its pickle.

Nothing is imported and nothing is called; the disk is searched for the modules that loads needs.
"""

from __future__ import annotations

import _compat_pickle  # the table by which pickle itself translates names of Python 2
import builtins
import importlib.machinery
import importlib.util
import itertools
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.findings import Credential
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.pickle_paths import (
    built_class,
    looks_like_exception,
    payload_values,
)
from pytest_portable_errors.diagnosis.pickle_reader import Reading, read
from pytest_portable_errors.diagnosis.stored_values import (
    PlainData,
    cut,
    short_text,
    state_of,
)
from pytest_portable_errors.diagnosis.unexpected_calls import unexpected_calls

_MOST_ERRORS = 1_000  # exceptions of one payload that are described
_MOST_PARTS = 1_000  # arguments, attributes and notes of one exception that are described
_MOST_NAMES = 1_000  # names of one payload that are looked for
_CELERY_WRAPPER = "UnpickleableExceptionWrapper"  # celery.utils.serialization
# Parts of a state that are no attributes.
_NO_ATTRIBUTES = ("args", "__cause__", "__context__", "__suppress_context__", "__notes__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Something that loads would import."""

    name: str
    """``shop.errors.PaymentError``."""
    lacks: str | None
    """What this interpreter lacks of it: ``no module 'shop'``.

    None if its module is there; whether the module holds the name is not known.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredError:
    """One exception of a payload; all texts are masked."""

    path: str
    """``exc.__cause__``."""
    type: str
    """Full name of the class, ``shop.errors.PaymentError``; of built-in classes ``ValueError``."""
    message: str
    """What ``str()`` gives unless the class itself defines ``__str__``."""
    args: tuple[object, ...]
    """As plain data (``stored_values.PlainData``); of a group the message alone."""
    attributes: dict[str, object]
    """What its state holds beside arguments, chain and notes, as plain data."""
    notes: tuple[object, ...] = ()
    """Its ``__notes__`` (PEP 678), as plain data."""
    rebuilt_by: str | None = None
    """The function that loads would call; None if that is the class."""
    links: tuple[tuple[str, str], ...] = ()
    """Its cause, context and members, as pairs of the attribute and the path of another error:
    ``("__cause__", "exc.__cause__")``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a payload holds."""

    errors: tuple[StoredError, ...]
    """The outermost first; ``()`` if the payload likely holds no exception."""
    value: object
    """What the payload holds, as plain data, if it holds no exception; otherwise None."""
    names: tuple[Name, ...]
    """What loads would import."""
    credentials: tuple[Credential, ...]
    problem: str | None
    """Why reading ended early; None if it did not."""
    unexpected: tuple[str, ...] = ()
    """What loads would call that is neither a class nor a well-known reconstructor; full names."""
    is_cut: bool = False
    """Whether the payload holds more than this shows of it."""


def inspect_payload(payload: bytes) -> Inspection:
    """Read a pickle without running it.

    Args:
        payload: Bytes; what is no pickle gives an inspection with a ``problem``.

    Returns:
        What the payload holds, with credentials masked.
    """
    reading = read(payload)
    written = _written(reading)
    if written is not None:
        return inspect_written(written)
    scan = find_credentials(reading)
    roots, plain = _exceptions(reading), PlainData()
    errors = tuple(_masked(error, scan.mask) for error in _all_errors(roots, plain))
    return Inspection(
        errors=errors,
        value=None if errors else scan.mask.data(plain.value(reading.root)),
        names=tuple(
            Name(name=scan.mask.text(str(name)), lacks=_missing_module(name))
            for name in reading.names[:_MOST_NAMES]
        ),
        credentials=scan.credentials,
        problem=reading.error,
        unexpected=tuple(map(scan.mask.text, unexpected_calls(reading.calls))),
        is_cut=plain.is_cut or reading.is_cut or len(reading.names) > _MOST_NAMES,
    )


def _written(reading: Reading) -> dict[str, Any] | None:
    """The dict of an error that Celery's database backend pickles, if the payload is one.

    It is what the JSON serializer writes elsewhere, and is pickled for its column.
    """
    if reading.calls or not isinstance(reading.root, Pairs):
        return None
    written = {key: value for key, value in reading.root if isinstance(key, str)}
    return written if isinstance(written.get("exc_type"), str) else None


def inspect_written(written: dict[str, Any]) -> Inspection:
    """Describe an error that Celery's JSON serializer wrote: it keeps type and arguments alone.

    Args:
        written: A result with ``exc_type`` (a str), ``exc_message`` (the arguments, or one of
            them) and ``exc_module`` (``celery.backends.base.Backend.prepare_exception``), in any
            order.

    Returns:
        An inspection of one error, with credentials masked in the error; none are listed.

    Raises:
        KeyError: ``written`` has no ``exc_type``.
    """
    module, message = written.get("exc_module"), written.get("exc_message")
    args = tuple(message) if isinstance(message, (list, tuple)) else (message,)
    name = (
        f"{module}.{written['exc_type']}"
        if isinstance(module, str) and module != "builtins"
        else written["exc_type"]
    )
    mask, plain = find_credentials(Reading(names=(), calls=(), root=args)).mask, PlainData()
    error = StoredError(
        path="exc",
        type=name,
        message=_message(None, args, plain, is_group=False),
        args=tuple(map(plain.value, args)),
        attributes={},
    )
    global_name = Global(module, written["exc_type"]) if isinstance(module, str) else None
    names = () if global_name is None else (Name(name=name, lacks=_missing_module(global_name)),)
    return Inspection(
        errors=(_masked(error, mask),),
        value=None,
        names=names,
        credentials=(),
        problem=None,
        is_cut=plain.is_cut,
    )


def _exceptions(reading: Reading) -> list[tuple[str, Call]]:
    """The paths and calls of the exceptions that are not part of another one."""
    root = reading.root
    if isinstance(root, Call):
        return [("exc", root)]
    if root is None:  # reading ended early: the first exception that was made stands for all
        exceptions = [call for call in reading.calls if looks_like_exception(call)]
        return [("exc", exceptions[0])] if exceptions else []
    outermost: list[tuple[str, Call]] = []
    for place in payload_values(root, "payload"):
        is_inside = any(place.path.startswith((f"{path}.", f"{path}[")) for path, _ in outermost)
        if isinstance(place.value, Call) and not is_inside and looks_like_exception(place.value):
            outermost.append((place.path, place.value))
    return outermost


def _all_errors(roots: list[tuple[str, Call]], plain: PlainData) -> Iterator[StoredError]:
    """These exceptions, then those that they are chained to, each once."""
    waiting, visited = deque(roots), set[int]()
    while waiting and len(visited) < _MOST_ERRORS:
        path, call = waiting.popleft()
        if id(call) not in visited:
            visited.add(id(call))
            error, linked = _error_and_links(path, call, plain)
            yield error
            waiting.extend(linked)
    plain.is_cut = plain.is_cut or bool(waiting)


def _error_and_links(
    path: str, call: Call, plain: PlainData
) -> tuple[StoredError, list[tuple[str, Call]]]:
    """One exception, and the paths and calls of those that it is chained to and of its members."""
    cls, args = built_class(call)
    state = {name: value for name, value in state_of(call) if isinstance(name, str)}
    if isinstance(state.get("args"), tuple):
        args = state["args"]
    name_of_class = str(cls)
    if isinstance(cls, Global) and cls.qualname == _CELERY_WRAPPER and len(args) == 4:
        # What Celery sends for an exception that pickle refused: module, class, arguments, repr.
        name_of_class, args = (
            f"{args[0]}.{args[1]}",
            tuple(args[2]) if isinstance(args[2], (list, tuple)) else (args[3],),
        )
        state = {}
    notes = state.get("__notes__")
    notes = notes if isinstance(notes, (list, tuple)) else ()
    plain.is_cut = plain.is_cut or max(len(args), len(state), len(notes)) > _MOST_PARTS
    chained = [
        (f"{path}.{name}", link)
        for name in ("__cause__", "__context__")
        if isinstance(link := state.get(name), Call)
    ]
    members: list[tuple[str, Call]] = []
    if (
        len(args) > 1
        and isinstance(args[1], (list, tuple))
        and all(isinstance(member, Call) for member in args[1])
    ):
        members = [(f"{path}.exceptions[{n}]", member) for n, member in enumerate(args[1])]
    error = StoredError(
        path=path,
        type=name_of_class,
        message=_message(cls, args, plain, is_group=bool(members)),
        args=tuple(map(plain.value, args[:1] if members else args[:_MOST_PARTS])),
        attributes={
            name: plain.value(value)
            for name, value in itertools.islice(state.items(), _MOST_PARTS)
            if name not in _NO_ATTRIBUTES
        },
        notes=tuple(map(plain.value, notes[:_MOST_PARTS])),
        rebuilt_by=None if name_of_class == str(call.function) else short_text(call.function),
        links=tuple(
            (link_path.removeprefix(path).lstrip("."), link_path)
            for link_path, _ in (*chained, *members)
        ),
    )
    return error, [*chained, *members]


def _message(cls: object, args: tuple[Any, ...], plain: PlainData, *, is_group: bool) -> str:
    """What ``__str__`` of BaseException, OSError, KeyError or a group makes of the arguments."""
    qualname = cls.qualname if isinstance(cls, Global) else ""
    if is_group:
        return (
            f"{plain.text(args[0])} ({len(args[1])} sub-exception{'s' if len(args[1]) > 1 else ''})"
        )
    if not args:
        return ""
    if len(args) == 1:
        return cut(repr(plain.value(args[0]))) if qualname == "KeyError" else plain.text(args[0])
    if (
        len(args) in (2, 3)
        and isinstance(args[0], int)
        and isinstance(args[1], str)
        and _is_os_error(cls)
    ):
        filename = f": {args[2]!r}" if len(args) == 3 else ""
        return cut(f"[Errno {args[0]}] {args[1]}{filename}")
    return plain.text(args)


def _is_os_error(cls: object) -> bool:
    """Whether a class is OSError or one of Python's own that derive from it.

    What other classes derive from is not known without importing them.
    """
    builtin = (
        vars(builtins).get(cls.qualname)
        if isinstance(cls, Global) and cls.module in ("builtins", "exceptions")
        else None
    )
    return isinstance(builtin, type) and issubclass(builtin, OSError)


def _masked(error: StoredError, mask: Mask) -> StoredError:
    return StoredError(
        path=mask.text(error.path),
        type=mask.text(error.type),
        message=mask.cut_text(error.message),
        args=tuple(mask.data(list(error.args))),
        attributes=mask.data(error.attributes),
        notes=tuple(mask.data(list(error.notes))),
        rebuilt_by=None if error.rebuilt_by is None else mask.text(error.rebuilt_by),
        links=tuple((mask.text(name), mask.text(path)) for name, path in error.links),
    )


def _missing_module(name: Global) -> str | None:
    """The first module or package of a name that this interpreter lacks; None if all are there.

    Files are searched for, and nothing is imported.
    """
    module, qualname = name.module, name.qualname
    module = _compat_pickle.NAME_MAPPING.get(
        (module, qualname), (_compat_pickle.IMPORT_MAPPING.get(module, module), qualname)
    )[0]
    if module in sys.modules:
        return None
    parts = module.split(".")
    folders: Iterable[str] | None = None
    for position in range(len(parts)):
        part = ".".join(parts[: position + 1])
        try:
            spec = (
                importlib.util.find_spec(part)
                if position == 0
                else importlib.machinery.PathFinder.find_spec(part, list(folders or ()))
            )
        except Exception:  # a payload may name anything, and find_spec raises for some of it
            spec = None
        if spec is None:
            return f"no module {part!r}"
        folders = spec.submodule_search_locations
    return None
