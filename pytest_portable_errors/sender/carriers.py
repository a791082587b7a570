"""Serializers named after what carries errors in production.

Each calls the installed library's own functions. Here is what a worker does with an error that it
sends; what the client does with it is in ``receiver/carriers/``.
"""

from __future__ import annotations

import base64
import contextlib
import copyreg
import functools
import importlib.util
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import metadata
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.distributions import modules_of
from pytest_portable_errors.sender.serializers import (
    CLOUDPICKLE,
    PICKLE_LOADER,
    PICKLES,
    Library,
    Pickle,
    Serializer,
)

_CLIENT_HALVES = "_portable_errors_receiver.carriers"
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """A serializer that calls the functions that bring an error from a worker to its client."""

    name: str
    """What settings call it."""
    send: Callable[[Any], bytes]
    """The worker's half: makes the payload of an error."""
    loader: str
    """The client's half: ``"module:function"``."""
    of: Pickle | Library = PICKLES[0]
    """What it pickles with."""
    only_wraps: bool = False
    """Whether it does nothing more than wrap what ``of`` gives, so that a fix for ``of`` is a fix
    for the carrier."""
    wraps_fixes: bool = False
    """Whether it pickles the exception itself and more beside, so that what repairs an exception
    for ``of`` repairs it here, too."""
    carries_values: bool = False
    """Whether it sends arguments and results as well, by the same functions."""
    replaces: str = ""
    """What it does where it gives another class on purpose; empty if it never does."""
    drops: tuple[str, ...] = ()
    """Checks for what it never carries, whatever the class does."""
    library: str | None = None
    """The module that has to be installed. None: it is in the standard library."""
    distribution: str = ""
    """The distribution that brings the library; empty for the standard library."""

    @property
    def needs(self) -> tuple[str, ...]:
        """Modules at the top of the distribution, and of all that it requires without extras."""
        return _modules_with_requirements(self.distribution) if self.distribution else ()

    def dumps(self, exc: BaseException, /) -> bytes:
        """Return the payload that a worker would send.

        Raises:
            ImportError: The library is not installed, or is not the version that is known here.
            BaseException: What the exception's own code, or the library, raises.
        """
        return self.send(exc)

    def ensure_installed(self) -> None:
        """Look whether the library is installed, without importing it.

        dask's would change how everything is pickled.

        Raises:
            PortableErrorsError: It is not installed.
        """
        if self.library is not None and importlib.util.find_spec(self.library) is None:
            raise PortableErrorsError(
                f"serializer {self.name!r} is not installed here: pip install {self.distribution}"
            )


def never_carried(serializer: Serializer) -> tuple[str, ...]:
    """Checks for what a serializer never carries; () for all but some carriers."""
    return serializer.drops if isinstance(serializer, Carrier) else ()


def plain_serializer(serializer: Serializer) -> Serializer:
    """What a carrier that only wraps pickles with; any other serializer is returned as it is."""
    return (
        serializer.of if isinstance(serializer, Carrier) and serializer.only_wraps else serializer
    )


@functools.cache  # what is installed does not change while tests run
def _modules_with_requirements(distribution: str) -> tuple[str, ...]:
    """Names at the top of a distribution and of all that it requires without extras, sorted."""
    waiting = [distribution]
    requirements: set[str] = set()
    modules: set[str] = set()
    while waiting:
        name = waiting.pop()
        # One that is not installed is required on another platform or Python.
        with contextlib.suppress(metadata.PackageNotFoundError):
            installed = metadata.distribution(name)
            modules.update(modules_of(installed))
            # Each line begins with a name (PEP 508).
            required = {
                _REQUIREMENT.match(line).group()  # type: ignore[union-attr]
                for line in installed.requires or ()
                if "extra ==" not in line
            }
            waiting += required - requirements
            requirements |= required
    return tuple(sorted(module for module in modules if "." not in module))


def _docket(exc: BaseException) -> bytes:
    """Pickle as ``docket.Worker`` does before it encodes the bytes for its storage."""
    from docket import worker

    return worker.cloudpickle.dumps(exc)  # type: ignore[no-any-return]  # as it is annotated there


def _dbos(exc: BaseException) -> bytes:
    """Serialize as for the column ``error`` of DBOS's tables.

    The base64 around it is taken off here, and put on again in the receiver.
    """
    from dbos._serialization import DBOSDefaultSerializer, serialize_exception

    stored, _ = serialize_exception(exc, None, DBOSDefaultSerializer)
    return base64.b64decode(stored)


