"""parsl's HighThroughputExecutor: dill, and the cause beside the error."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import (
    HALVES,
    Carrier,
    Send,
)
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import DILL


def _parsl() -> Send:
    wrapper = find("parsl", "parsl.app.errors", "RemoteExceptionWrapper")
    serialize = find("parsl", "parsl.serialize", "serialize")

    def send(exc: BaseException) -> bytes:
        """Serialize as a worker of HighThroughputExecutor does with what a python_app returns; an
        error on the way is sent in its place."""
        try:
            return bytes(serialize(wrapper(type(exc), exc, exc.__traceback__)))
        except Exception as error:
            return bytes(serialize(wrapper(type(error), error, None)))

    return send


PARSL = Carrier(
    name="parsl",
    sender=_parsl,
    loader=f"{HALVES}.from_parsl:loads",
    of=DILL,
    replaces="parsl sends the error of pickling in place of what it cannot pickle",
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="the worker ends, and half a minute later result() raises WorkerLost",
            seen=("2026.10", "2026.10"),
            raises="parsl.executors.high_throughput.errors.WorkerLost",
        ),
        Consequence(
            where="loads",
            says="the caller waits for ever: the thread that reads the executor's results has "
            "ended, and no later task is answered",
            is_answered=False,
            seen=("2026.10", "2026.10"),
        ),
    ),
    library="parsl",
    distribution="parsl",
)
