"""Describes and pickles an exception at once, as it is when it leaves.

What is kept is plain data, but for ``Outgoing.subject``: the exception itself, for fixes to be
tried on. Where exceptions are captured, ``run/capture.py`` puts a copy without traceback in its
place, so that neither the traceback nor its frames are kept alive.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.facts import Reducer, Unpicklable
from pytest_portable_errors.diagnosis.pickle_reader import content
from pytest_portable_errors.diagnosis.primitive import NotPrimitive, not_primitive_on_the_wire
from pytest_portable_errors.receiver import record
from pytest_portable_errors.receiver.described import ErrorRecord, Record
from pytest_portable_errors.sender.carriers.carrier import Carrier, NeverSent
from pytest_portable_errors.sender.extent import SOME, Held, held_by
from pytest_portable_errors.sender.left_behind import reducer_in_use
from pytest_portable_errors.sender.serializers import PAYLOAD_LIMIT, PayloadTooLarge, Serializer
from pytest_portable_errors.sender.unchanged import unchanged
from pytest_portable_errors.sender.unpicklable import find_unpicklable


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """An exception, or a value that is sent by itself, after it was described and pickled."""

    cls: type[Any]
    """Its class."""
    sent: Record
    """Its description, as ``receiver/record.py`` makes it."""
    serializer: Serializer
    """What pickled it."""
    payload: bytes | None
    """None when dumps failed, or gave no bytes, or more than ``PAYLOAD_LIMIT``."""
    error: ErrorRecord | None = None
    """The error that dumps raised, or that stands for what is no payload. None: there is one, or it
    is ``over_limit``."""
    over_limit: str | None = None
    """Why the payload is not sent, in words, though there would be one: it is too large for us.
    None: it is not."""
    never_sent: str | None = None
    """Why no worker sends such an exception, so that there is neither payload nor error. None: a
    worker would."""
    unpicklable: Unpicklable | None = None
    """The value that dumps could not pickle. None if dumps did not fail, or no value inside is to
    blame: see ``find_unpicklable``."""
    subject: BaseException | None = None
    """The exception, or a copy without traceback, for fixes to be tried on. None for a value, and
    for an exception that cannot be copied."""
    reducer: Reducer | None = None
    """What pickles its class. None: Python's own ``__reduce__`` does."""
    not_primitive: tuple[NotPrimitive, ...] = ()
    """What it would send that is not primitive. Also () where nobody asked."""
    likeness: Hashable | None = None
    """By what other exceptions are like it: see ``judging/shapes.py``. None if nobody asked."""
    extent: int = 0
    """How many objects it holds, from 1 to ``MUCH`` of ``extent.py``. 0: not counted."""


Blamed = dict[str, Unpicklable | None]
"""By the serializer's name, the value at which dumps fails; None if none was found."""


def describe_and_pickle(
    exc: BaseException,
    *,
    serializer: Serializer,
    traceback: bool = False,
    sent: Record | None = None,
) -> Outgoing:
    """Describe an exception and pickle it; what its own code raises on the way is data.

    Args:
        exc: The exception. What pickling does to it, or to what it holds, is undone.
        serializer: What pickles it.
        traceback: Whether the traceback is described as well.
        sent: Its description, if it was described already; None to describe it now.

    Returns:
        The outgoing exception. Without a payload its ``error`` says why.

    Raises:
        KeyboardInterrupt: It may be the user's, so it alone is no data.
    """
    return describe_and_pickle_by_each(exc, (serializer,), traceback=traceback, sent=sent)[0]