def _celery(exc: BaseException, serializer: str) -> bytes:
    """Encode as ``celery.app.trace`` and a result backend do when a task has failed."""
    from celery import states
    from celery.utils.serialization import get_pickleable_exception

    from pytest_portable_errors.receiver.carriers.from_celery import backend

    result_backend = backend(serializer)
    result = result_backend.encode_result(get_pickleable_exception(exc), states.FAILURE)
    encoded = result_backend.encode(
        {"status": states.FAILURE, "result": result, "traceback": None, "children": None}
    )
    return encoded if isinstance(encoded, bytes) else str(encoded).encode()


def _dask(exc: BaseException) -> bytes:
    """Pickle as a worker of dask.distributed does, with the reducers that tblib registers for it.

    They are taken away again: the tests are to run without them.
    """
    with _without_tblib_afterwards():
        import tblib.pickling_support
        from distributed.core import error_message

        tblib.pickling_support.install()
        return bytes(error_message(exc)["exception"].data)


@contextlib.contextmanager
def _without_tblib_afterwards() -> Iterator[None]:
    """Take tblib's reducers out of ``copyreg`` after the block, unless they were there before.

    Others stay (numpy's, which distributed imports): they are not dask's doing.
    """
    before = dict(copyreg.dispatch_table)
    try:
        yield
    finally:
        for cls, reducer in list(copyreg.dispatch_table.items()):
            function = getattr(reducer, "func", reducer)  # one of tblib's is a partial
            if reducer is not before.get(cls) and getattr(function, "__module__", "").startswith(
                "tblib"
            ):
                del copyreg.dispatch_table[cls]
        copyreg.dispatch_table.update(before)


def _process_pool(exc: BaseException) -> bytes:
    """Pickle as a worker process of ``concurrent.futures.ProcessPoolExecutor`` does.

    The exception keeps its traceback, which ``_ExceptionWithTraceback`` takes away.
    """
    from concurrent.futures.process import _ExceptionWithTraceback, _ResultItem
    from multiprocessing.reduction import ForkingPickler

    traceback = exc.__traceback__
    try:
        # A traceback of None is formatted as none.
        wrapped: Any = _ExceptionWithTraceback(exc, traceback)  # type: ignore[arg-type]
        return bytes(ForkingPickler.dumps(_ResultItem(0, exception=wrapped)))
    finally:
        exc.__traceback__ = traceback


CARRIERS: tuple[Serializer, ...] = (
    Carrier(
        name="docket",
        send=_docket,
        loader=PICKLE_LOADER,  # which is docket.execution.cloudpickle.loads
        of=CLOUDPICKLE,
        only_wraps=True,
        carries_values=True,
        library="docket",
        distribution="pydocket",
    ),
    Carrier(
        name="dbos",
        send=_dbos,
        loader=f"{_CLIENT_HALVES}.from_dbos:loads",
        only_wraps=True,
        carries_values=True,
        library="dbos",
        distribution="dbos",
    ),
    Carrier(
        name="celery",
        send=functools.partial(_celery, serializer="json"),
        loader=f"{_CLIENT_HALVES}.from_celery:loads_json",
        drops=("attributes", "notes", "chain", "traceback"),
        replaces=(
            "Celery stores the class's name and args: the client calls what it finds "
            "under that name, or makes up such a class"
        ),
        library="celery",
        distribution="celery",
    ),
    Carrier(
        name="celery:pickle",
        send=functools.partial(_celery, serializer="pickle"),
        loader=f"{_CLIENT_HALVES}.from_celery:loads_pickle",
        replaces=(
            "Celery sends the nearest base class that it can rebuild, or a wrapper, in "
            "place of what pickle cannot rebuild"
        ),
        wraps_fixes=True,
        library="celery",
        distribution="celery",
    ),
    Carrier(
        name="dask",
        send=_dask,
        loader=f"{_CLIENT_HALVES}.from_dask:loads",
        library="distributed",
        distribution="distributed",
    ),
    Carrier(
        name="process-pool",
        send=_process_pool,
        loader=f"{_CLIENT_HALVES}.from_process_pool:loads",
        wraps_fixes=True,
    ),
)
"""``docket``, ``dbos``, ``celery`` (JSON, as Celery does unless it is told otherwise),
``celery:pickle``, ``dask``, ``process-pool``."""
