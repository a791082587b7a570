"""Docket: its worker pickles the exception of a task with cloudpickle into Redis."""

from __future__ import annotations

import asyncio

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import CLOUDPICKLE, PICKLE_LOADER

_SEEN = ("0.27", "0.27")


def _sender() -> Send:
    dumps: Send = find("pydocket", "docket.worker", "cloudpickle.dumps")
    find("pydocket", "docket.execution", "cloudpickle.loads")  # which is pickle.loads
    find("pydocket", "docket.execution", "Execution.get_result")
    return dumps


DOCKET = Carrier(
    name="docket",
    sender=_sender,
    loader=PICKLE_LOADER,
    of=CLOUDPICKLE,
    only_wraps=True,
    carries_values=True,
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="the task is cancelled: get_result() raises ExecutionCancelled",
            seen=_SEEN,
            raises="docket.execution.ExecutionCancelled",
            only=(asyncio.CancelledError,),
        ),
        Consequence(
            where="not sent",
            says="the worker process ends, the task stays RUNNING, and its client waits",
            is_answered=False,
            seen=_SEEN,
        ),
        Consequence(
            where="dumps",
            says="the worker process ends, the task stays RUNNING, and its client waits",
            is_answered=False,
            seen=_SEEN,
        ),
        Consequence(
            where="loads",
            says="get_result() raises what loads raised; the state is FAILED, and "
            "execution.error has the text",
            seen=_SEEN,
        ),
    ),
    library="docket",
    distribution="pydocket",
)
