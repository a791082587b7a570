"""Finds pickles in what queues and databases store.

They lie there raw, in base64, in JSON around that, or in the cells of an SQLite file.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import sqlite3
from collections import deque
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from pytest_portable_errors.diagnosis.pickle_machine import Call, Pairs
from pytest_portable_errors.diagnosis.pickle_reader import read

_SQLITE = b"SQLite format 3\0"
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]+={0,2}")
_SHORTEST = 8  # characters of base64 that could be a pickle of something
_MOST_VALUES = 1_000_000  # of one JSON document


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A payload, and where it was found."""

    where: str
    """``$.error``, ``line 3``, ``operation_outputs.error, row 12``; empty if it is all there is."""
    form: str
    """``pickle`` or ``base64``; ``celery`` for an error that Celery's JSON serializer wrote."""
    payload: bytes
    """The pickle, or the beginning of one that was cut off; empty for ``celery``."""
    written: dict[str, object] | None = None
    """For ``celery``: ``exc_module``, ``exc_type``, ``exc_message``. None for the other forms."""


def envelopes(content: bytes) -> Iterator[Envelope]:
    """Find the payloads in the content of a file, which is no database.

    The content is a pickle, base64 of one, a JSON document, or lines that hold these.
    """
    if _is_pickle(content):
        yield Envelope(where="", form="pickle", payload=content)
        return
    text = content.decode("utf-8", "replace").strip()
    decoded = _from_base64("".join(text.split()))
    if decoded is not None:
        yield Envelope(where="", form="base64", payload=decoded)
        return
    document = _from_json(text)
    if document is not None:
        yield from _in_document(document, "$")
        return
    for number, line in enumerate(text.splitlines(), 1):
        yield from _in_line(line.strip(), f"line {number}")


def envelopes_of_database(file: Path) -> Iterator[Envelope]:
    """Find the payloads in the cells of an SQLite file, such as DBOS writes.

    The file is opened for reading only.

    Raises:
        sqlite3.Error: The file is damaged.
    """
    with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.text_factory = bytes
        tables = connection.execute(
            "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name"
        ).fetchall()
        for (name,) in tables:
            table = name.decode("utf-8", "replace")
            quoted = table.replace('"', '""')
            # The name comes from the file's own list, and is quoted.
            rows = connection.execute(f'SELECT rowid, * FROM "{quoted}"')
            columns = [column[0] for column in rows.description]
            for row in rows:
                for column, cell in zip(columns[1:], row[1:], strict=True):
                    if isinstance(cell, bytes):
                        where = f"{table}.{column}, row {row[0]}"
                        yield from (
                            replace(envelope, where=f"{where} {envelope.where}".rstrip())
                            for envelope in _in_cell(cell)
                        )


def is_database(content: bytes) -> bool:
    """Whether the content of a file, or its beginning, is that of an SQLite database."""
    return content.startswith(_SQLITE)


def _in_cell(cell: bytes) -> Iterator[Envelope]:
    if len(cell) >= _SHORTEST and (
        cell[:1] in b"\x80{[" or _BASE64.fullmatch(cell.decode("latin-1"))
    ):
        yield from envelopes(cell)


def _in_line(line: str, where: str) -> Iterator[Envelope]:
    """A line of a table: base64 anywhere in it, or JSON."""
    document = _from_json(line)
    if document is not None:
        yield from _in_document(document, where)
        return
    for word in _BASE64.findall(line):
        decoded = _from_base64(word)
        if decoded is not None:
            yield Envelope(where=where, form="base64", payload=decoded)


def _in_document(document: object, where: str) -> Iterator[Envelope]:
    waiting = deque([(where, document)])
    for _ in range(_MOST_VALUES):
        if not waiting:
            return
        path, value = waiting.popleft()
        if isinstance(value, dict):
            # celery.backends.base writes an error so in JSON.
            if isinstance(value.get("exc_type"), str):
                yield Envelope(where=path, form="celery", payload=b"", written=value)
            waiting.extend((f"{path}.{key}", item) for key, item in value.items())
        elif isinstance(value, list):
            waiting.extend((f"{path}[{position}]", item) for position, item in enumerate(value))
        elif isinstance(value, str) and (decoded := _from_base64(value)) is not None:
            yield Envelope(where=path, form="base64", payload=decoded)
        elif isinstance(value, str) and (inner := _from_json(value)) is not None:
            waiting.append((path, inner))  # JSON in JSON: a message whose body is not base64


def _from_json(text: str) -> object:
    """A JSON object or array; None for anything else.

    That includes numbers and strings, which a pickle could be taken for.
    """
    if text[:1] not in ("{", "["):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _from_base64(text: str) -> bytes | None:
    """What base64 holds, if that is a pickle, or the beginning of one; otherwise None."""
    text = text.strip()
    if len(text) < _SHORTEST or not _BASE64.fullmatch(text):
        return None
    padded = text.rstrip("=").translate(str.maketrans("-_", "+/"))
    for cut in (0, 1):  # base64 that was cut off may end anywhere
        characters = padded[: len(padded) - cut]
        try:
            decoded = base64.b64decode(characters + "=" * (-len(characters) % 4))
        except (binascii.Error, ValueError):
            continue
        if _is_pickle(decoded) or decoded[:1] == b"\x80":
            return decoded if _is_pickle(decoded) or _has_names(decoded) else None
    return None


def _is_pickle(content: bytes) -> bool:
    """Whether the content reads as a pickle to its end, or has the mark of protocols 2 to 5.

    With the mark it may have been cut off.
    """
    if len(content) > 1 and content[0] == 0x80 and content[1] <= 5:
        return True
    if content[-1:] != b"." or not content[:1].isascii():
        return False
    reading = read(content)
    return reading.error is None and (
        bool(reading.names) or isinstance(reading.root, (Call, Pairs))
    )


def _has_names(content: bytes) -> bool:
    return bool(read(content).names)
