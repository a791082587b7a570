"""An exception as it leaves: described and pickled at once, so that nothing keeps it, its traceback
or its frames alive."""

from __future__ import annotations

import contextlib
from collections.abc import Hashable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.class_source import reducer_of
from pytest_portable_errors.diagnosis.facts import Reducer, Unpicklable
from pytest_portable_errors.diagnosis.pickle_reader import content
from pytest_portable_errors.diagnosis.primitive import NotPrimitive, not_primitive_on_the_wire
from pytest_portable_errors.receiver import record
from pytest_portable_errors.receiver.described import ErrorRecord, Record
from pytest_portable_errors.receiver.fields import own_dict
from pytest_portable_errors.sender.extent import SOME, extent_of
from pytest_portable_errors.sender.serializers import PAYLOAD_LIMIT, PayloadTooLarge, Serializer
from pytest_portable_errors.sender.unpicklable import find_unpicklable


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """What is known of an exception, or of a value that departs by itself, once it was pickled."""

    cls: type[Any]
    sent: Record
    serializer: Serializer
    payload: bytes | None
    """None when dumps failed, or gave more than ``PAYLOAD_LIMIT``."""
    error: ErrorRecord | None = None
    """What dumps raised: its ``type`` and ``message``."""
    unpicklable: Unpicklable | None = None
    """The value that cannot be pickled, if that is what failed."""
    subject: BaseException | None = None
    """The exception, or a copy of it, for fixes to be tried on. None: there is none."""
    reducer: Reducer | None = None
    """What pickles its class, if it is not Python's own ``__reduce__``."""
    not_primitive: tuple[NotPrimitive, ...] = ()
    """What it would send that is not primitive, if anybody asked."""
    shape: Hashable | None = None
    """See ``shapes.py``; None if it has none, or nobody asked."""
    extent: int = 0
    """How many objects it holds: see ``extent.py``."""


def describe_and_pickle(
    exc: BaseException,
    *,
    serializer: Serializer,
    traceback: bool = False,
    sent: Record | None = None,
) -> Outgoing:
    """Describe and pickle it. What the exception's own code raises on the way is data, but for
    KeyboardInterrupt.

    ``sent`` is its description, if it was described already.
    """
    return describe_and_pickle_by_each(exc, (serializer,), traceback=traceback, sent=sent)[0]


def describe_and_pickle_by_each(
    exc: BaseException,
    serializers: Iterable[Serializer],
    *,
    traceback: bool = False,
    primitive: bool = False,
    sent: Record | None = None,
    extent: int | None = None,
) -> list[Outgoing]:
    """The same by each serializer. Where two give the same payload, as pickle and cloudpickle
    mostly do, one record serves for both.

    ``primitive`` says that values which are not are to be looked for; ``sent`` is its description
    and ``extent`` what it holds, if that is known already.
    """
    pickled: list[Outgoing] = []
    extent = extent_of(exc) if extent is None else extent
    # a __reduce__ may change the exception itself (psycopg's does)
    described = sent or record.describe(exc, traceback=traceback)
    for serializer in serializers:
        dumped = _dumps(exc, serializer)
        has_twin = any(_is_same(before.payload, dumped[0]) for before in pickled)
        is_seen = has_twin or not pickled or extent >= SOME  # what holds many is described once
        sent = described if is_seen else record.describe(exc, traceback=traceback)
        pickled.append(replace(_outgoing(exc, serializer, dumped, sent), extent=extent))
    if not primitive:
        return pickled
    with unchanged(exc):  # last, because this asks __reduce__ once more
        refused = tuple(not_primitive_on_the_wire(exc))
    return [replace(outgoing, not_primitive=refused) for outgoing in pickled]


def describe_and_pickle_value(value: object, *, serializer: Serializer) -> Outgoing:
    """The same for what is no exception."""
    sent = record.describe(value)
    payload, error, has_raised = _dumps(value, serializer)
    return Outgoing(
        cls=type(value),
        sent=sent,
        serializer=serializer,
        payload=payload,
        error=None if error is None else _error(error),
        unpicklable=find_unpicklable(value, error, serializer, called="value")
        if has_raised and error is not None
        else None,
    )


def _outgoing(
    exc: BaseException,
    serializer: Serializer,
    dumped: tuple[bytes | None, BaseException | None, bool],
    sent: Record,
) -> Outgoing:
    payload, error, has_raised = dumped
    return Outgoing(
        cls=type(exc),
        sent=sent,
        serializer=serializer,
        payload=payload,
        error=None if error is None else _error(error),
        unpicklable=find_unpicklable(exc, error, serializer)
        if has_raised and error is not None
        else None,
        subject=exc,
        reducer=reducer_of(type(exc)),
    )


def _is_same(payload: bytes | None, other: bytes | None) -> bool:
    return payload is not None and other is not None and content(payload) == content(other)


def _dumps(exc: Any, serializer: Serializer) -> tuple[bytes | None, BaseException | None, bool]:
    """``(payload, error, whether dumps raised it)``; without a payload there is an error, also for
    one that cannot be sent."""
    try:
        with unchanged(exc):
            payload = serializer.dumps(exc)
    except KeyboardInterrupt:
        raise
    except PayloadTooLarge:
        return None, _too_large(), False
    except BaseException as error:
        return None, error, True
    if not isinstance(payload, (bytes, bytearray)):
        return (
            None,
            TypeError(f"serializer {serializer.name!r} gave {type(payload).__name__}, not bytes"),
            False,
        )
    if len(payload) > PAYLOAD_LIMIT:
        return None, _too_large(), False
    return bytes(payload), None, False


def _too_large() -> OverflowError:
    return OverflowError(f"the payload is over the limit of {PAYLOAD_LIMIT:,} bytes")


@contextlib.contextmanager
def unchanged(exc: object) -> Iterator[None]:
    """What an exception's ``__reduce__`` does to its ``__dict__`` is undone (psycopg's empties an
    entry): the test goes on with it."""
    # a class's or a module's is not to be written to
    stored = own_dict(exc) if issubclass(type(exc), BaseException) else None
    before = dict(stored or {})
    try:
        yield
    finally:
        if stored is not None and (
            stored.keys() != before.keys()
            or any(stored[name] is not before[name] for name in before)
        ):
            stored.clear()
            stored.update(before)


def _error(error: BaseException) -> ErrorRecord:
    return {**record.outline(error), "module": None}
