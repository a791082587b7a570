"""A stored exception, read from its pickle as far as the opcodes tell. Nothing is imported, and
nothing is called."""

from __future__ import annotations

import _compat_pickle  # what pickle itself translates Python 2's names by
import builtins
import importlib.machinery
import importlib.util
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.findings import Credential
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import built_class, looks_like_exception, places
from pytest_portable_errors.diagnosis.pickle_reader import Reading, read
from pytest_portable_errors.diagnosis.stored_values import (
    cut,
    plain_value,
    short_text,
    state_of,
    text_of,
)

_LINKS = 1_000
_CELERYS = "UnpickleableExceptionWrapper"
# parts of a state that are no attributes
_OUTER = ("args", "__cause__", "__context__", "__suppress_context__", "__notes__")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """Something that loads would import."""

    name: str
    """``shop.errors.PaymentError``."""
    lacks: str | None
    """What of it this interpreter does not have; None if its module is there. Whether the module
    holds the name is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredError:
    """One exception of the payload."""

    path: str
    type: str
    message: str | None
    """As ``str()`` gives it where the class does not say otherwise; None if the arguments are not
    known."""
    args: tuple[object, ...]
    """Plain data: what is no plain data is text."""
    attributes: dict[str, object]
    notes: tuple[object, ...] = ()
    rebuilt_by: str | None = None
    """The function that would be called, if it is not the class."""
    links: tuple[tuple[str, str], ...] = ()
    """What it is chained to, and members of a group: ``("__cause__", path)``. Each is an error of
    its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """What a payload holds."""

    errors: tuple[StoredError, ...]
    """The outermost first; none if the payload holds no exception, as far as can be told."""
    value: object
    """What the payload holds if that is no exception: plain data."""
    names: tuple[Name, ...]
    credentials: tuple[Credential, ...]
    problem: str | None
    """Why the reading ended early; None if it did not."""


def inspect_payload(payload: bytes) -> Inspection:
    """Read a pickle without running it. Never raises."""
    reading = read(payload)
    found = find_credentials(reading)
    roots = _exceptions(reading)
    errors = tuple(_masked(error, found.mask) for error in _all_errors(roots))
    return Inspection(
        errors=errors,
        value=None if errors else found.mask.data(plain_value(reading.root)),
        names=tuple(
            Name(name=found.mask.text(str(name)), lacks=_lacks(name)) for name in reading.names
        ),
        credentials=found.credentials,
        problem=reading.error,
    )


def inspect_written(written: dict[str, Any]) -> Inspection:
    """An error that Celery's JSON serializer wrote: its type and arguments, and nothing else of
    it."""
    module, said = written.get("exc_module"), written.get("exc_message")
    args = tuple(said) if isinstance(said, list) else (said,)
    name = (
        f"{module}.{written['exc_type']}"
        if isinstance(module, str) and module != "builtins"
        else written["exc_type"]
    )
    mask = find_credentials(Reading(names=(), calls=(), root=args)).mask
    error = StoredError(
        path="exc",
        type=name,
        message=_message(None, args, is_group=False),
        args=tuple(map(plain_value, args)),
        attributes={},
    )
    global_name = Global(module, written["exc_type"]) if isinstance(module, str) else None
    names = () if global_name is None else (Name(name=name, lacks=_lacks(global_name)),)
    return Inspection(
        errors=(_masked(error, mask),), value=None, names=names, credentials=(), problem=None
    )


def _exceptions(reading: Reading) -> list[tuple[str, Call]]:
    """The exceptions that are not part of another one, with their paths."""
    root = reading.root
    if isinstance(root, Call):
        return [("exc", root)]
    if root is None:  # it ended early: the last that was made is as good as any
        made = [call for call in reading.calls if looks_like_exception(call)]
        return [("exc", made[0])] if made else []
    found: list[tuple[str, Call]] = []
    for place in places(root, "payload"):
        inside = any(place.path.startswith((f"{path}.", f"{path}[")) for path, _ in found)
        if isinstance(place.value, Call) and not inside and looks_like_exception(place.value):
            found.append((place.path, place.value))
    return found


