"""What the plugin says of each error beforehand, and what ``joblib.Parallel`` then raises."""

from __future__ import annotations

from typing import Any

import joblib_errors
import pytest

from pytest_portable_errors import RoundTrip, Stage, check_round_trip


def said(exc: Exception) -> RoundTrip:
    return check_round_trip(exc, serializer="loky", receiver="with-project")


def test_before_it_says_everything_twice(given: dict[str, Any]) -> None:
    trip = said(joblib_errors.TooLargeBefore("a.png"))
    assert trip.received is not None
    twice = trip.received["exceptions"][0]["message"]["text"]
    assert given["before"] == ["TooLargeBefore", twice]
    assert twice == "too large: too large: a.png"


@pytest.mark.portable_exception(
    raises=joblib_errors.TooLarge, serializers=("loky",), receiver="with-project"
)
def test_after_it_arrives() -> None:
    joblib_errors.resize("a.png")


def test_and_says_what_it_said(given: dict[str, Any]) -> None:
    assert given["after"] == ["TooLarge", "too large: a.png"]


@pytest.mark.parametrize(
    ("exc", "stage", "then"),
    [
        (joblib_errors.Unreadable("a.png", 3), Stage.LOADS, "result() raises BrokenProcessPool"),
        (joblib_errors.Busy(), Stage.DUMPS, "result() raises TerminatedWorkerError"),
    ],
    ids=["cannot be rebuilt", "cannot be pickled"],
)
def test_what_would_break_the_pool_is_said_beforehand(
    exc: Exception, stage: Stage, then: str
) -> None:
    trip = said(exc)
    assert (trip.stage, trip.then is not None and trip.then.startswith(then)) == (stage, True)
