"""The names of all carriers, and where each is found.

A carrier's module is imported when the carrier is asked for. Other packages add theirs by entry
points of the group ``pytest_portable_errors.carriers``: an entry has the serializer's name, and
leads to a ``Carrier`` or to any other ``Serializer``.
"""

from __future__ import annotations

from importlib import import_module, metadata

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.serializers import Serializer

ENTRY_POINTS = "pytest_portable_errors.carriers"
"""The group of entry points that bring carriers."""
_PLACES = {
    "docket": "docket:DOCKET",
    "dbos": "dbos:DBOS",
    "dbos:result": "dbos:RESULT",
    "celery": "celery:JSON",
    "celery:imported": "celery:JSON_IMPORTED",
    "celery:pickle": "celery:PICKLE",
    "dask": "dask:DISTRIBUTED",
    "dask-processes": "dask:PROCESSES",
    "process-pool": "process_pools:PROCESS_POOL",
    "multiprocessing": "process_pools:MULTIPROCESSING",
    "interpreter-pool": "interpreter_pool:INTERPRETER_POOL",
    "multiprocess": "multiprocess:MULTIPROCESS",
    "loky": "loky:LOKY",
    "trio-parallel": "trio_parallel:TRIO_PARALLEL",
    "mpire": "mpire:MPIRE",
    "parsl": "parsl:PARSL",
    "lithops": "lithops:LITHOPS",
    "torch-dataloader": "torch:TORCH",
    "ray": "ray:RAY",
    "prefect": "prefect:PREFECT",
    "prefect:json": "prefect:PREFECT_JSON",
    "arq": "arq:ARQ",
    "taskiq": "taskiq:TASKIQ",
    "taskiq:imported": "taskiq:TASKIQ_IMPORTED",
    "temporal": "temporal:TEMPORAL",
    "apscheduler": "apscheduler:APSCHEDULER",
    "apscheduler:json": "apscheduler:APSCHEDULER_JSON",
    "rpyc": "rpyc:RPYC",
    "pyro5": "pyro5:PYRO5",
}
"""Name -> ``module:constant`` below this package."""


def names() -> tuple[str, ...]:
    """The carriers' names: our own, then those of other packages."""
    return tuple(dict.fromkeys((*_PLACES, *_added())))


def carrier(name: str) -> Serializer | None:
    """Return the carrier of a name; None if there is none. Another package's replaces our own.

    Raises:
        PortableErrorsError: An entry point cannot be loaded. The text names it.
    """
    added = _added().get(name)
    if added is not None:
        try:
            found: Serializer = added.load()
        except Exception as error:
            raise PortableErrorsError(
                f"carrier {name!r}: its entry point {added.value!r} cannot be loaded: "
                f"{type(error).__name__}: {error}"
            ) from error
        return found
    if name not in _PLACES:
        return None
    module, constant = _PLACES[name].split(":")
    own: Serializer = getattr(import_module(f"{__package__}.{module}"), constant)
    return own


def _added() -> dict[str, metadata.EntryPoint]:
    return {entry.name: entry for entry in metadata.entry_points(group=ENTRY_POINTS)}
