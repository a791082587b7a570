"""``python -m pytest_portable_errors inspect``, as an operator runs it."""

from __future__ import annotations

import base64
import contextlib
import importlib.metadata
import json
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import error_zoo as zoo
import pytest

PAYLOAD = pickle.dumps(zoo.PaymentError(7, "declined"), protocol=4)
ENCODED = base64.b64encode(PAYLOAD).decode()
TEXT = """\
{title} (base64, protocol 4, {size} bytes)

  error_zoo.PaymentError: order 7: declined
      order_id = 7
      reason = 'declined'
  imports     error_zoo.PaymentError   this interpreter has no module 'error_zoo'
"""


def inspect(*arguments: str, cwd: Path, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    # -I: without the folder of the tests
    command = [sys.executable, "-I", "-m", "pytest_portable_errors", "inspect", *arguments]
    return subprocess.run(
        command, cwd=cwd, input=given, capture_output=True, timeout=60, check=False
    )


def test_a_file(tmp_path: Path) -> None:
    (tmp_path / "error.txt").write_text(ENCODED)
    done = inspect("error.txt", cwd=tmp_path)
    assert done.stdout.decode() == TEXT.format(title="error.txt", size=len(PAYLOAD))
    assert (done.stderr, done.returncode) == (b"", 0)


def test_the_standard_input_and_json(tmp_path: Path) -> None:
    done = inspect("--json", "-", cwd=tmp_path, given=PAYLOAD)
    (row,) = json.loads(done.stdout)
    assert row["errors"][0]["type"] == "error_zoo.PaymentError"
    assert row["errors"][0]["attributes"] == {"order_id": 7, "reason": "declined"}
    assert (row["form"], row["problem"], row["credentials"]) == ("pickle", None, [])


def test_a_database_of_dbos_shows_the_rows_that_hold_errors(tmp_path: Path) -> None:
    with contextlib.closing(sqlite3.connect(tmp_path / "dbos.sqlite")) as connection, connection:
        connection.execute("CREATE TABLE operation_outputs (inputs TEXT, error TEXT)")
        inputs = base64.b64encode(pickle.dumps({"args": [], "kwargs": {}})).decode()
        connection.executemany(
            "INSERT INTO operation_outputs VALUES (?, ?)", [(inputs, None), (inputs, ENCODED)]
        )
    done = inspect("dbos.sqlite", cwd=tmp_path)
    assert done.stdout.decode() == TEXT.format(
        title="dbos.sqlite: operation_outputs.error, row 2", size=len(PAYLOAD)
    )


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (PAYLOAD[:60], 1, "the payload ends early or is damaged"),
        (b"\x80\x04\xff\xff.", 1, "the payload ends early or is damaged"),
        (b"hello", 1, "holds no pickle that could be found. Looked for: raw pickles, base64"),
        (b"SQLite format 3\0 but not really", 2, "database"),
    ],
    ids=["truncated", "damaged", "no pickle", "no database"],
)
def test_what_cannot_be_read_is_said_clearly_and_in_the_exit_status(
    tmp_path: Path, content: bytes, status: int, said: str
) -> None:
    (tmp_path / "file").write_bytes(content)
    done = inspect("file", cwd=tmp_path)
    assert done.returncode == status
    assert said in (done.stdout + done.stderr).decode()
    assert b"Traceback" not in done.stderr


def test_a_hostile_payload_is_read_and_does_nothing(tmp_path: Path) -> None:
    class Hostile:
        def __reduce__(self) -> tuple[object, ...]:
            return exec, ("open('done', 'w')",)

    done = inspect("-", cwd=tmp_path, given=pickle.dumps(Hostile()))
    assert b"imports     exec" in done.stdout
    assert b"  warning     loads would call exec, no exception's class" in done.stdout
    assert done.returncode == 1
    done = inspect("-", "--json", cwd=tmp_path, given=pickle.dumps(ValueError(Hostile())))
    assert json.loads(done.stdout)[0]["unexpected_calls"] == ["exec"]
    assert done.returncode == 1
    assert not (tmp_path / "done").exists()


def test_a_file_that_cannot_be_read_is_named_and_no_command_is_a_usage_error(
    tmp_path: Path,
) -> None:
    done = inspect("nowhere", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, b"nowhere: no such file\n")
    done = inspect(str(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (2, f"{tmp_path}: is a directory\n".encode())
    bare = subprocess.run(
        [sys.executable, "-m", "pytest_portable_errors"],
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert bare.returncode == 2
    assert b"COMMAND" in bare.stderr


def test_the_version_and_the_help_are_plain_text() -> None:
    def said(*arguments: str) -> str:
        command = [sys.executable, "-m", "pytest_portable_errors", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout

    version = importlib.metadata.version("pytest-portable-errors")
    assert said("--version") == f"pytest-portable-errors {version}\n"
    for command in ((), ("inspect",), ("merge",), ("upstream",), ("explain",)):
        assert "`" not in said(*command, "--help")


def test_what_is_printed_has_no_control_characters(tmp_path: Path) -> None:
    done = inspect(
        "-",
        cwd=tmp_path,
        given=pickle.dumps(
            ValueError("\x1b[31mred\x07\n\ud800".encode("utf-8", "replace").decode())
        ),
    )
    assert b"\x1b" not in done.stdout
    assert b"\x07" not in done.stdout
    assert done.returncode == 0
