"""A carrier is asked for by its name, and is used only if it is what is known."""

from __future__ import annotations

import asyncio
import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
from carriers_here import CARRIERS, carrier_of, skip_without

from pytest_portable_errors import PortableErrorsError, Stage, check_round_trip
from pytest_portable_errors.receiver.carriers.library import Moved, find, installed
from pytest_portable_errors.receiver.carriers.place_of_loky import place
from pytest_portable_errors.sender.carriers import carrier as module
from pytest_portable_errors.sender.carriers.carrier import NeverSent
from pytest_portable_errors.sender.registry import Serializers

DECIDING = {
    "docket": ("docket.worker", "cloudpickle"),
    "dbos": ("dbos._serialization", "serialize_exception"),
    "dbos:result": ("dbos._serialization", "serialize_exception"),
    "celery": ("celery.utils.serialization", "get_pickleable_exception"),
    "celery:imported": ("celery.utils.serialization", "get_pickleable_exception"),
    "celery:pickle": ("celery.utils.serialization", "get_pickleable_exception"),
    "dask": ("distributed.core", "error_message"),
    "dask-processes": ("dask.multiprocessing", "pack_exception"),
    "process-pool": ("concurrent.futures.process", "_ExceptionWithTraceback"),
    "multiprocessing": ("multiprocessing.pool", "ExceptionWithTraceback"),
    "interpreter-pool": ("concurrent.futures.interpreter", "do_call"),
    "multiprocess": ("multiprocess.pool", "ExceptionWithTraceback"),
    "loky": ("loky.process_executor", "_ExceptionWithTraceback"),
    "trio-parallel": ("_trio_parallel_workers", "safe_dumps"),
    "mpire": ("mpire.worker", "AbstractWorker"),
    "parsl": ("parsl.app.errors", "RemoteExceptionWrapper"),
    "lithops": ("lithops.worker.jobrunner", "JobRunner"),
    "torch-dataloader": ("torch._utils", "ExceptionWrapper"),
    "ray": ("ray.exceptions", "RayTaskError"),
    "prefect": ("prefect.serializers", "PickleSerializer"),
    "prefect:json": ("prefect.serializers", "JSONSerializer"),
    "arq": ("arq.jobs", "serialize_result"),
    "taskiq": ("taskiq.serialization", "prepare_exception"),
    "taskiq:imported": ("taskiq.serialization", "prepare_exception"),
    "temporal": ("temporalio.converter", "DataConverter"),
    "apscheduler": ("apscheduler", "JobResult"),
    "apscheduler:json": ("apscheduler", "JobResult"),
    "rpyc": ("rpyc.core.vinegar", "dump"),
    "pyro5": ("Pyro5.server", "Daemon"),
}
"""What brings the errors of each: a module, and what is in it."""


@pytest.fixture(autouse=True)
def found_anew() -> Any:
    """A carrier finds its functions once in a process; here for each test."""
    module._opened.cache_clear()
    yield
    module._opened.cache_clear()


def test_of_each_it_is_known_what_decides() -> None:
    assert {row.name for row in CARRIERS} == DECIDING.keys()


@pytest.mark.parametrize("name", DECIDING)
def test_where_that_has_moved_nothing_is_judged(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    skip_without(name)
    holder, function = DECIDING[name]
    brought = carrier_of(name).distribution
    if name == "loky":
        brought, package = place()  # it may be joblib's copy
        holder = f"{package}.process_executor"
    Serializers().find(name)  # the control: it is there
    module._opened.cache_clear()
    monkeypatch.delattr(importlib.import_module(holder), function)
    with pytest.raises(PortableErrorsError) as caught:
        check_round_trip(KeyError("k"), serializer=name)
    assert str(caught.value) == (
        f"serializer {name!r}: {installed(brought)} has no "
        f"{moved(str(caught.value))}, which carries errors in the versions that are known"
    )
    assert function in str(caught.value)


def moved(text: str) -> str:
    return text.partition(" has no ")[2].partition(",")[0]


def test_one_whose_library_fails_for_a_plain_error_is_not_used(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def broken(*_: object) -> None:
        raise AttributeError("no such thing here")

    monkeypatch.setattr("multiprocessing.reduction.ForkingPickler.dumps", broken)
    with pytest.raises(
        PortableErrorsError,
        match=r"serializer 'process-pool': CPython 3\.\S+ fails to carry a plain ValueError "
        r"\(AttributeError: no such thing here\); it is none of the versions that are known",
    ):
        Serializers().find("process-pool")


def test_one_that_needs_a_newer_python_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 13, 9))
    with pytest.raises(
        PortableErrorsError, match=r"serializer 'interpreter-pool' needs Python 3\.14 or newer$"
    ):
        Serializers().find("interpreter-pool")


