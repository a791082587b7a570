"""What the plugin says of each error beforehand, and what ``ray.get`` then raises."""

from __future__ import annotations

from typing import Any

import pytest
import ray_errors

from pytest_portable_errors import check_round_trip

pytest.importorskip("ray")


def test_before_the_plugin_says_that_no_clause_catches_it() -> None:
    with pytest.raises(ray_errors.PaymentRefusedBefore) as caught:
        ray_errors.charge_before(7)
    trip = check_round_trip(caught, serializer="ray", receiver="with-project")
    assert trip.received is not None
    assert trip.received["exceptions"][0]["type"] == "ray.exceptions.UnserializableException"
    assert "then  ray.get() raises an error that no except clause for this class catches" in str(
        trip
    )


def test_and_none_does(given: dict[str, Any]) -> None:
    assert given["before"] == {
        "is a PaymentRefused": False,
        "type": "UnserializableException",
        "order": None,
        "says the reason": True,
    }


@pytest.mark.portable_exception(
    raises=ray_errors.PaymentRefused, serializers=("ray",), receiver="with-project"
)
def test_after_it_arrives() -> None:
    ray_errors.charge(7)


def test_and_the_caller_has_the_order(given: dict[str, Any]) -> None:
    assert given["after"] == {
        "is a PaymentRefused": True,
        "type": "RayTaskError(PaymentRefused)",
        "order": 7,
        "says the reason": True,
    }
