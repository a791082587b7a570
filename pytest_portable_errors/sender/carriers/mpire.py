"""mpire: a worker sends the class, its args and its attributes."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import (
    HALVES,
    Carrier,
    Send,
)
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _mpire() -> Send:
    worker_class = find("mpire", "mpire.worker", "AbstractWorker")
    get_exception = find("mpire", "mpire.worker", "AbstractWorker._get_exception")
    dumps = find("", "multiprocessing.reduction", "ForkingPickler.dumps")
    worker = object.__new__(worker_class)  # __init__ asks for the pool
    worker.worker_id, worker.is_apply_func = 0, True

    def send(exc: BaseException) -> bytes:
        """Put a result of ``WorkerPool.apply`` into the queue of the pool."""
        return bytes(dumps((0, False, get_exception(worker, ((), {}), exc))))

    return send


_NEVER_ANSWERED = "the caller waits for ever: the error cannot be put into the queue of results"
MPIRE = Carrier(
    name="mpire",
    sender=_mpire,
    loader=f"{HALVES}.from_mpire:loads",
    ends_caller=(SystemExit,),
    replaces="mpire sends a CannotPickleExceptionError in place of what it cannot pickle",
    sends=(Exception, SystemExit),
    then=(
        Consequence(
            where="not sent",
            says="the caller waits for ever",
            is_answered=False,
            seen=("2.10", "2.10"),
        ),
        Consequence(where="dumps", says=_NEVER_ANSWERED, is_answered=False, seen=("2.10", "2.10")),
        Consequence(
            where="loads",
            says="the caller waits for ever: the thread that reads the pool's results has ended",
            is_answered=False,
            seen=("2.10", "2.10"),
        ),
        Consequence(
            where="replaced",
            says="apply() raises CannotPickleExceptionError, because dill is not installed",
            seen=("2.10", "2.10"),
        ),
    ),
    library="mpire",
    distribution="mpire",
)
