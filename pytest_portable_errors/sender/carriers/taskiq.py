"""taskiq: a result backend stores an error by its class's name and its args."""

from __future__ import annotations

from dataclasses import replace

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _taskiq() -> Send:
    result = find("taskiq", "taskiq.result", "TaskiqResult")
    serializer = find("taskiq", "taskiq.serializers.pickle", "PickleSerializer")()
    find("taskiq", "taskiq.serialization", "prepare_exception")

    def send(exc: BaseException) -> bytes:
        """Serialize the result of a task that failed, as a result backend does."""
        failed = result(is_err=True, return_value=None, execution_time=0, error=exc)
        return bytes(serializer.dumpb(failed.model_dump(mode="json")))

    return send


TASKIQ = Carrier(
    name="taskiq",
    sender=_taskiq,
    loader=f"{HALVES}.from_taskiq:loads",
    drops=("attributes", "notes", "traceback"),
    replaces="taskiq stores the class's name and args, whatever the serializer. A caller that has "
    "not imported the module is\ngiven a class of that name in taskiq.exceptions; one that has is "
    "given the class, or a plain Exception\n(serializer taskiq:imported)",
    then=(
        Consequence(
            where="replaced",
            says="except clauses that name the class do not catch what wait_result() gives",
            seen=("0.13", "0.13"),
        ),
    ),
    library="taskiq",
    distribution="taskiq",
)
TASKIQ_IMPORTED = replace(
    TASKIQ,
    name="taskiq:imported",
    loader=f"{HALVES}.from_taskiq:loads_imported",
    replaces="taskiq stores the class's name and args, and calls the class with them; where that "
    "fails, it gives a plain Exception",
)