def describe_and_pickle_by_each(
    exc: BaseException,
    serializers: Iterable[Serializer],
    *,
    traceback: bool = False,
    primitive: bool = False,
    sent: Record | None = None,
    held: Held | None = None,
    blamed: Blamed | None = None,
) -> list[Outgoing]:
    """Describe an exception and pickle it by each serializer: see ``describe_and_pickle``.

    Where two serializers give the same payload, as pickle and cloudpickle mostly do, one record
    serves for both. So it does for an exception that holds ``SOME`` objects or more.

    Args:
        exc: The exception. What pickling does to it, or to what it holds, is undone.
        serializers: What pickles it, in this order.
        traceback: Whether the traceback is described as well.
        primitive: Whether values that are not primitive are looked for.
        sent: Its description, if it was described already; None to describe it now.
        held: What it holds, if that is known already; None to look now.
        blamed: What was at fault where exceptions like this one could not be pickled: it is not
            looked for again, and what is found is added. None: nothing is known of others.

    Returns:
        One outgoing exception for each serializer, in their order.

    Raises:
        KeyboardInterrupt: It may be the user's, so it alone is no data.
    """
    pickled: list[Outgoing] = []
    held = held or held_by(exc)
    # Before dumps: a __reduce__ may change the exception itself (psycopg's does).
    described = sent or record.describe(exc, traceback=traceback)
    for serializer in serializers:
        # A carrier's library may write into what it sends.
        with unchanged(held, always=isinstance(serializer, Carrier)):
            dumped = _dumps(exc, serializer)
        has_twin = any(_have_same_content(earlier.payload, dumped[0]) for earlier in pickled)
        # An exception that holds many objects is described once.
        is_described = has_twin or not pickled or held.extent >= SOME
        sent = described if is_described else record.describe(exc, traceback=traceback)
        outgoing = _outgoing(exc, serializer, dumped, sent, held, blamed=blamed)
        reducer = reducer_in_use(type(exc), serializer)
        pickled.append(replace(outgoing, subject=exc, reducer=reducer, extent=held.extent))
    if not primitive:
        return pickled
    with unchanged(held):  # last, because this calls __reduce__ once more
        refused = tuple(not_primitive_on_the_wire(exc))
    return [replace(outgoing, not_primitive=refused) for outgoing in pickled]


def describe_and_pickle_value(value: object, *, serializer: Serializer) -> Outgoing:
    """Describe a value that is no exception, and pickle it.

    Args:
        value: An argument or a result of a task.
        serializer: What pickles it.

    Returns:
        The outgoing value, without ``subject`` and ``reducer``: no fixes are tried on it.

    Raises:
        KeyboardInterrupt: It may be the user's, so it alone is no data.
    """
    sent = record.describe(value)
    held = held_by(value)
    with unchanged(held):
        dumped = _dumps(value, serializer)
    return _outgoing(value, serializer, dumped, sent, held, called="value")


def _outgoing(
    subject: object,
    serializer: Serializer,
    dumped: tuple[bytes | None, BaseException | None, bool],
    sent: Record,
    held: Held,
    *,
    called: str = "exc",
    blamed: Blamed | None = None,
) -> Outgoing:
    """What is the same for an exception and a value; paths begin with ``called``."""
    payload, error, has_raised = dumped
    unpicklable = None
    if isinstance(error, NeverSent):
        return Outgoing(
            cls=type(subject),
            sent=sent,
            serializer=serializer,
            payload=None,
            never_sent=str(error),
        )
    if isinstance(error, PayloadTooLarge):
        size = f"{megabytes(error.size)} or more; the limit is {megabytes(PAYLOAD_LIMIT)}"
        return Outgoing(
            cls=type(subject),
            sent=sent,
            serializer=serializer,
            payload=None,
            over_limit=f"its payload is too large ({size})",
        )
    if has_raised and error is not None:
        blamed = {} if blamed is None else blamed
        if serializer.name not in blamed:
            with unchanged(held):
                blamed[serializer.name] = find_unpicklable(
                    subject, error, serializer, called=called
                )
        unpicklable = blamed[serializer.name]
    return Outgoing(
        cls=type(subject),
        sent=sent,
        serializer=serializer,
        payload=payload,
        error=None if error is None else _error_record(error),
        unpicklable=unpicklable,
    )


def _have_same_content(payload: bytes | None, earlier: bytes | None) -> bool:
    return payload is not None and earlier is not None and content(payload) == content(earlier)


def _dumps(subject: Any, serializer: Serializer) -> tuple[bytes | None, BaseException | None, bool]:
    """Return ``(payload, error, whether dumps raised it)``; either payload or error is None."""
    try:
        payload = serializer.dumps(subject)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, error, True
    if not isinstance(payload, (bytes, bytearray)):
        return (
            None,
            TypeError(f"serializer {serializer.name!r} gave {type(payload).__name__}, not bytes"),
            False,
        )
    if len(payload) > PAYLOAD_LIMIT:
        return None, PayloadTooLarge(len(payload)), False
    return bytes(payload), None, False


def megabytes(size: int) -> str:
    """A number of bytes, as people read it: ``100 MB``, ``0.2 MB``."""
    millions = size / 1024**2
    return f"{millions:,.0f} MB" if millions >= 10 else f"{millions:.1g} MB"


def _error_record(error: BaseException) -> ErrorRecord:
    """Describe an error of dumps; it names no module, because nothing was imported."""
    return {**record.outline(error), "module": None}
