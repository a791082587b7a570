"""What is said of a project's dependencies without looking at them."""

from __future__ import annotations

import importlib.resources
import json

import pytest

from pytest_portable_errors.report import digest
from pytest_portable_errors.report.digest import Seen, told

SEEN = {
    "grpcio": Seen("1.85.3", "2026-11", 2, 15, "grpc._channel._InactiveRpcError does not arrive"),
    "click": Seen("8.5.1", "2026-11", 8, 12, "click.exceptions.BadParameter does not arrive"),
}


@pytest.fixture(autouse=True)
def known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(digest, "_digest", lambda: SEEN)


def test_one_and_several() -> None:
    assert told({"grpcio": "1.85.3", "attrs": "1"}) == (
        "grpcio 1.85.3 is among your dependencies: grpc._channel._InactiveRpcError does not arrive "
        "(atlas, 2026-11: 2 of 15 classes); --portable-errors-survey dependencies checks yours"
    )
    assert told({"grpcio": "1.85.3", "click": "8.5.1"}).startswith("click 8.5.1 is among")
    assert "8 of 12 classes; 1 more library)" in told({"grpcio": "1.85.3", "click": "8.5.1"})


def test_of_another_version_nothing_is_said() -> None:
    assert told({"grpcio": "1.85.4"}) == ""
    assert told({}) == ""


def test_the_wheel_s_own_is_small_and_can_be_read() -> None:
    file = importlib.resources.files("pytest_portable_errors.report").joinpath("atlas.json")
    rows = json.loads(file.read_text("utf-8"))
    assert len(file.read_bytes()) < 150_000
    assert len(rows) > 50
    for name, row in rows.items():
        seen = Seen(*row)
        assert 0 < seen.lossy <= seen.classes, name
        assert seen.example
        assert "/" not in seen.example
