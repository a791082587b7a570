"""What each carrier makes of an error, by its library's own functions. ``nox -s carriers`` compares
that with real workers and real callers; ``conftest_examples`` shows some of them."""

from __future__ import annotations

import copyreg
import os
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest
from carriers_here import CARRIERS, skip_without

from pytest_portable_errors import RoundTrip, Stage, check_round_trip
from pytest_portable_errors.sender.carriers.tblib_reducers import as_in_a_worker
from pytest_portable_errors.sender.distributions import modules_with_requirements
from pytest_portable_errors.survey.carriers import outcome
from pytest_portable_errors.survey.probes import PROBES

WHOLE, CHAIN = "whole", "changed: chain"
TWICE = "changed: message, args"
TYPE_ERROR = "loads: TypeError"
PICKLED = {
    "plain class": WHOLE,
    "attribute, note and cause": CHAIN,
    "two arguments": TYPE_ERROR,
    "message made anew": TWICE,
    "holds a lock": "dumps: TypeError",
    "holds such an error": TYPE_ERROR,
    "own __setstate__": WHOLE,
    "class in a function": "as pytest_portable_errors.survey.probes.Local",
    "SystemExit": "not sent",
    "KeyboardInterrupt": "not sent",
    "CancelledError": "not sent",
}
"""What plain pickle makes of the probes, in a worker that catches ``Exception``."""
LOCAL_REFUSED = "_pickle.PicklingError" if sys.version_info >= (3, 14) else "AttributeError"
NO_LOCAL = {"class in a function": f"dumps: {LOCAL_REFUSED}"}
ENDS_CLIENT = {
    "SystemExit": "ends a process",
    "KeyboardInterrupt": "ends a process",
    "CancelledError": WHOLE,
}
CELERY = "celery.utils.serialization.UnpickleableExceptionWrapper"
EXPECTED: dict[str, dict[str, str]] = {
    "docket": PICKLED,
    "dbos": {
        **PICKLED,
        **NO_LOCAL,
        "two arguments": "as builtins.str",
        "holds such an error": "as builtins.str",
    },
    "dbos:result": {**PICKLED, **NO_LOCAL},
    "celery": {
        "plain class": "as celery.exceptions.Plain",
        "attribute, note and cause": "changed: attributes, notes, chain",
        "two arguments": f"as {CELERY}",
        "message made anew": "as celery.exceptions.Doubles",
        "holds a lock": f"as {CELERY}",
        "class in a function": f"as {CELERY}",
        "SystemExit": "not sent",
        "KeyboardInterrupt": "not sent",
    },
    "celery:imported": {
        "plain class": WHOLE,
        "two arguments": f"as {CELERY}",
        "message made anew": "changed: message, args, attributes",
        "SystemExit": "not sent",
    },
    "celery:pickle": {
        "plain class": WHOLE,
        "attribute, note and cause": CHAIN,
        "message made anew": TWICE,
        "two arguments": "as pytest_portable_errors.survey.probes.NeedsTwo",
        "SystemExit": "not sent",
    },
    "dask": {
        "plain class": WHOLE,
        "attribute, note and cause": WHOLE,
        "two arguments": WHOLE,
        "message made anew": WHOLE,
        "holds a lock": "as builtins.Exception",
        "holds such an error": "as builtins.Exception",
        "UnicodeDecodeError": "changed: message, attributes",
        "SystemExit": "not sent",
        "KeyboardInterrupt": "not sent",
    },
    "dask-processes": {
        "plain class": WHOLE,
        "attribute, note and cause": WHOLE,
        "two arguments": TYPE_ERROR,
        "message made anew": TWICE,
        "holds a lock": "dumps: TypeError",
        "SystemExit": "changed: attributes",
    },
    "process-pool": {**PICKLED, **NO_LOCAL, **ENDS_CLIENT},
    "multiprocessing": {
        **PICKLED,
        "holds a lock": "as multiprocessing.pool.MaybeEncodingError",
        "class in a function": "as multiprocessing.pool.MaybeEncodingError",
    },
    "interpreter-pool": {**PICKLED, **NO_LOCAL, **ENDS_CLIENT},
    "multiprocess": {
        **PICKLED,
        "holds a lock": WHOLE,
        "class in a function": "as pytest_portable_errors.survey.probes._local.<locals>.Local",
    },
    "loky": {**PICKLED, **ENDS_CLIENT},
    "trio-parallel": {
        "two arguments": WHOLE,
        "message made anew": WHOLE,
        "attribute, note and cause": WHOLE,
        "holds a lock": "as builtins.TypeError",
        "SystemExit": "changed: attributes",
        "KeyboardInterrupt": "ends a process",
    },
    "mpire": {
        "two arguments": WHOLE,
        "message made anew": WHOLE,
        "attribute, note and cause": CHAIN,
        "UnicodeDecodeError": "changed: message, attributes",
        "SystemExit": "changed: attributes",
        "KeyboardInterrupt": "not sent",
    },
    "parsl": {
        "two arguments": TYPE_ERROR,
        "message made anew": TWICE,
        "holds a lock": WHOLE,
        "attribute, note and cause": WHOLE,
        "SystemExit": "not sent",
    },
    "lithops": {
        "two arguments": "as builtins.Exception",
        "message made anew": TWICE,
        "holds a lock": "as builtins.Exception",
        "attribute, note and cause": WHOLE,
        "SystemExit": "ends a process",
    },
    "torch-dataloader": {
        "two arguments": "as builtins.RuntimeError",
        "SystemExit": "not sent",
    },
    "ray": {
        **PICKLED,
        "two arguments": "as ray.exceptions.UnserializableException",
        "holds such an error": "as ray.exceptions.UnserializableException",
        "holds a lock": "as ray.exceptions.RayError",
        "CancelledError": WHOLE,
    },
    "prefect": {
        "two arguments": TYPE_ERROR,
        "message made anew": TWICE,
        "holds a lock": "dumps: TypeError",
        "attribute, note and cause": CHAIN,
    },
    "prefect:json": {
        "two arguments": TYPE_ERROR,
        "message made anew": "changed: message, args, attributes",
        "attribute, note and cause": "changed: attributes, notes, chain",
        "class in a function": "loads: ValueError",
    },
    "arq": {
        **PICKLED,
        "two arguments": "loads: arq.jobs.DeserializationError",
        "holds such an error": "loads: arq.jobs.DeserializationError",
        "holds a lock": "as arq.jobs.SerializationError",
        "class in a function": "as arq.jobs.SerializationError",
    },
    "taskiq": {
        "plain class": "as taskiq.exceptions.Plain",
        "two arguments": "as taskiq.exceptions.NeedsTwo",
        "message made anew": "as taskiq.exceptions.Doubles",
        "attribute, note and cause": "changed: attributes, notes",
    },
    "taskiq:imported": {
        "plain class": WHOLE,
        "two arguments": "as builtins.Exception",
        "message made anew": "changed: message, args, attributes",
        "attribute, note and cause": "changed: attributes, notes",
    },
    "temporal": dict.fromkeys(PICKLED, "as temporalio.exceptions.ApplicationError"),
    "apscheduler": {
        "plain class": WHOLE,
        "two arguments": "loads: apscheduler.DeserializationError",
        "message made anew": TWICE,
        "holds a lock": "dumps: apscheduler.SerializationError",
    },
    "apscheduler:json": {
        "two arguments": TWICE,
        "attribute, note and cause": "changed: message, args, chain",
        "holds a lock": "loads: apscheduler.DeserializationError",
    },
    "rpyc": {"group": TYPE_ERROR, "KeyboardInterrupt": "not sent"},
    "pyro5": {
        "plain class": "loads: Pyro5.errors.SerializeError",
        "attribute, note and cause": CHAIN,
        "holds a lock": "as Pyro5.errors.PyroError",
        "SystemExit": "not sent",
    },
}
"""Read off real ones. What an installed library does otherwise, ``nox -s carriers`` says."""


