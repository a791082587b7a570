"""The wire format: ``{"type": ..., "message": ..., "facts": {...}}`` in JSON.

``loads`` makes instances of ``REPORTED`` classes and of no others, whatever the payload says. It
does not call their ``__init__``.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from envelope_errors import REPORTED, RemoteError


def encoded(value: object) -> object:
    """What JSON has no words for. Raises TypeError for what this format does not know: better in
    the worker than wrong in the client."""
    if isinstance(value, datetime):
        return {"$datetime": value.isoformat()}
    raise TypeError(f"{type(value).__name__} is not in the wire format")


def decoded(table: dict[str, Any]) -> object:
    """What ``encoded`` was given."""
    return datetime.fromisoformat(table["$datetime"]) if table.keys() == {"$datetime"} else table


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """The format as a serializer of pytest-portable-errors: the worker's half, and the name of the
    client's."""

    name: str = "envelope"
    default: Callable[[Any], object] = encoded
    """What becomes of values that JSON has no words for. The first version of the format had
    ``str`` here."""
    loader: str = "envelope_wire:loads"
    # what every client has of this project
    needs: tuple[str, ...] = ("envelope_wire", "envelope_errors")

    def dumps(self, exc: BaseException, /) -> bytes:
        """As the worker stores a failure."""
        envelope = {"type": type(exc).__name__, "message": str(exc), "facts": vars(exc)}
        return json.dumps(envelope, default=self.default).encode()


def loads(payload: bytes) -> Exception:
    """As a client reads it."""
    envelope = json.loads(payload, object_hook=decoded)
    cls = REPORTED.get(envelope["type"])
    if cls is None:
        return RemoteError(f"{envelope['type']}: {envelope['message']}")
    error: Exception = cls.__new__(cls, envelope["message"])
    vars(error).update(envelope["facts"])
    return error
