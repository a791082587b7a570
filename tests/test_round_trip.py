"""The whole pending, with real receivers."""

from __future__ import annotations

import copyreg
import pickle
import subprocess
import sys
import zipfile
from typing import Any, cast

import error_zoo as zoo
import pytest

from pytest_portable_errors import DEFAULT_CHECKS, PortableErrorsError, Stage, check_round_trip


def trip_of(exc: BaseException, **settings: Any) -> Any:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def lost(trip: Any) -> set[tuple[str, str]]:
    return {(loss.kind, loss.path) for loss in trip.losses}


@pytest.mark.parametrize(
    "serializer", ["pickle", *(f"pickle:{n}" for n in range(6)), "cloudpickle", "dill"]
)
def test_what_is_portable_arrives_whole_under_every_serializer(serializer: str) -> None:
    trip = trip_of(zoo.Portable("a", 3), serializer=serializer)
    assert trip.arrived_whole
    assert trip.stage is Stage.ARRIVED
    assert trip.sent == trip.received


@pytest.mark.parametrize(
    ("exc", "cause"),
    [
        (zoo.PaymentError(7, "declined"), "init-does-not-fit-args"),
        (zoo.KeywordOnly("m", request="r"), "init-does-not-fit-args"),
        (zoo.NoParameters(), "init-takes-no-arguments"),
        (zoo.Picky(4), "init-rejects-args"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_what_cannot_be_rebuilt_stops_at_loads(exc: BaseException, cause: str) -> None:
    trip = trip_of(exc)
    assert trip.stage is Stage.LOADS
    assert lost(trip) == {("arrival", "exc")}
    assert trip.diagnosis.cause == cause
    assert trip.received is None


def test_the_text_names_the_call_the_signature_and_the_place() -> None:
    text = str(trip_of(zoo.PaymentError(7, "declined")))
    assert text.splitlines()[0] == (
        "error_zoo.PaymentError does not arrive: loads raised TypeError      [pickle; "
        "receiver: with-project]"
    )
    assert (
        "  sent      error_zoo.PaymentError: order 7: declined        order_id=7 reason='declined'"
        in text
    )
    assert (
        "  received  nothing. TypeError: PaymentError.__init__() missing 1 required positional "
        "argument: 'reason'"
    ) in text
    assert (
        "  why   loads calls PaymentError('order 7: declined') - the class with exc.args -" in text
    )
    assert "but __init__ takes (order_id, reason)    tests/error_zoo.py:" in text


def test_a_message_that_is_built_twice() -> None:
    trip = trip_of(zoo.NotFound("bob"))
    assert lost(trip) == {("message", "message"), ("args", "exc.args[0]")}
    assert trip.diagnosis.cause == "init-rewrites-message"
    assert "  - message       not found: bob\n  + message       not found: not found: bob" in str(
        trip
    )


def test_a_value_that_cannot_be_pickled_is_named_by_its_path() -> None:
    for serializer in ("pickle", "cloudpickle"):
        trip = trip_of(zoo.HoldsLock("m"), serializer=serializer)
        assert trip.stage is Stage.DUMPS
        assert trip.diagnosis.cause == "value-cannot-be-pickled"
        assert trip.diagnosis.why == "exc.client['pool'][0] (_thread.lock) cannot be pickled"


def test_a_reduce_that_drops_state_and_notes() -> None:
    exc = zoo.DropsState("m")
    exc.code = 3  # type: ignore[attr-defined]  # set from outside, as httpx does
    exc.__notes__ = ["a note"]
    trip = trip_of(exc)
    assert lost(trip) == {("attributes", "exc.code"), ("notes", "exc.__notes__")}
    assert trip.diagnosis.cause == "reduce-drops-state"


def test_a_reduce_that_changes_the_exception_itself() -> None:
    exc = zoo.DropsFromItself("m")
    assert lost(trip_of(exc)) == {("attributes", "exc.connection")}
    assert vars(exc) == {"connection": "alive"}, "a test goes on with the exception as it was"
    pickle.dumps(exc)
    assert "connection" not in vars(exc), "the control: pickling changes it"


def test_no_fix_is_claimed_that_reads_the_exception_after_its_reduce_has_changed_it() -> None:
    trip = trip_of(zoo.DropsFromItself("m"))
    assert trip.diagnosis is not None
    for fix in trip.diagnosis.fixes:
        assert "__reduce__()" not in fix.code or not fix.arrives_whole, fix.code


def test_slots_are_compared() -> None:
    exc = zoo.Slotted("m")
    exc.code = 3
    assert lost(trip_of(exc)) == {("attributes", "exc.code")}
    kept = zoo.KeepsSlot("m")
    kept.code = 3
    assert trip_of(kept).arrived_whole


@pytest.mark.parametrize(
    "exc",
    [
        FileNotFoundError(2, "no such file", "a.txt"),
        UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid"),
        SyntaxError("bad", ("a.py", 1, 2, "x =")),
        ImportError("m", name="n", path="p"),
        StopIteration(3),
        SystemExit(4),
        KeyError("k"),
        ValueError(float("nan"), 1, True, {"a": {1, 2, 3}}, b"x", None),
    ],
    ids=lambda exc: type(exc).__name__,
)
def test_built_in_exceptions_arrive_whole(exc: BaseException) -> None:
    assert trip_of(exc, receiver="stdlib").arrived_whole


def test_a_built_by_keyword_error_fails_where_the_same_by_position_does_not() -> None:
    assert trip_of(subprocess.CalledProcessError(1, "x"), receiver="stdlib").arrived_whole
    trip = trip_of(subprocess.CalledProcessError(returncode=1, cmd="x"), receiver="stdlib")
    assert trip.diagnosis.cause == "init-does-not-fit-args"


@pytest.mark.skipif(sys.version_info < (3, 11), reason="ExceptionGroup is 3.11")
def test_a_member_of_a_group_that_loses_something() -> None:
    # a built-in since 3.11
    group = ExceptionGroup("g", [ValueError(1), zoo.NotFound("bob")])  # noqa: F821  # a built-in since 3.11
    trip = trip_of(group)
    assert {kind for kind, _ in lost(trip)} == {"members"}
    assert ("members", "exc.exceptions[1] message") in lost(trip)


class TestChain:
    def test_a_cause_is_dropped(self) -> None:
        trip = trip_of(zoo.chained(zoo.Portable("a"), cause=KeyError("bob")))
        assert lost(trip) == {("chain", "exc.__cause__")}
        assert trip.diagnosis.cause == "chain-dropped"
        assert "  - exc.__cause__   KeyError: 'bob'\n  + exc.__cause__   None" in str(trip)

    def test_a_context_that_would_be_printed_is_dropped(self) -> None:
        assert lost(trip_of(zoo.chained(zoo.Portable("a"), context=KeyError("bob")))) == {
            ("chain", "exc.__context__")
        }

    def test_from_none_prints_the_same_after_the_trip(self) -> None:
        exc = zoo.chained(zoo.Portable("a"), context=KeyError("bob"))
        exc.__suppress_context__ = True
        assert trip_of(exc).arrived_whole

    def test_it_is_not_compared_when_not_asked_for(self) -> None:
        checks = tuple(check for check in DEFAULT_CHECKS if check != "chain")
        assert trip_of(
            zoo.chained(zoo.Portable("a"), cause=KeyError("bob")), checks=checks
        ).arrived_whole


class TestDeclaredChangeOfType:
    def test_is_a_loss_unless_declared(self) -> None:
        assert ("type", "exc") in lost(trip_of(zoo.BecomesRuntimeError("fetch", 3)))

    @pytest.mark.parametrize("declared", [RuntimeError, "builtins.RuntimeError", "RuntimeError"])
    def test_arrives_as_it_says(self, declared: Any) -> None:
        trip = trip_of(
            zoo.BecomesRuntimeError("fetch", 3), arrives_as=declared, receiver="without-project"
        )
        assert trip.arrived_whole
        assert {loss.path for loss in trip.declared_lost} == {
            "exc.args",
            "exc.code",
            "exc.step",
        } or trip.declared_lost
        assert "declared lost: " in str(trip)

    def test_arriving_unchanged_is_a_loss_too(self) -> None:
        assert ("type", "exc") in lost(trip_of(zoo.Portable("a"), arrives_as=RuntimeError))


class TestReceiverWithoutTheProject:
    def test_it_has_no_module_of_the_project(self) -> None:
        trip = check_round_trip(zoo.Portable("a"))
        assert trip.stage is Stage.LOADS
        assert trip.error is not None
        assert trip.error["message"]["text"] == "No module named 'error_zoo'"
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "class-not-importable"
        assert "arrives only where the project is installed" in str(trip)

    def test_a_class_that_is_broken_everywhere_is_told_apart(self) -> None:
        trip = check_round_trip(zoo.PaymentError(7, "declined"))
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "init-does-not-fit-args"
        assert "broken everywhere" in str(trip)

    def test_a_reconstructor_that_it_lacks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, zipfile.BadZipFile, zoo.reduce_by_rebuilding)
        trip = check_round_trip(zipfile.BadZipFile("a"))
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "reconstructor-not-importable"
        assert "error_zoo.rebuild_elsewhere()" in str(trip)

    def test_a_class_of_a_test_arrives_nowhere(self) -> None:
        trip = trip_of(DefinedInATest("a"))
        assert "it is defined in a test module, which no receiver has" in str(trip)

    def test_cloudpickle_sends_a_local_class_by_value_and_that_is_a_loss(self) -> None:
        class Local(Exception):
            pass

        trip = check_round_trip(Local("a"), serializer="cloudpickle")
        assert lost(trip) == {("type", "exc")}
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "class-sent-by-value"


class DefinedInATest(Exception):
    pass


class TestMisuse:
    @pytest.mark.parametrize(
        ("call", "message"),
        [
            (
                lambda: check_round_trip(5),
                (
                    r"check_round_trip\(\) got 5 \(int\): expected an exception or a "
                    r"pytest.ExceptionInfo"
                ),
            ),
            (
                lambda: check_round_trip(ValueError),
                r"got the class ValueError: expected an instance, e.g. ValueError\(...\)",
            ),
            (
                lambda: check_round_trip(ValueError(), serializer="json"),
                "unknown serializer 'json': expected one of pickle, cloudpickle, dill",
            ),
            # meant
            (
                lambda: check_round_trip(ValueError(), serializer=cast(Any, object())),
                "is no Serializer: it needs name: str, dumps",
            ),
            (
                lambda: check_round_trip(ValueError(), receiver="moon"),
                "unknown receiver 'moon': expected one of without-project, stdlib, with-project",
            ),
            (
                lambda: check_round_trip(ValueError(), checks=("typo",)),
                "unknown check 'typo': expected some of type, message, args",
            ),
            (
                lambda: check_round_trip(ValueError(), checks="type"),
                "checks='type': expected a tuple",
            ),
            # meant
            (
                lambda: check_round_trip(ValueError(), arrives_as=cast(Any, 3)),
                "arrives_as=3: expected an exception class",
            ),
            (lambda: check_round_trip(ValueError(), timeout=0), "timeout=0: expected seconds"),
            # meant
            (
                lambda: check_round_trip(ValueError(), timeout=cast(Any, "5")),
                "timeout='5': expected seconds",
            ),
            (
                lambda: check_round_trip(ValueError(), timeout=float("inf")),
                "timeout=inf: expected seconds",
            ),
            # meant
            (
                lambda: check_round_trip(ValueError(), checks=cast(Any, 5)),
                "checks=5: expected a tuple",
            ),
            (
                lambda: check_round_trip(ValueError(), arrives_as="RuntimeErorr"),
                "arrives_as='RuntimeErorr': expected an exception class",
            ),
        ],
    )
    def test_names_what_is_wrong_and_what_is_right(self, call: Any, message: str) -> None:
        with pytest.raises(PortableErrorsError, match=message):
            call()

    def test_an_excinfo_is_unwrapped(self) -> None:
        with pytest.raises(ValueError) as caught:
            int("x")
        assert check_round_trip(caught).arrived_whole

    def test_an_excinfo_that_is_still_empty(self) -> None:
        with pytest.raises(ValueError) as caught:
            with pytest.raises(PortableErrorsError, match="holds no exception yet"):
                check_round_trip(caught)
            int("x")


class OwnSerializer:
    name = "own"
    needs: tuple[str, ...] = ("error_zoo",)
    loader = "error_zoo:loads_reversed"

    def dumps(self, exc: BaseException, /) -> bytes:
        return zoo.dumps_reversed(exc)


class TestOwnSerializer:
    def test_its_loader_is_importable_even_where_the_project_is_not(self) -> None:
        assert check_round_trip(
            ValueError("x"), serializer=OwnSerializer(), receiver="stdlib"
        ).arrived_whole

    def test_a_loader_that_the_receiver_lacks_is_an_error_that_names_it(self) -> None:
        serializer = OwnSerializer()
        serializer.needs = ()
        with pytest.raises(
            PortableErrorsError,
            match="cannot import its loader error_zoo:loads_reversed .ModuleNotFoundError.*`needs`",
        ):
            check_round_trip(ValueError("x"), serializer=serializer)


def test_the_row_is_plain_data() -> None:
    import json

    row = check_round_trip(zoo.NotFound("bob"), receiver="with-project").to_dict()
    assert json.loads(json.dumps(row)) == row
    assert (row["type"], row["cause"], row["arrived_whole"]) == (
        "error_zoo.NotFound",
        "init-rewrites-message",
        False,
    )


def test_a_traceback_is_compared_only_when_asked_for() -> None:
    try:
        raise ValueError("x")
    except ValueError as exc:
        assert check_round_trip(exc).arrived_whole
        assert lost(check_round_trip(exc, checks=("type", "traceback"))) == {
            ("traceback", "exc.__traceback__")
        }