@pytest.fixture(params=[row.name for row in CARRIERS])
def carrier(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_without(name)
    return name


def test_of_each_it_is_known_what_it_does() -> None:
    assert {row.name for row in CARRIERS} == EXPECTED.keys()


@pytest.mark.parametrize(
    ("name", "probe"), [(name, probe) for name in EXPECTED for probe in EXPECTED[name]]
)
def test_what_becomes_of_each_probe(name: str, probe: str) -> None:
    skip_without(name)
    trip = trip_of(PROBES[probe](), name)
    assert outcome(trip) == EXPECTED[name][probe], str(trip)


def test_taskiqs_and_celerys_errors_are_the_class_where_it_is_imported(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The receiver has not imported it: what a test has imported does not count."""
    skip_without("celery")
    assert outcome(trip_of(zoo.Portable("a", 3), "celery")) == "as celery.exceptions.Portable"
    imported = trip_of(zoo.Portable("a", 3), "celery:imported")
    assert imported.received is not None
    assert imported.received["exceptions"][0]["type"] == "error_zoo.Portable"


def trip_of(exc: BaseException, carrier: str, **settings: Any) -> RoundTrip:
    return check_round_trip(exc, serializer=carrier, **{"receiver": "with-project", **settings})


def with_a_cause() -> BaseException:
    try:
        try:
            raise KeyError("bob")
        except KeyError as missing:
            raise zoo.Portable("a", 3) from missing
    except zoo.Portable as error:
        return error


def lost(trip: RoundTrip) -> list[tuple[str, str]]:
    return [(loss.kind, loss.path) for loss in trip.losses]


CLASS_MADE_UP = ("rpyc", "temporal")  # of every error


@pytest.mark.parametrize("receiver", ["stdlib", "without-project", "with-project"])
def test_what_is_plain_arrives_whole_in_every_receiver(carrier: str, receiver: str) -> None:
    trip = trip_of(ValueError("no"), carrier, receiver=receiver)
    assert trip.stage is Stage.ARRIVED, str(trip)
    assert trip.serializer == carrier
    if carrier not in (*CLASS_MADE_UP, "torch-dataloader", "apscheduler:json"):
        assert trip.arrived_whole, str(trip)


@pytest.mark.parametrize("carrier", ["process-pool", "celery:pickle"], indirect=True)
@pytest.mark.parametrize("exc", [zoo.PaymentError(7, "m"), zoo.NotFound("bob"), zoo.HoldsLock("a")])
def test_fixes_for_a_carrier_that_pickles_are_those_of_pickle(
    carrier: str, exc: BaseException
) -> None:
    of_carrier = check_round_trip(exc, serializer=carrier, receiver="with-project")
    of_pickle = check_round_trip(exc, receiver="with-project")
    assert of_carrier.diagnosis is not None
    assert of_pickle.diagnosis is not None
    assert [fix.code for fix in of_carrier.diagnosis.fixes] == [
        fix.code for fix in of_pickle.diagnosis.fixes
    ]
    assert of_carrier.diagnosis.fixes


@pytest.mark.parametrize("carrier", ["dbos", "docket"], indirect=True)
def test_a_carrier_that_only_wraps_has_the_reasons_and_the_fixes_of_what_it_wraps(
    carrier: str,
) -> None:
    trip = trip_of(zoo.PaymentError(7, "declined"), carrier)
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "init-does-not-fit-args"
    assert [fix.arrives_whole for fix in trip.diagnosis.fixes] == [True]


@pytest.mark.parametrize("carrier", ["dask"], indirect=True)
def test_asking_for_dask_leaves_the_tests_own_pickling_as_it_was(carrier: str) -> None:
    before = dict(copyreg.dispatch_table)
    assert trip_of(zoo.NoParameters(), carrier).arrived_whole
    added = {
        getattr(getattr(reducer, "func", reducer), "__module__", "").partition(".")[0]
        for cls, reducer in copyreg.dispatch_table.items()
        if before.get(cls) is not reducer
    }
    assert "tblib" not in added, "numpy's and dask's, which are imported, are nobody's to take away"
    assert before.items() <= copyreg.dispatch_table.items()
    assert not trip_of(zoo.NoParameters(), "pickle").arrived_whole


def test_the_pool_leaves_the_traceback_where_it_was() -> None:
    error = with_a_cause()
    traceback = error.__traceback__
    assert traceback is not None
    trip_of(error, "process-pool")
    assert error.__traceback__ is traceback


def test_a_value_that_cannot_be_pickled_is_named(carrier: str) -> None:
    trip = trip_of(zoo.HoldsLock("m"), carrier)
    if carrier == "apscheduler":
        assert trip.stage is Stage.DUMPS, "its SerializationError says no more"
    elif trip.stage is Stage.DUMPS:
        assert trip.stopped_at == "exc.client['pool'][0]"
    elif carrier == "torch-dataloader":
        assert ("message", "message") in lost(trip), "it sends text alone"
    elif trip.received is not None and not trip.arrived_whole:
        assert ("type", "exc") in lost(trip), "these make something else of it"
    else:
        assert carrier in (
            "apscheduler:json",
            "multiprocess",
            "parsl",
            "prefect:json",
            "taskiq:imported",
            "pyro5",
        )


def test_dockets_loads_is_pickles() -> None:
    assert pytest.importorskip("docket.execution").cloudpickle.loads is pickle.loads


@pytest.mark.parametrize("carrier", ["celery:pickle"], indirect=True)
def test_what_the_client_lacks_is_told_although_celery_wraps_the_error(carrier: str) -> None:
    trip = trip_of(zoo.Portable("a", 3), carrier, receiver="without-project")
    assert (trip.stage, trip.diagnosis and trip.diagnosis.cause) == (
        Stage.LOADS,
        "value-cannot-be-loaded",
    )
    assert "the receiver has no module 'error_zoo'" in str(trip)
    assert trip.with_project is not None
    assert trip.with_project.arrived_whole


@pytest.mark.parametrize("carrier", ["dbos", "pickle"])
def test_a_fix_makes_of_it_what_is_declared(carrier: str) -> None:
    skip_without(carrier)
    trip = trip_of(zoo.PaymentError(7, "declined"), carrier, arrives_as=RuntimeError)
    assert trip.diagnosis is not None
    assert [(fix.title, fix.arrives_whole) for fix in trip.diagnosis.fixes] == [
        ("let error_zoo.PaymentError arrive as RuntimeError, as is declared", True)
    ]
    assert "return RuntimeError, (str(self),)" in trip.diagnosis.fixes[0].code


@pytest.mark.parametrize("carrier", ["celery", "celery:pickle"], indirect=True)
def test_what_celery_puts_in_its_place_is_told_with_the_reason(carrier: str) -> None:
    trip = trip_of(zoo.PaymentError(7, "declined"), carrier)
    assert trip.diagnosis is not None
    assert trip.diagnosis.cause == "replaced-by-carrier"
    first, *reason = trip.diagnosis.why.splitlines()
    assert first.startswith("Celery s")
    assert "loads calls PaymentError('order 7: declined') - the class with exc.args -" in reason


@pytest.mark.parametrize(
    "carrier", ["celery:imported", "celery:pickle", "dbos", "dask", "process-pool"], indirect=True
)
def test_that_the_client_lacks_the_project_is_told_apart_from_a_defect(carrier: str) -> None:
    trip = trip_of(zoo.Portable("a", 3), carrier, receiver="without-project")
    assert not trip.arrived_whole
    assert trip.with_project is not None
    assert trip.with_project.arrived_whole


class TestTheOtherCase:
    """Where a carrier decides by what happened before, the row says which case is taken."""

    def test_a_dask_worker_that_has_raised_a_class_keeps_it_inside_others(self) -> None:
        """The row is a worker that has not."""
        skip_without("dask")
        assert outcome(trip_of(PROBES["holds such an error"](), "dask")) == "as builtins.Exception"
        modules = modules_with_requirements("distributed")
        with as_in_a_worker(modules):
            from distributed.core import clean_exception, error_message

            error_message(PROBES["two arguments"]())
            payload = bytes(error_message(PROBES["holds such an error"]())["exception"].data)
        error = clean_exception(payload)[1]
        assert type(error).__name__ == "Plain"

    def test_dasks_processes_without_tblib_make_up_a_class(self, tmp_path: Path) -> None:
        """The row is one that has tblib, and imports the errors after dask."""
        skip_without("dask-processes")
        (tmp_path / "tblib.py").write_text("raise ImportError('not for this test')\n")
        (tmp_path / "shop.py").write_text("class Plain(Exception):\n    pass\n")
        code = (
            "import shop; from pytest_portable_errors import check_round_trip\n"
            "trip = check_round_trip(shop.Plain('a'), serializer='dask-processes', "
            "receiver='with-project')\n"
            "print(trip.received['exceptions'][0]['type'])"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(tmp_path)},
            capture_output=True,
            text=True,
        )
        assert done.stdout == "dask.multiprocessing.Plain\n", done.stderr


@pytest.mark.parametrize("carrier", ["dask", "trio-parallel", "ray", "loky"], indirect=True)
def test_a_class_that_is_sent_by_value_is_nothing_that_the_carrier_puts_in_its_place(
    carrier: str,
) -> None:
    trip = trip_of(PROBES["class in a function"](), carrier)
    assert trip.then is None
    assert trip.diagnosis is None or trip.diagnosis.cause != "replaced-by-carrier"


def test_what_an_extra_brings_is_needed_where_a_requirement_asks_for_it() -> None:
    """DBOS requires ``psycopg[binary]``, and nothing else asks for psycopg's other extras."""
    skip_without("dbos")
    modules = modules_with_requirements("dbos")
    assert {"psycopg", "psycopg_binary", "yaml", "click"} <= set(modules)
    assert "psycopg_pool" not in modules
    assert "pytest" not in modules
