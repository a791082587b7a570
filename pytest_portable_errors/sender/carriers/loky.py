"""loky, on which joblib stands."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.receiver.carriers.place_of_loky import COPY, place
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import CLOUDPICKLE


def _loky() -> Send:
    brought, package = place()
    wrapper = find(brought, f"{package}.process_executor", "_ExceptionWithTraceback")
    item = find(brought, f"{package}.process_executor", "_ResultItem")
    dumps = find(brought, f"{package}.backend.reduction", "dumps")
    return lambda exc: bytes(dumps(item(0, exception=wrapper(exc))))


LOKY = Carrier(
    name="loky",
    sender=_loky,
    loader=f"{HALVES}.from_loky:loads",
    holds_at="exc.exception",
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    of=CLOUDPICKLE,
    wraps_fixes=True,
    then=(
        Consequence(
            where="dumps",
            says="result() raises TerminatedWorkerError, which speaks of a segmentation fault; the "
            "pool takes no more tasks",
            seen=("3.7", "3.7"),
            raises="loky.process_executor.TerminatedWorkerError",
        ),
        Consequence(
            where="loads",
            says="result() raises BrokenProcessPool; the pool takes no more tasks",
            seen=("3.7", "3.7"),
            raises="loky.process_executor.BrokenProcessPool",
        ),
    ),
    library="loky",
    distribution="loky",
    copy=COPY,
)
