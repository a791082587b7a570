"""What a workflow's worker does with the failure of an activity."""

from .library import find

_converter = find("temporalio", "temporalio.converter", "DataConverter.default")
_Failure = find("temporalio", "temporalio.api.failure.v1", "Failure")


def loads(payload: bytes) -> object:
    """The error that is the cause of the ActivityError which the workflow is given."""
    return _converter.failure_converter.from_failure(
        _Failure.FromString(payload), _converter.payload_converter
    )
