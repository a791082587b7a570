"""``assert_roundtrip`` and ``check_round_trip`` inside a test."""

from __future__ import annotations

from typing import Any


def test_gives_the_trip_and_fails_with_the_text(run: Any) -> None:
    result = run(
        """
def test_whole(assert_roundtrip):
    trip = assert_roundtrip(ValueError("a"))
    assert trip.arrived_whole and trip.serializer == "pickle" and trip.receiver == "without-project"

def test_excinfo(assert_roundtrip):
    with pytest.raises(Whole) as caught: raise Whole("a")
    assert_roundtrip(caught, receiver="with-project")

def test_lossy(assert_roundtrip):
    assert_roundtrip(NotFound("bob"), receiver="with-project", serializers=("pickle:2", "cloudpickle"))

def test_declared(assert_roundtrip):
    assert_roundtrip(StepFailed("fetch", 3), arrives_as=RuntimeError)

def test_checks(assert_roundtrip):
    assert_roundtrip(NotFound("bob"), receiver="with-project", checks=("type",))
"""
    )
    result.assert_outcomes(passed=4, failed=1)
    result.stdout.fnmatch_lines(
        [
            (
                "shop.errors.NotFound arrives changed: message, args      [[]pickle:2 and "
                "cloudpickle; receiver: with-project]"
            )
        ]
    )


def test_the_tests_marker_gives_the_defaults(run: Any) -> None:
    result = run(
        """
@pytest.mark.portable_exception(receiver="with-project", serializers=("cloudpickle",), at_least=0)
def test_it(assert_roundtrip):
    trip = assert_roundtrip(Whole("a"))
    assert (trip.receiver, trip.serializer) == ("with-project", "cloudpickle")
"""
    )
    result.assert_outcomes(passed=1)


def test_misuse_is_an_error_with_the_right_form(run: Any) -> None:
    result = run(
        """
def test_text(assert_roundtrip): assert_roundtrip("boom")
def test_class(assert_roundtrip): assert_roundtrip(KeyError)
def test_serializers(assert_roundtrip): assert_roundtrip(KeyError(), serializers="pickle")
def test_receiver(assert_roundtrip): assert_roundtrip(KeyError(), receiver="moon")
"""
    )
    result.assert_outcomes(failed=4)
    for message in (
        (
            "*PortableErrorsError: assert_roundtrip() got 'boom' (str): expected an exception or a "
            "pytest.ExceptionInfo"
        ),
        "*got the class KeyError: expected an instance, e.g. KeyError(...)",
        (
            "*assert_roundtrip(serializers='pickle'): expected a tuple of names or Serializers, "
            "e.g. ('pickle',)"
        ),
        (
            "*unknown receiver 'moon': expected one of without-project, stdlib, with-project, or "
            "the path of a Python interpreter"
        ),
    ):
        result.stdout.fnmatch_lines([message])


def test_check_round_trip_in_a_test_knows_pytests_project(run: Any) -> None:
    result = run(
        """
from pytest_portable_errors import check_round_trip

def test_it(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "No module named 'shop'" in str(check_round_trip(Whole("a")))
    assert check_round_trip(Whole("a"), receiver="with-project").arrived_whole
"""
    )
    result.assert_outcomes(passed=1)
