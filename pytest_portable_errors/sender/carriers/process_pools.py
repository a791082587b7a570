"""The pools of the standard library: what their workers do with the error of a task."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.carriers.pool_results import (
    ENCODING_ERROR,
    NEVER_ANSWERS,
    WORKER_ENDS,
    sender_of,
)


def _process_pool() -> Send:
    wrapper = find("", "concurrent.futures.process", "_ExceptionWithTraceback")
    item = find("", "concurrent.futures.process", "_ResultItem")
    dumps = find("", "multiprocessing.reduction", "ForkingPickler.dumps")

    def send(exc: BaseException) -> bytes:
        """Pickle as a worker does. The wrapper takes the traceback away, which is put back."""
        traceback = exc.__traceback__
        try:
            return bytes(dumps(item(0, exception=wrapper(exc, traceback))))
        finally:
            exc.__traceback__ = traceback

    return send


def _multiprocessing() -> Send:
    return sender_of("", "multiprocessing")


_CPYTHON = ("3.11", "3.15")
PROCESS_POOL = Carrier(
    name="process-pool",
    sender=_process_pool,
    loader=f"{HALVES}.from_process_pools:loads",
    holds_at="exc.exception",
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    wraps_fixes=True,
    then=(
        Consequence(
            where="dumps",
            says="result() raises that error in place of it, and the pool lives on",
            seen=_CPYTHON,
        ),
        Consequence(
            where="loads",
            says="result() raises BrokenProcessPool, which speaks of a process that was "
            "terminated; the pool takes no more tasks",
            seen=_CPYTHON,
            raises="concurrent.futures.process.BrokenProcessPool",
        ),
    ),
)
MULTIPROCESSING = Carrier(
    name="multiprocessing",
    sender=_multiprocessing,
    loader=f"{HALVES}.from_process_pools:loads_of_pool",
    holds_at="exc[2][1]",
    wraps_fixes=True,
    replaces=ENCODING_ERROR,
    sends=(Exception,),
    then=(
        Consequence(where="not sent", says=WORKER_ENDS, is_answered=False, seen=_CPYTHON),
        Consequence(where="loads", says=NEVER_ANSWERS, is_answered=False, seen=_CPYTHON),
    ),
)
