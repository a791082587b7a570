"""dask: the errors of a cluster's tasks, and of the scheduler that has processes of its own."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.carriers.handling import while_handling
from pytest_portable_errors.sender.carriers.tblib_reducers import as_in_a_worker
from pytest_portable_errors.sender.distributions import modules_with_requirements
from pytest_portable_errors.sender.serializers import CLOUDPICKLE


def _distributed() -> Send:
    modules = modules_with_requirements("distributed")
    with as_in_a_worker(modules):  # importing it has tblib register for all that exists
        error_message = find("distributed", "distributed.core", "error_message")

    def send(exc: BaseException) -> bytes:
        """Pickle as a worker does: tblib registers for the raised one's class, those of its chain
        and its members, beside those that the worker's own imports have brought."""
        with as_in_a_worker(modules):
            return bytes(error_message(exc)["exception"].data)

    return send


def _processes() -> Send:
    modules = modules_with_requirements("dask")
    try:
        import tblib.pickling_support  # noqa: F401  # dask asks in the same way
    except ImportError:
        return _processes_plainly()
    with as_in_a_worker(modules):
        pack_exception = find("dask", "dask.multiprocessing", "pack_exception")
        dumps = find("dask", "dask.multiprocessing", "_dumps")

    def send(exc: BaseException) -> bytes:
        """Pickle as a process that was spawned does: tblib has registered for what dask imports,
        and the user's modules came after."""
        with as_in_a_worker(modules):
            return bytes(while_handling(exc, lambda: pack_exception(exc, dumps)))

    return send


def _processes_plainly() -> Send:
    pack_exception = find("dask", "dask.multiprocessing", "pack_exception")
    dumps = find("dask", "dask.multiprocessing", "_dumps")
    return lambda exc: bytes(while_handling(exc, lambda: pack_exception(exc, dumps)))


DISTRIBUTED = Carrier(
    name="dask",
    sender=_distributed,
    loader=f"{HALVES}.from_dask:loads",
    of=CLOUDPICKLE,
    replaces="dask sends the repr of what it cannot pickle, or not rebuild in the worker, as an "
    "Exception in its place",
    never_sent=(SystemExit, KeyboardInterrupt),
    then=(
        Consequence(
            where="not sent",
            says="the worker process ends, the task is tried on others, and at last the client is "
            "given KilledWorker",
            seen=("2026.8", "2026.8"),
            raises="distributed.scheduler.KilledWorker",
        ),
    ),
    library="distributed",
    distribution="distributed",
)
PROCESSES = Carrier(
    name="dask-processes",
    sender=_processes,
    loader=f"{HALVES}.from_dask_processes:loads",
    holds_at="exc[0]",
    of=CLOUDPICKLE,
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    replaces="without tblib dask makes up a class of the same name, RemoteException and the "
    "error's class its bases",
    then=(
        Consequence(
            where="dumps",
            says="compute() raises BrokenProcessPool",
            seen=("2026.8", "2026.8"),
            raises="concurrent.futures.process.BrokenProcessPool",
        ),
        Consequence(
            where="loads",
            says="compute() raises what loads raised",
            seen=("2026.8", "2026.8"),
        ),
    ),
    library="dask",
    distribution="dask",
    uses=("tblib",),
)
