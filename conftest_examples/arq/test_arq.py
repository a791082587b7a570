"""What the plugin says of each error beforehand, and what ``Job.result()`` then raises."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import arq_errors
import pytest

from pytest_portable_errors import RoundTrip, check_round_trip

pytest.importorskip("arq")

RAISED: dict[str, Callable[[], Exception]] = {
    "send_before": lambda: arq_errors.BouncedBefore("bob@example.com", 550),
    "send": lambda: arq_errors.Bounced("bob@example.com", 550),
    "connect_before": arq_errors.BusyBefore,
    "connect": lambda: arq_errors.Busy("busy"),
}


def said(exc: Exception) -> RoundTrip:
    return check_round_trip(exc, serializer="arq", receiver="with-project")


@pytest.mark.parametrize("job", RAISED)
def test_the_plugin_says_what_the_caller_is_given(job: str, given: dict[str, Any]) -> None:
    trip = said(RAISED[job]())
    if trip.received is None:
        assert trip.error is not None
        told = [trip.error["type"], trip.error["message"]["text"]]
    else:
        exception = trip.received["exceptions"][0]
        told = [exception["type"], exception["message"]["text"]]
    assert [told[0].rpartition(".")[2], told[1]] == given[job]


def test_before_neither_arrives(given: dict[str, Any]) -> None:
    assert given["send_before"][0] == "DeserializationError"
    assert given["connect_before"][0] == "SerializationError"


@pytest.mark.portable_exception(
    raises=arq_errors.Bounced, serializers=("arq",), receiver="with-project"
)
def test_after_both_do() -> None:
    assert said(arq_errors.Busy("busy")).arrived_whole
    raise arq_errors.Bounced("bob@example.com", 550)


def test_and_the_caller_is_given_them(given: dict[str, Any]) -> None:
    assert given["send"] == ["Bounced", "bob@example.com bounced: 550"]
    assert given["connect"] == ["Busy", "busy"]
