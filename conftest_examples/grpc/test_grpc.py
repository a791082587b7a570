"""What callers get of a failed call, before and after; and the suite, which is green here."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import Stage, check_round_trip

grpc = pytest.importorskip("grpc")
import grpc_calls  # noqa: E402  # it needs grpcio

HERE = Path(__file__).parent


def got(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "grpc_run.py", *arguments],
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


@pytest.mark.parametrize(
    ("carrier", "type_"), [("pool", "TypeError"), ("celery", "_InactiveRpcError")]
)
def test_before(carrier: str, type_: str) -> None:
    """Celery's is a class that it has made up: no ``except`` clause catches it."""
    assert got(carrier, "before") == {
        "type": type_,
        "caught": False,
        "code": None,
        "details": None,
    }


@pytest.mark.parametrize("carrier", ["pool", "celery"])
def test_after(carrier: str) -> None:
    assert got(carrier, "after") == {
        "type": "RpcError",
        "caught": True,
        "code": "NOT_FOUND",
        "details": "no order 7",
    }


def test_the_plugin_says_so_before() -> None:
    with grpc_calls.service() as address, pytest.raises(grpc.RpcError) as caught:
        grpc_calls.get_order(address)
    trip = check_round_trip(caught.value, serializer="process-pool")
    assert trip.stage is Stage.DUMPS
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "value-cannot-be-pickled"
