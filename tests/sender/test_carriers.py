"""Serializers that are the carriers' own code. What the real carriers then do is shown in
``conftest_examples``."""

from __future__ import annotations

import copyreg
import importlib.util
import pickle
from typing import Any

import error_zoo as zoo
import pytest
from carriers_here import LIBRARIES, skip_without

from pytest_portable_errors import PortableErrorsError, RoundTrip, Stage, check_round_trip
from pytest_portable_errors.sender.carriers import CARRIERS, Carrier


@pytest.fixture(params=[carrier.name for carrier in CARRIERS])
def carrier(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    skip_without(name)
    return name


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


@pytest.mark.parametrize("receiver", ["stdlib", "without-project", "with-project"])
def test_what_is_plain_arrives_whole_in_every_receiver(carrier: str, receiver: str) -> None:
    trip = trip_of(ValueError("no", 7), carrier, receiver=receiver)
    assert trip.arrived_whole, str(trip)
    assert trip.serializer == carrier


def test_what_does_not_rebuild_meets_the_fate_that_the_carrier_has_for_it(carrier: str) -> None:
    trip = trip_of(zoo.PaymentError(7, "declined"), carrier)
    if carrier in ("docket", "process-pool"):
        assert (trip.stage, lost(trip)) == (Stage.LOADS, [("arrival", "exc")])
    elif carrier == "dask":
        assert trip.arrived_whole, "tblib rebuilds it without __init__"
    else:
        assert trip.received is not None
        become = {
            "dbos": "builtins.str",
            "celery": "celery.utils.serialization.UnpickleableExceptionWrapper",
            "celery:pickle": "error_zoo.PaymentError",
        }
        assert trip.received["exceptions"][0]["type"] == become[carrier]
        assert ("type", "exc") in lost(trip)


def test_a_cause_is_lost_unless_the_carrier_keeps_it(carrier: str) -> None:
    trip = trip_of(with_a_cause(), carrier)
    assert lost(trip) == ([] if carrier == "dask" else [("chain", "exc.__cause__")])


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
        cls.__name__
        for cls, reducer in copyreg.dispatch_table.items()
        if before.get(cls) is not reducer
    }
    assert added <= {"ufunc"}, (
        "numpy's, which is imported with distributed, is nobody's to take away"
    )
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
    if carrier in ("docket", "dbos", "process-pool"):
        assert trip.stage is Stage.DUMPS
        assert trip.stopped_at == "exc.client['pool'][0]"
    else:
        assert trip.received is not None, "these make something else of it"
        assert ("type", "exc") in lost(trip)


def test_dockets_loads_is_pickles() -> None:
    assert pytest.importorskip("docket.execution").cloudpickle.loads is pickle.loads


@pytest.mark.parametrize(
    "name", [carrier.name for carrier in CARRIERS if carrier.name in LIBRARIES]
)
def test_a_library_that_is_not_there_is_said_with_how_to_get_it(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = next(carrier for carrier in CARRIERS if carrier.name == name)
    assert isinstance(found, Carrier)
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: None)
    with pytest.raises(
        PortableErrorsError,
        match=f"serializer '{name}' is not installed here: pip install {found.distribution}",
    ):
        check_round_trip(ValueError(), serializer=name)


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
    assert reason[0] == "loads calls PaymentError('order 7: declined') - the class with exc.args -"


@pytest.mark.parametrize(
    "carrier", ["celery", "celery:pickle", "dbos", "dask", "process-pool"], indirect=True
)
def test_that_the_client_lacks_the_project_is_told_apart_from_a_defect(carrier: str) -> None:
    trip = trip_of(zoo.Portable("a", 3), carrier, receiver="without-project")
    assert not trip.arrived_whole
    assert trip.with_project is not None
    assert trip.with_project.arrived_whole
