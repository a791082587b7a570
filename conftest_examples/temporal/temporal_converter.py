"""Failure converters for both workers, and the serializer that checks errors with them."""

from __future__ import annotations

from typing import Any

import temporal_errors
from temporalio.api.failure.v1 import Failure
from temporalio.converter import DataConverter, DefaultFailureConverter, PayloadConverter
from temporalio.exceptions import ApplicationError

ERRORS = {cls.__name__: cls for cls in (temporal_errors.PaymentRefused,)}
"""The shop's errors, which are made again from their ``args``."""


class ShopFailureConverter(DefaultFailureConverter):  # type: ignore[misc]  # Temporal is Any
    """Sends the ``args`` of the shop's errors as details, and makes the errors from them."""

    def to_failure(
        self, exception: BaseException, payload_converter: PayloadConverter, failure: Failure
    ) -> None:
        if type(exception) in ERRORS.values():
            name = type(exception).__name__
            sent = ApplicationError(str(exception), *exception.args, type=name)
            sent.__cause__ = exception.__cause__
            exception = sent
        super().to_failure(exception, payload_converter, failure)

    def from_failure(self, failure: Failure, payload_converter: PayloadConverter) -> BaseException:
        error: Any = super().from_failure(failure, payload_converter)
        cls = ERRORS.get(error.type or "") if isinstance(error, ApplicationError) else None
        made: BaseException = error if cls is None else cls(*error.details)
        return made


SHOP = DataConverter(failure_converter_class=ShopFailureConverter)
"""What both workers are started with."""


class ShopTemporal:
    """The serializer: what the workers do with an error."""

    name = "shop-temporal"
    loader = "temporal_converter:loads"
    needs = ("temporal_converter", "temporal_errors", "temporalio", "google.protobuf", "nexusrpc")

    def dumps(self, exc: Any) -> bytes:
        """Convert as an activity's worker does."""
        failure = Failure()
        SHOP.failure_converter.to_failure(exc, SHOP.payload_converter, failure)
        return bytes(failure.SerializeToString())


def loads(payload: bytes) -> object:
    """Convert as a workflow's worker does."""
    failure = Failure.FromString(payload)
    return SHOP.failure_converter.from_failure(failure, SHOP.payload_converter)
