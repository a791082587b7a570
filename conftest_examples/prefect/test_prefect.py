"""What the plugin says of each error beforehand, and what a kept result then gives."""

from __future__ import annotations

from typing import Any

import prefect_errors
import pytest

from pytest_portable_errors import Stage, check_round_trip

pytest.importorskip("prefect")


def test_before_who_asks_is_given_another_error(given: dict[str, Any]) -> None:
    trip = check_round_trip(
        prefect_errors.NoRowsBefore("orders", "Monday"),
        serializer="prefect",
        receiver="with-project",
    )
    assert trip.stage is Stage.LOADS
    assert trip.error is not None
    assert trip.error["type"] == "builtins.TypeError"
    assert given["before"] == ["TypeError", None]


@pytest.mark.portable_exception(
    raises=prefect_errors.NoRows, serializers=("prefect",), receiver="with-project"
)
def test_after_it_arrives() -> None:
    raise prefect_errors.NoRows("orders", "Monday")


def test_and_who_asks_has_the_table(given: dict[str, Any]) -> None:
    assert given["after"] == ["NoRows", "orders"]
