"""What callers get of a refusal, before and after, and that no key goes with it."""

from __future__ import annotations

import copyreg
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import Stage, check_round_trip

openai = pytest.importorskip("openai")
pytest.importorskip("docket")
import openai_calls  # noqa: E402  # it needs openai

HERE = Path(__file__).parent


def got(*arguments: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, "openai_run.py", *arguments],
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
    ("carrier", "type_"), [("pool", "BrokenProcessPool"), ("docket", "TypeError")]
)
def test_before(carrier: str, type_: str) -> None:
    assert got(carrier, "before") == {
        "type": type_,
        "status": None,
        "code": None,
        "carries the key": None,
    }


@pytest.mark.parametrize("carrier", ["pool", "docket"])
def test_after(carrier: str) -> None:
    assert got(carrier, "after") == {
        "type": "RateLimitError",
        "status": 429,
        "code": "rate_limit_exceeded",
        "carries the key": False,
    }


def test_the_plugin_says_so_before(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # Whatever else in this process may have registered for it.
    monkeypatch.delitem(copyreg.dispatch_table, openai.RateLimitError, raising=False)
    with openai_calls.provider() as address, pytest.raises(openai.RateLimitError) as caught:
        openai_calls.ask(address)
    trip = check_round_trip(caught.value, serializer="docket")
    assert trip.stage is Stage.LOADS
    assert [one.kind for one in trip.credentials] == ["authorization"]
