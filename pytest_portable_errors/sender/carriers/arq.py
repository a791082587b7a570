"""arq: a worker pickles the result of a job into Redis."""

from __future__ import annotations

import asyncio

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _arq() -> Send:
    serialize_result = find("arq", "arq.jobs", "serialize_result")

    def send(exc: BaseException) -> bytes:
        """Serialize the result of a job that failed, or what arq puts in its place."""
        stored = serialize_result(
            *("task", (), {}, 1, 0), False, exc, *(0, 0), "task", "arq:queue", "portable-errors"
        )
        if stored is None:
            raise ValueError("arq cannot serialize the result, nor what it puts in its place")
        return bytes(stored)

    return send


ARQ = Carrier(
    name="arq",
    sender=_arq,
    loader=f"{HALVES}.from_arq:loads",
    holds_at="exc['r']",
    wraps_fixes=True,
    replaces="arq stores a text that says so in place of what it cannot pickle",
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="the job is run again, and after the last try result() raises JobExecutionFailed",
            seen=("0.28", "0.28"),
            raises="arq.worker.JobExecutionFailed",
            only=(asyncio.CancelledError,),
        ),
        Consequence(
            where="not sent",
            says="the worker process ends, the status stays in_progress, and the caller waits",
            is_answered=False,
            seen=("0.28", "0.28"),
        ),
        Consequence(
            where="replaced",
            says="result() raises SerializationError; the error's class and text are in the "
            "worker's log alone",
            seen=("0.28", "0.28"),
        ),
        Consequence(
            where="loads",
            says="result() and result_info() raise DeserializationError; the status is complete",
            seen=("0.28", "0.28"),
        ),
    ),
    library="arq",
    distribution="arq",
)
