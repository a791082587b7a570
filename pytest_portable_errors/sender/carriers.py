"""Serializers by the names of what carries errors in production: each calls the installed library's
own functions.

Here are the halves of the workers; the clients' are in ``receiver/carriers/``.
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

_RECEIVING = "_portable_errors_receiver.carriers"
_REQUIREMENT = re.compile(r"[A-Za-z0-9._-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Carrier:
    """What carries an error from a worker to its client."""

    name: str
    send: Callable[[Any], bytes]
    loader: str
    of: Pickle | Library = PICKLES[0]
    """What it pickles with."""
    only_wraps: bool = False
    """Whether it adds nothing to that but a wrapping, so that what repairs the one repairs the
    other."""
    carries_values: bool = False
    """Whether arguments and results take the same way: what it does with errors is then no code of
    its own."""
    replaces: str = ""
    """What it does where it gives another class on purpose."""
    library: str | None = None
    """The module that has to be installed; None for the standard library's."""
    distribution: str = ""

    @property
    def needs(self) -> tuple[str, ...]:
        return _modules_with_requirements(self.distribution) if self.distribution else ()

    def dumps(self, exc: BaseException, /) -> bytes:
        return self.send(exc)

    def ensure_installed(self) -> None:
        """Raises PortableErrorsError if its library is not there. Does not import it: dask's would
        change how everything is pickled."""
        if self.library is not None and importlib.util.find_spec(self.library) is None:
            raise PortableErrorsError(
                f"serializer {self.name!r} is not installed here: pip install {self.distribution}"
            )


def plainly(serializer: Serializer) -> Serializer:
    """What a carrier that only wraps does without its wrapping; any other serializer itself."""
    return (
        serializer.of if isinstance(serializer, Carrier) and serializer.only_wraps else serializer
    )


@functools.cache  # what is installed does not change while tests run
def _modules_with_requirements(distribution: str) -> tuple[str, ...]:
    """Importable names of a distribution and of all that it requires without extras."""
    waiting = [distribution]
    seen: set[str] = set()
    modules: set[str] = set()
    while waiting:
        name = waiting.pop()
        # required elsewhere: on another platform or Python
        with contextlib.suppress(metadata.PackageNotFoundError):
            found = metadata.distribution(name)
            modules.update(modules_of(found))
            # PEP 508: each begins with a name
            required = {
                _REQUIREMENT.match(line).group()  # type: ignore[union-attr]
                for line in found.requires or ()
                if "extra ==" not in line
            }
            waiting += required - seen
            seen |= required
    return tuple(sorted(module for module in modules if "." not in module))


def _docket(exc: BaseException) -> bytes:
    """As ``docket.Worker`` does before it encodes the bytes for its storage."""
    from docket import worker

    return worker.cloudpickle.dumps(exc)  # type: ignore[no-any-return]  # as it is annotated there


def _dbos(exc: BaseException) -> bytes:
    """As for the column ``error`` of DBOS's tables, but for the base64 around it, which the
    receiver adds."""
    from dbos._serialization import DBOSDefaultSerializer, serialize_exception

    stored, _ = serialize_exception(exc, None, DBOSDefaultSerializer)
    return base64.b64decode(stored)


def _celery(exc: BaseException, serializer: str) -> bytes:
    """As ``celery.app.trace`` and a result backend do when a task has failed."""
    from celery import states
    from celery.utils.serialization import get_pickleable_exception

    from pytest_portable_errors.receiver.carriers.from_celery import backend

    stored = backend(serializer)
    result = stored.encode_result(get_pickleable_exception(exc), states.FAILURE)
    encoded = stored.encode(
        {"status": states.FAILURE, "result": result, "traceback": None, "children": None}
    )
    return encoded if isinstance(encoded, bytes) else str(encoded).encode()


def _dask(exc: BaseException) -> bytes:
    """As a worker of dask.distributed does, with the reducers that importing it makes tblib
    register: not for the tests."""
    with _reducers_put_back():
        import tblib.pickling_support
        from distributed.core import error_message

        tblib.pickling_support.install()
        return bytes(error_message(exc)["exception"].data)


@contextlib.contextmanager
def _reducers_put_back() -> Iterator[None]:
    """Without tblib's afterwards, unless they were there before. Others (numpy's, which distributed
    imports) are anybody's, and stay."""
    before = dict(copyreg.dispatch_table)
    try:
        yield
    finally:
        for cls, reducer in list(copyreg.dispatch_table.items()):
            function = getattr(reducer, "func", reducer)  # one of them is a partial
            if reducer is not before.get(cls) and getattr(function, "__module__", "").startswith(
                "tblib"
            ):
                del copyreg.dispatch_table[cls]
        copyreg.dispatch_table.update(before)


def _process_pool(exc: BaseException) -> bytes:
    """As a worker process of ``concurrent.futures.ProcessPoolExecutor`` does."""
    from concurrent.futures.process import _ExceptionWithTraceback, _ResultItem
    from multiprocessing.reduction import ForkingPickler

    traceback = exc.__traceback__
    try:
        # None is formatted as none
        stands_for_it: Any = _ExceptionWithTraceback(exc, traceback)  # type: ignore[arg-type]
        return bytes(ForkingPickler.dumps(_ResultItem(0, exception=stands_for_it)))
    finally:
        exc.__traceback__ = traceback  # which the first of the two takes away


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
        loader=f"{_RECEIVING}.from_dbos:loads",
        only_wraps=True,
        carries_values=True,
        library="dbos",
        distribution="dbos",
    ),
    Carrier(
        name="celery",
        send=functools.partial(_celery, serializer="json"),
        loader=f"{_RECEIVING}.from_celery:loads_json",
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
        loader=f"{_RECEIVING}.from_celery:loads_pickle",
        replaces=(
            "Celery sends the nearest base class that it can rebuild, or a wrapper, in "
            "place of what pickle cannot rebuild"
        ),
        library="celery",
        distribution="celery",
    ),
    Carrier(
        name="dask",
        send=_dask,
        loader=f"{_RECEIVING}.from_dask:loads",
        library="distributed",
        distribution="distributed",
    ),
    Carrier(
        name="process-pool", send=_process_pool, loader=f"{_RECEIVING}.from_process_pool:loads"
    ),
)
"""``docket``, ``dbos``, ``celery`` (JSON, as Celery does unless it is told otherwise),
``celery:pickle``, ``dask``, ``process-pool``."""