def _all_errors(roots: list[tuple[str, Call]]) -> Iterator[StoredError]:
    """These, and what they are chained to."""
    waiting, seen = deque(roots), set[int]()
    while waiting and len(seen) < _LINKS:
        path, call = waiting.popleft()
        if id(call) not in seen:
            seen.add(id(call))
            error, inner = _error(path, call)
            yield error
            waiting.extend(inner)


def _error(path: str, call: Call) -> tuple[StoredError, list[tuple[str, Call]]]:
    cls, args = built_class(call)
    state = {name: value for name, value in state_of(call) if isinstance(name, str)}
    if isinstance(state.get("args"), tuple):
        args = state["args"]
    named = str(cls)
    if isinstance(cls, Global) and cls.qualname == _CELERYS and len(args) == 4:
        # What Celery sends for an exception that pickle refused: module, class, arguments, repr.
        named, args = (
            f"{args[0]}.{args[1]}",
            tuple(args[2]) if isinstance(args[2], (list, tuple)) else (args[3],),
        )
        state = {}
    inner = [
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
    notes = state.get("__notes__")
    error = StoredError(
        path=path,
        type=named,
        message=_message(cls, args, is_group=bool(members)),
        args=tuple(map(plain_value, args[:1] if members else args)),
        attributes={
            name: plain_value(value) for name, value in state.items() if name not in _OUTER
        },
        notes=tuple(map(plain_value, notes)) if isinstance(notes, (list, tuple)) else (),
        rebuilt_by=None if named == str(call.function) else short_text(call.function),
        links=tuple(
            (inner_path.removeprefix(path).lstrip("."), inner_path)
            for inner_path, _ in (*inner, *members)
        ),
    )
    return error, [*inner, *members]


def _message(cls: object, args: tuple[Any, ...], *, is_group: bool) -> str | None:
    """What ``BaseException.__str__`` makes of the arguments, and OSError's and KeyError's own."""
    qualname = cls.qualname if isinstance(cls, Global) else ""
    if is_group:
        return f"{text_of(args[0])} ({len(args[1])} sub-exception{'s' if len(args[1]) > 1 else ''})"
    if not args:
        return ""
    if len(args) == 1:
        return cut(repr(args[0])) if qualname == "KeyError" else text_of(args[0])
    if (
        len(args) in (2, 3)
        and isinstance(args[0], int)
        and isinstance(args[1], str)
        and _is_os_error(cls)
    ):
        where = f": {args[2]!r}" if len(args) == 3 else ""
        return cut(f"[Errno {args[0]}] {args[1]}{where}")
    return text_of(args)


def _is_os_error(cls: object) -> bool:
    """Of Python's own classes; what others derive from is not known here."""
    found = (
        vars(builtins).get(cls.qualname)
        if isinstance(cls, Global) and cls.module in ("builtins", "exceptions")
        else None
    )
    return isinstance(found, type) and issubclass(found, OSError)


def _masked(error: StoredError, mask: Mask) -> StoredError:
    return StoredError(
        path=mask.text(error.path),
        type=mask.text(error.type),
        message=None if error.message is None else mask.cut_text(error.message),
        args=tuple(mask.data(list(error.args))),
        attributes=mask.data(error.attributes),
        notes=tuple(mask.data(list(error.notes))),
        rebuilt_by=None if error.rebuilt_by is None else mask.text(error.rebuilt_by),
        links=tuple((mask.text(name), mask.text(path)) for name, path in error.links),
    )


def _lacks(name: Global) -> str | None:
    """What of a module this interpreter does not have. Looks for files, and imports nothing."""
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
        except Exception:  # the payload may name anything
            spec = None
        if spec is None:
            return f"no module {part!r}"
        folders = spec.submodule_search_locations
    return None
