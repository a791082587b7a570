"""An exception as it leaves: described and pickled at once, so that nothing keeps it, its traceback or its frames alive."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.losses import show
from pytest_portable_errors.receiver import fields, record
from pytest_portable_errors.receiver.values import describe_value
from pytest_portable_errors.sender.serializers import Serializer

PAYLOAD_LIMIT = 64 * 1024 * 1024
"""Bytes. A larger payload is a trip that stopped."""

_SEARCH_DEPTH = 6
_MOST_TRIES = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """What is known of an exception once it was pickled."""

    cls: type[BaseException]
    sent: record.Record
    serializer: Serializer
    payload: bytes | None
    """None when dumps failed, or gave more than ``PAYLOAD_LIMIT``."""
    error: dict[str, Any] | None = None
    """What dumps raised: its ``type`` and ``message``."""
    unpicklable: str | None = None
    """Path and type of the value that cannot be pickled, if that is what failed."""


def depart(exc: BaseException, *, serializer: Serializer, traceback: bool = False) -> Departure:
    """Describe and pickle it. What the exception's own code raises on the way is data, but for KeyboardInterrupt."""
    sent = record.describe(exc, traceback=traceback)  # before dumps: a __reduce__ may change the exception itself (psycopg's does)
    payload, error, has_raised = _dumps(exc, serializer)
    return Departure(
        cls=type(exc),
        sent=sent,
        serializer=serializer,
        payload=payload,
        error=None if error is None else _error(error),
        unpicklable=_find_unpicklable(exc, serializer) if has_raised else None,
    )


def _dumps(exc: BaseException, serializer: Serializer) -> tuple[bytes | None, BaseException | None, bool]:
    """``(payload, error, whether dumps raised it)``; without a payload there is an error, also for one that cannot be sent."""
    try:
        payload = serializer.dumps(exc)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return None, error, True
    if not isinstance(payload, (bytes, bytearray)):
        return None, TypeError(f"serializer {serializer.name!r} gave {type(payload).__name__}, not bytes"), False
    if len(payload) > PAYLOAD_LIMIT:
        return None, OverflowError(f"a payload of {len(payload):,} bytes is over the limit of {PAYLOAD_LIMIT:,}"), False
    return bytes(payload), None, False


def _error(error: BaseException) -> dict[str, Any]:
    node = record.describe(error)["exceptions"][0]
    return {"type": node["type"], "message": node["message"], "module": None}


def _find_unpicklable(exc: BaseException, serializer: Serializer) -> str | None:
    """Path and type of the innermost value that cannot be pickled by itself: ``exc.response._lock (_thread.lock)``.

    Asks the serializer for one value after the other, so it holds for any of them. None if each value of the exception can be pickled.
    """
    tries = iter(range(_MOST_TRIES))

    def fails(value: object) -> bool:
        if next(tries, None) is None:
            return False
        try:
            serializer.dumps(value)  # type: ignore[arg-type]  # any value is pickled alike
        except KeyboardInterrupt:
            raise
        except BaseException:
            return True
        return False

    found: tuple[str, object] | None = None
    parts: Callable[[], Iterator[tuple[str, object]]] = lambda: _parts_of_exception(exc)  # noqa: E731  # rebound below
    path = "exc"
    for _ in range(_SEARCH_DEPTH):
        try:
            failing = next(((step, value) for step, value in parts() if value is not exc and fails(value)), None)
        except Exception:  # foreign code, asked for its parts: the path ends here
            break
        if failing is None:
            break
        path += failing[0]
        found = (path, failing[1])
        parts = lambda value=failing[1]: _parts(value)  # type: ignore[misc]  # noqa: E731  # bound now
    return None if found is None else f"{found[0]} ({fields.type_name(type(found[1]))})"


def _parts_of_exception(exc: Any) -> Iterator[tuple[str, object]]:
    yield from ((f".args[{n}]", value) for n, value in enumerate(fields.base_field(exc, "args")))
    yield from ((f".{name}", value) for name, value in fields.attributes_of(exc).items())
    yield from ((f".__notes__[{n}]", value) for n, value in enumerate(fields.dict_of(exc).get("__notes__") or ()))
    yield from ((f".exceptions[{n}]", value) for n, value in enumerate(fields.members_of(exc) or ()))


def _parts(value: Any) -> Iterator[tuple[str, object]]:
    kind = type(value)
    if issubclass(kind, BaseException):
        yield from _parts_of_exception(value)
    elif issubclass(kind, dict):
        yield from ((f"[{show(describe_value(key))[:60]}]", item) for key, item in dict.items(value))
    elif issubclass(kind, (list, tuple, set, frozenset)):
        yield from ((f"[{n}]", item) for n, item in enumerate(value))
    else:
        yield from ((f".{name}", item) for name, item in fields.dict_of(value).items())
