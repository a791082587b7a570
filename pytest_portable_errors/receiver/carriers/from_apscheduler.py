"""What APScheduler's ``get_job_result`` does with what is in a data store."""

from datetime import datetime, timezone
from uuid import UUID

from .library import find

_Result = find("apscheduler", "apscheduler", "JobResult")
_error = find("apscheduler", "apscheduler", "JobOutcome.error")
_pickle = find("apscheduler", "apscheduler.serializers.pickle", "PickleSerializer")()
_json = find("apscheduler", "apscheduler.serializers.json", "JSONSerializer")()


def loads(payload: bytes) -> object:
    """The exception of the result, by pickle."""
    return _unmarshalled(payload, _pickle)


def loads_json(payload: bytes) -> object:
    """The exception of the result, by JSON."""
    return _unmarshalled(payload, _json)


def _unmarshalled(payload: bytes, serializer: object) -> object:
    now = datetime.now(timezone.utc)
    stored = {
        "job_id": UUID(int=0),
        "outcome": _error,
        "finished_at": now,
        "expires_at": now,
        "exception": payload,
    }
    return _Result.unmarshal(serializer, stored).exception
