"""What a trip says: each defect once, bounded, the place where values part in sight."""

from __future__ import annotations

import sys
import types
from dataclasses import replace

import pytest

from pytest_portable_errors import Stage, check_round_trip
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.judging.failure_text import trips_text
from pytest_portable_errors.receiver.described import ErrorRecord
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.sender.trip import RoundTrip, first_line, trip_text


def lossy(*losses: Loss, serializer: str = "pickle", name: str = "a") -> RoundTrip:
    record = describe(ValueError(name))
    return RoundTrip(
        serializer=serializer,
        receiver="stdlib",
        stage=Stage.ARRIVED,
        sent=record,
        received=record,
        losses=losses,
    )


MESSAGE = Loss(kind="message", path="message", sent="a", received="b")
ARRIVAL = Loss(kind="arrival", path="exc", sent="a", received="nothing")


def test_one_defect_is_told_once_for_all_serializers() -> None:
    told = trip_text(
        [
            lossy(MESSAGE),
            lossy(MESSAGE, serializer="cloudpickle"),
            lossy(MESSAGE, serializer="dill"),
        ]
    )
    assert told.splitlines() == [
        "ValueError arrives changed: message      [pickle, cloudpickle and dill; receiver: stdlib]",
        "",
        "  - message   a",
        "  + message   b",
    ]


def test_two_defects_are_told_apart() -> None:
    chain = Loss(kind="chain", path="exc.__cause__", sent="KeyError", received="None")
    assert (
        trip_text([lossy(MESSAGE), lossy(chain, serializer="dill")]).count("arrives changed") == 2
    )


def test_long_values_are_cut_where_they_part() -> None:
    one, other = "x" * 5_000 + "A" + "y" * 5_000, "x" * 5_000 + "B" + "y" * 5_000
    lines = trip_text(
        [lossy(Loss(kind="message", path="message", sent=one, received=other))]
    ).splitlines()
    assert "A" in lines[2]
    assert "B" in lines[3]
    assert max(map(len, lines)) < 250


def test_many_losses_are_counted() -> None:
    many = [Loss(kind="attributes", path=f"exc.a{n}", sent="1", received="2") for n in range(50)]
    assert "  ... and 38 more losses" in trip_text([lossy(*many)])


@pytest.mark.parametrize(
    ("stage", "error", "said"),
    [
        (
            Stage.DUMPS,
            {"type": "builtins.TypeError"},
            "ValueError does not arrive: dumps raised TypeError",
        ),
        (
            Stage.LOADS,
            {"type": "shop.errors.Odd\n"},
            r"ValueError does not arrive: loads raised shop.errors.Odd\n",
        ),
        (Stage.TIMED_OUT, None, "ValueError does not arrive: it took too long"),
        (Stage.CRASHED, None, "ValueError does not arrive: it ended the receiver's process"),
    ],
)
def test_what_did_not_arrive_is_told_by_what_stopped_it(
    stage: Stage, error: ErrorRecord | None, said: str
) -> None:
    assert first_line(replace(lossy(ARRIVAL), stage=stage, received=None, error=error)) == said


def test_what_arrives_by_what_only_tests_have_is_told_so() -> None:
    assert first_line(lossy(ARRIVAL)) == "ValueError travels only in tests"


def test_variants_that_met_the_same_defect_are_named() -> None:
    told = trips_text([("required", lossy(MESSAGE)), ("by position", lossy(MESSAGE))])
    assert told.splitlines()[-1] == "  built required, by position"
    assert told.count("arrives changed") == 1


def test_a_module_whose_name_has_a_colon_is_no_set_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is looked for like any other, and no setting is blamed."""
    module = types.ModuleType("odd:name")
    exec("class E(Exception): pass", vars(module))
    monkeypatch.setitem(sys.modules, "odd:name", module)
    trip = check_round_trip(module.E("a"), receiver="with-project")
    assert trip.stage is Stage.LOADS
    assert "odd:name" in str(trip)
