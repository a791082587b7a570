"""Temporal: an activity's worker converts errors to failures."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _temporal() -> Send:
    converter = find("temporalio", "temporalio.converter", "DataConverter.default")
    failure_class = find("temporalio", "temporalio.api.failure.v1", "Failure")

    def send(exc: BaseException) -> bytes:
        """Convert to a failure, as an activity's worker does."""
        failure = failure_class()
        converter.failure_converter.to_failure(exc, converter.payload_converter, failure)
        return bytes(failure.SerializeToString())

    return send


TEMPORAL = Carrier(
    name="temporal",
    sender=_temporal,
    loader=f"{HALVES}.from_temporal:loads",
    drops=("args", "attributes", "notes", "traceback"),
    replaces="Temporal's default converter sends an ApplicationError, whose type is the class's "
    "name; a failure converter of your own may send more",
    then=(
        Consequence(
            where="replaced",
            says="the workflow is given an ActivityError, whose cause is this ApplicationError",
            seen=("1.35", "1.35"),
        ),
    ),
    library="temporalio",
    distribution="temporalio",
    in_namespaces=("google.protobuf", "google._upb"),
)
