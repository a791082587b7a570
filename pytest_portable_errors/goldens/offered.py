"""Collects what a run has pickled and rebuilt, of which goldens can be made."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pytest_portable_errors.diagnosis.findings import Credential
from pytest_portable_errors.goldens.golden import BUILT, RAISED, VALUE
from pytest_portable_errors.goldens.guard import Refused, ensure_harmless
from pytest_portable_errors.judging.verdicts import JudgedTrip
from pytest_portable_errors.receiver.fields import module_of, type_name
from pytest_portable_errors.report.rows import ADDED_LATER
from pytest_portable_errors.report.rows import RAISED as RAISED_BY_A_TEST
from pytest_portable_errors.sender.outgoing import describe_and_pickle_value
from pytest_portable_errors.sender.project import Project
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip

Row = list[str]
"""Name of the class, serializer, way, and the payload as base64: what pytest's reports carry. In
place of a payload that is not kept, ``!`` and why not."""


@dataclass(slots=True, kw_only=True)
class Offered:
    """The payloads of one process: for each class, serializer and way the first that arrived."""

    root: str
    """The project's folder, absolute: a payload that names it is one machine's."""
    _seen: set[tuple[str, str, str]] = field(default_factory=set)
    _rows: list[Row] = field(default_factory=list)

    def offer(self, how: str, judged: Iterable[JudgedTrip]) -> None:
        """Take what of one exception's trips can be kept.

        Args:
            how: ``raised``, or how the exception was built.
            judged: Its trips, by each serializer.
        """
        if how.endswith(ADDED_LATER):
            return
        for one in judged:
            pending = one.pending
            if pending is None or pending.outgoing.payload is None or one.trip.received is None:
                continue
            cls = pending.outgoing.cls
            if not _is_of_project(cls, pending.receivers.project):
                continue
            way = RAISED if how == RAISED_BY_A_TEST else BUILT
            key = (type_name(cls), pending.outgoing.serializer.name, way)
            if key in self._seen:
                continue
            self._seen.add(key)
            self._rows.append(self._row(key, pending.outgoing.payload, one.trip))

    def offer_value(
        self, name: str, value: object, serializer: Serializer, trip: RoundTrip
    ) -> None:
        """Take a value that has arrived.

        Args:
            name: What the golden is called.
            value: The value.
            serializer: What pickles it; once more, because a trip keeps no payload.
            trip: What became of it.
        """
        key = (name, serializer.name, VALUE)
        if key in self._seen or trip.received is None:
            return
        self._seen.add(key)
        payload = describe_and_pickle_value(value, serializer=serializer).payload or b""
        self._rows.append(self._row(key, payload, trip))

    def _row(self, key: tuple[str, str, str], payload: bytes, trip: RoundTrip) -> Row:
        why_not = self.why_not(trip.credentials, payload, name=key[0])
        return [*key, f"!{why_not}" if why_not else base64.b64encode(payload).decode()]

    def take(self) -> list[Row]:
        """Give what was taken since the last call."""
        rows, self._rows = self._rows, []
        return rows

    def why_not(self, credentials: Sequence[Credential], payload: bytes, *, name: str = "") -> str:
        """Why a payload is not kept; empty if it may be.

        A golden is committed: nothing secret may be in it, and nothing of one machine.

        Args:
            credentials: Those that it carries.
            payload: The payload.
            name: Full name of the class that it is of.
        """
        if credentials:
            return f"carries credentials: {credentials[0].path}"
        folders = (self.root, str(Path.home()), tempfile.gettempdir())
        if any(os.fsencode(f"{folder}{os.sep}") in payload for folder in folders if folder != "/"):
            return "names a folder of this machine"
        try:
            ensure_harmless(payload, name=name)
        except Refused as reason:
            return str(reason)
        return ""


def _is_of_project(cls: type, project: Project) -> bool:
    module = module_of(cls) or "?"
    return project.owns(module) and not project.is_test(module)
