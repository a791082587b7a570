"""What the plugin says of each error beforehand, and what ``wait_result()`` then gives."""

from __future__ import annotations

from typing import Any

import pytest
import taskiq_errors

from pytest_portable_errors import RoundTrip, check_round_trip

pytest.importorskip("taskiq_redis")


def said(exc: Exception, serializer: str) -> str:
    trip: RoundTrip = check_round_trip(exc, serializer=serializer, receiver="with-project")
    assert trip.received is not None
    return trip.received["exceptions"][0]["type"]


def test_before_the_caller_is_given_a_plain_exception(given: dict[str, Any]) -> None:
    before = taskiq_errors.BouncedBefore("bob@example.com", 550)
    assert said(before, "taskiq:imported") == "builtins.Exception"
    assert given["send_before"] == ["builtins.Exception", None]


@pytest.mark.portable_exception(
    raises=taskiq_errors.Bounced, serializers=("taskiq:imported",), receiver="with-project"
)
def test_after_it_arrives() -> None:
    raise taskiq_errors.Bounced("bob@example.com", 550)


def test_and_the_caller_has_the_code(given: dict[str, Any]) -> None:
    assert given["send"] == ["taskiq_errors.Bounced", 550]


def test_but_not_one_that_has_not_imported_it() -> None:
    after = taskiq_errors.Bounced("bob@example.com", 550)
    assert said(after, "taskiq") == "taskiq.exceptions.Bounced", "which taskiq makes up"
