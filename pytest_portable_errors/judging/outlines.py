"""Outlines: what exceptions have in common of which pickling tells the same.

What pickle writes by itself (texts, numbers, lists, dicts) arrives as it was sent. An exception is
changed on its way by the code that pickle calls for all else: the classes of what it holds, and its
own. So an outline has the types of what pickling calls, and nothing of the values but what code
asks for most: whether an argument or an attribute is there at all.
"""

from __future__ import annotations

import io
import pickle
import re
from types import BuiltinFunctionType, FunctionType
from typing import Any, NamedTuple

from pytest_portable_errors.diagnosis.secret_names import is_secret_name
from pytest_portable_errors.diagnosis.secret_patterns import may_hold, secrets_in
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.texts import text_of, without_addresses
from pytest_portable_errors.sender.extent import MUCH, Held
from pytest_portable_errors.sender.unchanged import unchanged

_BEGINNING = 64 * 1024  # bytes of a payload by which exceptions are told apart
_LONGEST_ERROR = 200  # characters of the error that pickling raises
_BY_NAME = (type, FunctionType, BuiltinFunctionType)
"""What is pickled by its own name, and not by its class's."""
_NAME = re.compile(r"[A-Za-z][A-Za-z_-]{2,}")


class Identity(NamedTuple):
    """Identifies a class without its metaclass, which may define ``__hash__`` and ``__eq__``."""

    name: str
    address: int
    """The ``id`` of the class."""


def identity_of(cls: type) -> Identity:
    """The identity of a class; equal for one class alone, as long as that can be imported."""
    return Identity(fields.type_name(cls), id(cls))


class Outline(NamedTuple):
    """What pickling alone tells of an exception, and which of its parts are there."""

    cls: Identity
    args: tuple[str, ...]
    """Of each of ``args``: ``none``, ``empty`` or ``there``; () for an exception that holds much
    (``MUCH`` objects)."""
    stored: tuple[tuple[str, str], ...]
    """Its attributes and the same of each, sorted; () likewise."""
    has_notes: bool
    links: tuple[str, ...]
    """Type names of ``__cause__`` and ``__context__``."""
    suppresses_context: bool
    met: frozenset[str]
    """Names of the types, and of the classes and functions, that pickling has to ask how they are
    pickled: all that is no plain data."""
    secrets: frozenset[str]
    """Names and kinds of what may be credentials in the payload."""
    error: str
    """The error that pickling raises; empty if none."""


def outline_of(exc: BaseException, held: Held) -> Outline | None:
    """The outline of an exception: its class, its parts, and what pickling its beginning tells.

    Args:
        exc: The exception. What pickling does to it is undone.
        held: What it holds.

    Returns:
        None for a group, and for a class that cannot be imported: that must not be kept alive, nor
        be mistaken for another. Nor has an exception one whose fields cannot be read.

    Raises:
        KeyboardInterrupt: It may be the user's; whatever else pickling raises is in the outline.
    """
    try:
        if fields.members_of(exc) is not None or not fields.is_importable(type(exc)):
            return None
        return _outline(exc, held)
    except Exception:  # a foreign class whose fields cannot be read
        return None


def _outline(exc: BaseException, held: Held) -> Outline:
    args: tuple[str, ...] = ()
    stored: dict[str, str] = {}
    if held.extent < MUCH:
        args = tuple(map(_state_of, fields.base_field(exc, "args")))
        stored = {
            fields.cut_name(name) if type(name) is str else "": _state_of(value)
            for name, value in fields.attributes_of(exc).items()
        }
    links = tuple(
        fields.type_name(type(fields.base_field(exc, name)))
        for name in ("__cause__", "__context__")
    )
    with unchanged(held):
        met, text, error = _pickled(exc)
    return Outline(
        cls=identity_of(type(exc)),
        args=args,
        stored=tuple(sorted(stored.items())),
        has_notes="__notes__" in fields.dict_of(exc),
        links=links,
        suppresses_context=fields.base_field(exc, "__suppress_context__"),
        met=met,
        secrets=_secrets(text) if may_hold(text) else frozenset(),
        error=error,
    )


def _state_of(value: object) -> str:
    if value is None:
        return "none"
    # Foreign classes may count as they like.
    is_plain = type(value) in (str, bytes, int, float, bool, tuple, list, dict, set, frozenset)
    return "empty" if is_plain and not value else "there"


class _BeginningWritten(BaseException):
    """Stops pickling: the beginning of the payload is written."""


class _Beginning(io.RawIOBase):
    """Takes the first bytes of a payload, and no more."""

    def __init__(self) -> None:
        super().__init__()
        self.written = bytearray()

    def write(self, data: Any) -> int:
        self.written += data[: _BEGINNING + 1 - len(self.written)]
        if len(self.written) > _BEGINNING:
            raise _BeginningWritten
        return len(data)


class _Asking(pickle.Pickler):
    """A pickler that notes what it has to ask how it is pickled."""

    def __init__(self, file: Any) -> None:
        super().__init__(file)
        self.met: dict[int, object] = {}

    def reducer_override(self, obj: Any) -> Any:
        """Note a type, class or function, and leave its pickling as it is (Python 3.8)."""
        asked = obj if issubclass(type(obj), _BY_NAME) else type(obj)
        self.met[id(asked)] = asked
        return NotImplemented


def _pickled(exc: BaseException) -> tuple[frozenset[str], str, str]:
    """What pickling the beginning of the payload meets, writes and raises, the latter as text."""
    beginning = _Beginning()
    pickler = _Asking(beginning)
    error = ""
    try:
        pickler.dump(exc)
    except _BeginningWritten:
        pass  # there is enough to tell it by
    except KeyboardInterrupt:
        raise
    except BaseException as raised:
        message = text_of(str, raised).get("text", "")
        error = without_addresses(f"{fields.type_name(type(raised))}: {message}"[:_LONGEST_ERROR])
    met = frozenset(map(_name_of, pickler.met.values()))
    return met, beginning.written.decode("latin-1"), error


def _name_of(asked: Any) -> str:
    if issubclass(type(asked), type):
        return fields.type_name(asked)
    return f"{asked.__module__}.{asked.__qualname__}"


def _secrets(text: str) -> frozenset[str]:
    """Names of credentials, and kinds of texts that look like some, in the text of a payload."""
    names = filter(is_secret_name, dict.fromkeys(_NAME.findall(text)))
    return frozenset((*names, *(secret.kind for secret in secrets_in(text))))
