"""trio-parallel: cloudpickle, with tblib's reducers for the error that was raised."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.carriers.tblib_reducers import as_in_a_worker
from pytest_portable_errors.sender.distributions import modules_with_requirements
from pytest_portable_errors.sender.serializers import CLOUDPICKLE


def _trio_parallel() -> Send:
    modules = modules_with_requirements("trio-parallel")
    with as_in_a_worker(()):
        install = find("trio-parallel", "_trio_parallel_workers", "install_pickling_support")
        safe_dumps = find("trio-parallel", "_trio_parallel_workers", "safe_dumps")
        error = find("trio-parallel", "_trio_parallel_workers", "Error")
        find("trio-parallel", "_trio_parallel_workers", "handle_job")

    def send(exc: BaseException) -> bytes:
        """Pickle as ``handle_job`` and ``worker_behavior`` do: tblib registers for the raised one's
        class, those of its chain and its members, and for no other."""
        with as_in_a_worker(modules, installs=False):
            install(exc)
            return bytes(safe_dumps(error(exc)))

    return send


TRIO_PARALLEL = Carrier(
    name="trio-parallel",
    sender=_trio_parallel,
    loader=f"{HALVES}.from_trio_parallel:loads",
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    of=CLOUDPICKLE,
    replaces="trio-parallel sends the error of pickling in place of what it cannot pickle",
    then=(
        Consequence(
            where="replaced",
            says="run_sync() raises the error of pickling in its place, and the worker lives on",
            seen=("1.3", "1.3"),
        ),
    ),
    library="trio_parallel",
    distribution="trio-parallel",
)
