"""APScheduler 4: a data store has the result of a job."""

from __future__ import annotations

import asyncio
from datetime import datetime, timezone
from uuid import UUID

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _apscheduler(module: str, kind: str) -> Send:
    serializer = find("apscheduler", module, kind)()
    result_class = find("apscheduler", "apscheduler", "JobResult")
    outcome = find("apscheduler", "apscheduler", "JobOutcome.error")
    now = datetime.now(timezone.utc)

    def send(exc: BaseException) -> bytes:
        """Marshal the result of a job that failed, for a data store."""
        result = result_class(
            job_id=UUID(int=0), outcome=outcome, finished_at=now, expires_at=now, exception=exc
        )
        return bytes(result.marshal(serializer)["exception"])

    return send


def _apscheduler_pickle() -> Send:
    return _apscheduler("apscheduler.serializers.pickle", "PickleSerializer")


def _apscheduler_json() -> Send:
    return _apscheduler("apscheduler.serializers.json", "JSONSerializer")


APSCHEDULER = Carrier(
    name="apscheduler",
    sender=_apscheduler_pickle,
    loader=f"{HALVES}.from_apscheduler:loads",
    wraps_fixes=True,
    never_sent=(asyncio.CancelledError,),
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    then=(
        Consequence(
            where="not sent",
            says="the outcome is cancelled, and exception is None",
            seen=("4.0", "4.0"),
        ),
        Consequence(
            where="ends",
            says="the result is stored, and the scheduler ends",
            is_answered=False,
            seen=("4.0", "4.0"),
        ),
        Consequence(
            where="dumps",
            says="the scheduler ends, and whoever waits for the result is cancelled",
            is_answered=False,
            seen=("4.0", "4.0"),
        ),
        Consequence(
            where="loads",
            says="get_job_result() raises DeserializationError with no text",
            seen=("4.0", "4.0"),
        ),
    ),
    library="apscheduler",
    distribution="apscheduler",
)
APSCHEDULER_JSON = Carrier(
    name="apscheduler:json",
    sender=_apscheduler_json,
    loader=f"{HALVES}.from_apscheduler:loads_json",
    drops=("chain", "traceback"),
    never_sent=APSCHEDULER.never_sent,
    ends_caller=APSCHEDULER.ends_caller,
    then=APSCHEDULER.then,
    library="apscheduler",
    distribution="apscheduler",
)
