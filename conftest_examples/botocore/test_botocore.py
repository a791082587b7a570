"""What callers get of a key that is not there: not what they caught, and what they can catch."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import check_round_trip

pytest.importorskip("botocore")
import botocore_calls  # it needs botocore
from botocore.exceptions import ClientError

HERE = Path(__file__).parent


def got(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "botocore_run.py", *arguments],
        cwd=HERE,
        env={**os.environ, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert "JSON " in done.stdout, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout.rpartition("JSON ")[2])
    return seen


@pytest.mark.parametrize("carrier", ["pool", "celery"])
def test_before_and_after(carrier: str) -> None:
    """The same error: the clause that worked in one process does not, the other one does."""
    assert got(carrier) == {
        "type": "ClientError",
        "caught as before": False,
        "caught as ClientError": True,
        "code": "NoSuchKey",
    }


def refused() -> ClientError:
    with botocore_calls.store() as address, pytest.raises(ClientError) as caught:
        botocore_calls.get_order(address)
    return caught.value


def test_the_plugin_says_so_before() -> None:
    error = refused()
    assert type(error).__name__ == "NoSuchKey"
    trip = check_round_trip(error, serializer="process-pool")
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "reduce-changes-type"


@pytest.mark.portable_exception(
    raises=ClientError,
    arrives_as=ClientError,
    receiver="without-project",
    checks=("type", "message", "attributes"),
    reason="callers ask for its code",
)
def test_what_is_declared_is_whole() -> None:
    raise refused()
