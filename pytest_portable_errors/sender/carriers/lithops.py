"""lithops: a worker writes errors into the status of its task."""

from __future__ import annotations

import contextlib
import io

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.carriers.handling import while_handling
from pytest_portable_errors.sender.carriers.tblib_reducers import as_in_a_worker
from pytest_portable_errors.sender.distributions import modules_with_requirements


def _lithops() -> Send:
    modules = modules_with_requirements("lithops")
    with as_in_a_worker(modules):
        find("lithops", "lithops.worker.handler", "function_handler")  # it has tblib register
        runner_class = find("lithops", "lithops.worker.jobrunner", "JobRunner")
        write_exception = find("lithops", "lithops.worker.jobrunner", "JobRunner._write_exception")

    def send(exc: BaseException) -> bytes:
        """Report the error as the worker of a task does, and return what its status has."""
        runner = object.__new__(runner_class)  # __init__ asks for the job and the storage
        runner.stats = stats = _Stats()
        # It prints the traceback.
        with as_in_a_worker(modules), contextlib.redirect_stdout(io.StringIO()):
            while_handling(exc, lambda: write_exception(runner))
        return stats.status()

    return send


class _Stats:
    """What lithops writes of a task, line by line."""

    def __init__(self) -> None:
        self._written: dict[str, object] = {}

    def write(self, key: str, value: object) -> None:
        """Keep one line."""
        self._written[key] = value

    def status(self) -> bytes:
        """The pickled error, and before it whether that was the one that was raised."""
        failed = b"1" if self._written.get("exc_pickle_fail") else b"0"
        return failed + str(self._written["exc_info"]).encode()


LITHOPS = Carrier(
    name="lithops",
    sender=_lithops,
    loader=f"{HALVES}.from_lithops:loads",
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    replaces="lithops sends the message and the frames as an Exception in place of what it cannot "
    "pickle and load",
    sends=(Exception, SystemExit, KeyboardInterrupt),
    then=(
        Consequence(
            where="not sent",
            says="result() returns None, as of a call that succeeded",
            is_answered=False,
            seen=("3.8", "3.8"),
        ),
        Consequence(
            where="replaced",
            says="result() raises Exception, whose message is the error's and the worker's frames",
            seen=("3.8", "3.8"),
        ),
    ),
    library="lithops",
    distribution="lithops",
)
