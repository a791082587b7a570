"""What a workflow is given of an activity's error, by Temporal's converter and by the shop's."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import temporal_errors

from pytest_portable_errors import check_round_trip

pytest.importorskip("temporalio")

import temporal_converter  # it imports temporalio
from temporalio.api.failure.v1 import Failure
from temporalio.converter import default


def delivered(converter: Any) -> Any:
    """What both workers make of the error, by the functions that they await."""

    async def main() -> Any:
        failure = Failure()
        await converter.encode_failure(temporal_errors.PaymentRefused(7, "no funds"), failure)
        return await converter.decode_failure(Failure.FromString(failure.SerializeToString()))

    return asyncio.run(main())


def test_before_the_workflow_has_a_name_and_a_text() -> None:
    error = delivered(default())
    trip = check_round_trip(
        temporal_errors.PaymentRefused(7, "no funds"),
        serializer="temporal",
        receiver="with-project",
    )
    assert trip.received is not None
    exception = trip.received["exceptions"][0]
    assert exception["type"] == f"{type(error).__module__}.{type(error).__qualname__}"
    assert exception["message"]["text"] == str(error) == "PaymentRefused: order 7: no funds"
    assert (error.type, error.details) == ("PaymentRefused", ())


@pytest.mark.portable_exception(
    raises=temporal_errors.PaymentRefused,
    serializers=(temporal_converter.ShopTemporal(),),
    receiver="with-project",
)
def test_after_it_has_the_error() -> None:
    raise temporal_errors.PaymentRefused(7, "no funds")


def test_and_so_it_has_by_both_workers_converters() -> None:
    error = delivered(temporal_converter.SHOP)
    assert (type(error), error.args) == (temporal_errors.PaymentRefused, (7, "no funds"))