def test_nor_is_one_whose_client_fails_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: bytes) -> None:
        raise NameError("name 'rebuild' is not defined")

    monkeypatch.setattr("pytest_portable_errors.receiver.carriers.from_process_pools.loads", broken)
    with pytest.raises(PortableErrorsError, match=r"\(NameError: name 'rebuild' is not defined\)"):
        Serializers().find("process-pool")


@pytest.mark.parametrize("row", [row for row in CARRIERS if row.library], ids=lambda row: row.name)
def test_one_that_is_not_there_is_said_with_how_to_get_it(
    row: module.Carrier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(
        PortableErrorsError,
        match=f"serializer '{row.name}' is not installed here: pip install {row.distribution}",
    ):
        check_round_trip(ValueError(), serializer=row.name)


@pytest.mark.parametrize(
    "exc", [SystemExit(3), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()], ids=repr
)
def test_what_the_worker_does_not_catch_is_never_sent(exc: BaseException) -> None:
    with pytest.raises(NeverSent):
        carrier_of("multiprocessing").dumps(exc)
    trip = check_round_trip(exc, serializer="multiprocessing", receiver="stdlib")
    name = type(exc).__name__
    assert (trip.stage, trip.error) == (Stage.DUMPS, None)
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "ends-a-process"
    assert str(trip).splitlines()[0].startswith(f"{trip.type_name.removeprefix('builtins.')} does ")
    assert f"received  nothing. {name} is not caught where multiprocessing sends" in str(trip)
    assert "\n  then  the worker process ends, and the caller waits for ever (CPython 3.11-" in (
        str(trip)
    )


@pytest.mark.parametrize("exc", [SystemExit(3), KeyboardInterrupt()], ids=repr)
def test_what_arrives_and_ends_the_client_is_not_whole(exc: BaseException) -> None:
    trip = check_round_trip(exc, serializer="process-pool", receiver="stdlib")
    assert (trip.stage, trip.arrived_whole) == (Stage.ARRIVED, False)
    assert [(loss.kind, loss.received) for loss in trip.losses] == [
        ("arrival", "whole, and it ends the process that raises it")
    ]
    assert str(trip).startswith(f"{type(exc).__name__} ends the process that raises it")
    assert check_round_trip(exc, serializer="pickle", receiver="stdlib").arrived_whole, (
        "nobody knows who reads what is pickled plainly"
    )


def test_a_carrier_that_writes_into_the_error_leaves_it_as_it_was() -> None:
    skip_without("pyro5")
    error = ValueError("v")
    check_round_trip(error, serializer="pyro5", receiver="stdlib")
    assert vars(error) == {}


def test_a_function_is_found_by_its_path() -> None:
    assert (
        find("", "json", "JSONDecoder.decode") is importlib.import_module("json").JSONDecoder.decode
    )
    with pytest.raises(Moved, match=r"pytest 7|pytest 8|pytest 9") as caught:
        find("pytest", "pytest", "no.such_thing")
    assert "has no pytest.no.such_thing, which carries errors" in str(caught.value)
    with pytest.raises(Moved, match="shop-queue has no shop_queue.send"):
        find("shop-queue", "shop_queue", "send")


def test_what_the_client_calls_is_found_before_anything_is_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module of another package's, whose half finds nothing in the receiver."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "moved_queue.py").write_text(
        "from _portable_errors_receiver.carriers.library import find\n\n"
        "loads = find('pytest', 'pytest', 'no_such_function')\n"
    )

    class Queue:
        name, loader, needs = "moved", "moved_queue:loads", ("moved_queue",)

        def dumps(self, exc: BaseException) -> bytes:
            return b"sent"

    with pytest.raises(PortableErrorsError) as caught:
        check_round_trip(KeyError("k"), serializer=Queue(), receiver="with-project")
    assert str(caught.value) == (
        f"serializer 'moved', in receiver 'with-project': {installed('pytest')} has no "
        "pytest.no_such_function, which carries errors in the versions that are known"
    )
