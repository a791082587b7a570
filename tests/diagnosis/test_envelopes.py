"""Payloads are found in what the real systems store. The texts were recorded from them, with
``shopx.PaymentError(7, "declined")``."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import pickle
import sqlite3
from pathlib import Path

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.envelopes import (
    Envelope,
    envelopes,
    envelopes_of_database,
    is_database,
)
from pytest_portable_errors.diagnosis.stored import inspect_payload, inspect_written

PAYLOAD = pickle.dumps(zoo.PaymentError(7, "declined"))
SHORTEST = base64.b64encode(pickle.dumps(None, protocol=4)).decode()  # eight characters
ENCODED = base64.b64encode(PAYLOAD).decode()

# pydocket 0.27, the value of the key d:results:...
DOCKET = (
    '{"data": '
    '"gAWVWAAAAAAAAACMBXNob3B4lIwMUGF5bWVudEVycm9ylJOUjBFvcmRlciA3OiBkZWNsaW5lZJSFlFKUfZQojAhvcmRlcl9pZJRLB4wGcmVhc29ulIwI'
    'ZGVjbGluZWSUdWIu"}'
)
# Celery 5, a message of the filesystem transport with task_serializer = pickle
CELERY_MESSAGE = json.dumps(
    {
        "body": "gASVjgAAAAAAAABdlIwFc2hvcHiUjAxQYXltZW50RXJyb3KUk5SMEW9yZGVyIDc6IGRlY2xpbmVklIWUUpR9lCiMCG9yZGVyX2lklEsHjAZyZWFzb26UjAhkZWNsa"
        "W5lZJR1YmF9lH2UKIwJY2FsbGJhY2tzlE6MCGVycmJhY2tzlE6MBWNoYWlulE6MBWNob3JklE51h5Qu",
        "content-encoding": "binary",
        "content-type": "application/x-python-serialize",
        "properties": {"body_encoding": "base64"},
    }
)
# Celery 5, file backend with result_serializer = json
CELERY_JSON = (
    '{"status": "FAILURE", "result": {"exc_type": "PaymentError", "exc_message": ["order 7: '
    'declined"], "exc_module": "shopx"}, '
    '"traceback": "tb", "children": null, "task_id": "id1"}'
)


def only(content: bytes | str) -> Envelope:
    found = list(envelopes(content.encode() if isinstance(content, str) else content))
    assert len(found) == 1
    return found[0]


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize(
    "value", [zoo.PaymentError(7, "refusé"), ValueError(ENCODED), ValueError, {"a": 1}], ids=str
)
def test_a_raw_pickle_of_any_protocol(protocol: int, value: object) -> None:
    payload = pickle.dumps(value, protocol=protocol)
    assert only(payload) == Envelope(where="", form="pickle", payload=payload)


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode, base64.encodebytes])
def test_base64_of_any_protocol_and_alphabet(protocol: int, encode: object) -> None:
    payload = pickle.dumps(zoo.PaymentError(7, "declined?~"), protocol=protocol)
    assert callable(encode)
    assert only(encode(payload)) == Envelope(where="", form="base64", payload=payload)


def test_a_result_of_docket() -> None:
    found = only(DOCKET)
    assert found.where == "$.data"
    assert inspect_payload(found.payload).errors[0].type == "shopx.PaymentError"


def test_a_message_of_celery() -> None:
    found = only(CELERY_MESSAGE)
    assert found.where == "$.body"
    (error,) = inspect_payload(found.payload).errors
    assert (error.path, error.message, error.attributes) == (
        "payload[0][0]",
        "order 7: declined",
        {"order_id": 7, "reason": "declined"},
    )


def test_a_result_of_celery_in_json() -> None:
    found = only(CELERY_JSON)
    assert found.where == "$.result"
    assert found.written is not None
    (error,) = inspect_written(found.written).errors
    assert (error.type, error.message) == ("shopx.PaymentError", "order 7: declined")


@pytest.mark.parametrize(
    "keys", list(itertools.permutations(("exc_type", "exc_message", "exc_module")))
)
def test_a_result_of_celery_with_its_keys_in_any_order(
    keys: tuple[str, ...], tmp_path: Path
) -> None:
    result = json.loads(CELERY_JSON)["result"]
    written = {key: result[key] for key in keys}
    as_json = only(json.dumps({"result": written, "status": "FAILURE"}))
    assert as_json.written == result
    # Celery 5, database backend with result_serializer = json: the column is pickled
    file = tmp_path / "results.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE celery_taskmeta (result BLOB)")
        row = pickle.dumps({**written, "exc_message": tuple(written["exc_message"])})
        connection.execute("INSERT INTO celery_taskmeta VALUES (?)", (row,))
    (cell,) = envelopes_of_database(file)
    (error,) = inspect_payload(cell.payload).errors
    assert (error.type, error.message) == ("shopx.PaymentError", "order 7: declined")


def test_cells_of_an_sqlite_file_such_as_dbos_writes(tmp_path: Path) -> None:
    file = tmp_path / "dbos.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute(
            'CREATE TABLE "operation ""outputs" (workflow_id TEXT, function_id INTEGER, error '
            "TEXT, raw BLOB)"
        )
        connection.execute(
            'INSERT INTO "operation ""outputs" VALUES (?, ?, ?, ?)', ("w1", 1, ENCODED, PAYLOAD)
        )
        connection.execute(
            'INSERT INTO "operation ""outputs" VALUES (?, ?, ?, ?)', ("w2", 2, None, None)
        )
    assert [(found.where, found.form, found.payload) for found in envelopes_of_database(file)] == [
        ('operation "outputs.error, row 1', "base64", PAYLOAD),
        ('operation "outputs.raw, row 1', "pickle", PAYLOAD),
    ]
    assert is_database(file.read_bytes())
    assert not is_database(PAYLOAD)


def test_the_mark_alone_is_what_is_left_of_a_pickle() -> None:
    assert only(b"\x80\x05") == Envelope(where="", form="pickle", payload=b"\x80\x05")


def test_of_a_cell_all_is_a_payload_or_a_document(tmp_path: Path) -> None:
    file = tmp_path / "cells.sqlite"
    with contextlib.closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("CREATE TABLE t (cell)")
        cells = [
            DOCKET,
            f'["{ENCODED}"]',
            SHORTEST,
            SHORTEST[:-1],
            pickle.dumps(None),
            f"see {ENCODED}",
            7,
        ]
        connection.executemany("INSERT INTO t VALUES (?)", [(cell,) for cell in cells])
    found = envelopes_of_database(file)
    assert [one.where for one in found] == [
        "t.cell, row 1 $.data",
        "t.cell, row 2 $[0]",
        "t.cell, row 3",
    ]


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(sqlite3.OperationalError):
        list(envelopes_of_database(tmp_path / "missing.sqlite"))
    assert list(tmp_path.iterdir()) == []


def test_lines_of_a_table_printed_by_psql() -> None:
    text = (
        f" workflow | error\n----------+------\n w1       | {ENCODED}\n w2       | "
        f"{ENCODED}\n(2 rows)\n"
    )
    assert [found.where for found in envelopes(text.encode())] == ["line 3", "line 4"]


def test_lines_of_json() -> None:
    text = "\n".join(json.dumps({"n": n, "inner": [{"error": ENCODED}]}) for n in range(2))
    assert [found.where for found in envelopes(text.encode())] == [
        "line 1.inner[0].error",
        "line 2.inner[0].error",
    ]


def test_json_in_json() -> None:
    assert only(json.dumps({"body": DOCKET})).where == "$.body.data"


@pytest.mark.parametrize("kept", range(40, 52))
def test_base64_that_was_cut_off_is_a_payload_that_ends_early(kept: int) -> None:
    found = only(ENCODED[:kept])
    assert found.payload == PAYLOAD[: kept * 3 // 4]
    assert inspect_payload(found.payload).problem is not None


@pytest.mark.parametrize(
    ("text", "where"),
    [
        (f"\n {DOCKET}\n", "$.data"),
        (f"results\n  {DOCKET}", "line 2.data"),
        (json.dumps({"error": f" {ENCODED}\n"}), "$.error"),
        (json.dumps(ENCODED), "line 1"),
        (SHORTEST, ""),
    ],
    ids=["document", "line", "value", "text in quotes", "shortest"],
)
def test_blanks_and_quotes_around_it_are_no_part_of_it(text: str, where: str) -> None:
    assert only(text).where == where


def test_base64_of_a_protocol_that_is_not_known_yet_is_a_payload_if_it_names_something() -> None:
    later = b"\x80\x06" + PAYLOAD[2:]
    assert only(base64.b64encode(later)) == Envelope(where="", form="base64", payload=later)
    assert list(envelopes(base64.b64encode(b"\x80\x06 of a picture"))) == []
    assert list(envelopes(later)) == []


def test_however_large_a_document_is_looking_for_payloads_ends(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    text = json.dumps([ENCODED] * 5)
    monkeypatch.setattr("pytest_portable_errors.diagnosis.envelopes._MOST_VALUES", 3)
    assert [found.where for found in envelopes(text.encode())] == ["$[0]", "$[1]"]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "hello world",
        "[1, 2]",
        '{"a": "b"}',
        "aGVsbG8gd29ybGQ=",
        "deadbeefdeadbeefdeadbeef",
        "I1\n.",
        "123",
    ],
)
def test_what_is_no_pickle_is_none(text: str) -> None:
    assert list(envelopes(text.encode())) == []


@pytest.mark.parametrize(
    "content",
    [
        *(b"a\x05bc", b"cbuiltins\nValueError\n\xff.", b"\x8c\x08builtins\x8c\x0aValueError\x93."),
        *(SHORTEST[:-1].encode(), json.dumps({"a": f"{ENCODED}, and more"}).encode()),
    ],
    ids=[
        "second byte of one",
        "broken off",
        "opcodes without their mark",
        "too short",
        "text that begins so",
    ],
)
def test_what_only_looks_like_a_pickle_is_none(content: bytes) -> None:
    assert list(envelopes(content)) == []


@given(st.binary())
def test_whatever_the_bytes_looking_for_payloads_ends(content: bytes) -> None:
    for found in envelopes(content):
        inspect_payload(found.payload)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_whatever_the_json_looking_for_payloads_ends(document: object) -> None:
    list(envelopes(json.dumps(document).encode()))
