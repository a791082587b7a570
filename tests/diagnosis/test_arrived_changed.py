"""Causes of an exception that arrived as another, or with less."""

from __future__ import annotations

import pickle
import sys
from fractions import Fraction
from types import FunctionType
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import (
    Register,
    arrives_whole,
    cause,
    cause_of,
    diagnosed,
    facts,
    place,
    trip_of,
    with_attributes,
)

from pytest_portable_errors import Stage
from pytest_portable_errors.diagnosis.arrived_changed import dropped_by_python
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.receiver.record import describe


def here(function: object) -> str:
    assert isinstance(function, FunctionType)
    return f"tests/diagnosis/test_arrived_changed.py:{function.__code__.co_firstlineno}"


def reduce_payment_for_tests(exc: zoo.PaymentError) -> tuple[Any, ...]:
    return zoo.PaymentError, (exc.order_id, exc.reason), exc.__dict__


class TestTravelsOnlyInTests:
    def test_fires_for_a_reducer_that_a_test_module_has_put_in_copyreg(
        self, register: Register
    ) -> None:
        register(zoo.PaymentError, reduce_payment_for_tests)
        trip = trip_of(zoo.PaymentError(7, "declined"))
        assert trip.stage is Stage.ARRIVED
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "travels-only-in-tests"
        assert trip.diagnosis.evidence == (
            "reduce_payment_for_tests",
            __name__,
            here(reduce_payment_for_tests),
        )
        assert "registered in copyreg by" in trip.diagnosis.why

    @pytest.mark.parametrize("name", ["__reduce__", "__reduce_ex__"])
    def test_fires_for_a_method_that_a_test_module_has_put_in_place(
        self, name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def patched(self: zoo.PaymentError, *_: object) -> tuple[Any, ...]:
            return reduce_payment_for_tests(self)

        monkeypatch.setattr(zoo.PaymentError, name, patched)
        found = diagnosed(zoo.PaymentError(7, "declined"))
        assert found.cause == "travels-only-in-tests"
        assert found.evidence == (patched.__qualname__, __name__, here(patched))
        assert f"put in place of error_zoo.PaymentError.{name}" in found.why

    def test_silent_where_the_reducer_is_the_packages(self, register: Register) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert arrives_whole(zoo.PaymentError(7, "declined"))

    def test_silent_where_the_method_is_the_classes(self) -> None:
        assert arrives_whole(zoo.Dawdles("m"))

    def test_silent_where_the_reducer_of_the_tests_loses_something(
        self, register: Register
    ) -> None:
        register(zoo.Portable, lambda exc: (zoo.Portable, exc.args))
        assert cause_of(with_attributes(zoo.Portable("a"), code=3)) == "registered-reducer-loses"


def python_drops_the_name_of_a_name_error() -> bool:
    again: NameError = pickle.loads(pickle.dumps(NameError("m", name="n")))
    return again.name is None


class Inherits(NameError):
    pass


class TestDroppedByPython:
    @pytest.mark.skipif(
        not python_drops_the_name_of_a_name_error(), reason="this Python carries NameError.name"
    )
    def test_fires_with_the_built_in_class_and_the_field(self) -> None:
        found = diagnosed(NameError("name 'x' is not defined", name="x"))
        assert (found.cause, found.evidence) == ("dropped-by-python", ("NameError", "name"))

    def test_silent_where_a_reducer_in_copyreg_drops_what_python_carries(
        self, register: Register
    ) -> None:
        register(ImportError, lambda exc: (ImportError, exc.args))
        assert cause_of(ImportError("m", name="x")) == "registered-reducer-loses"

    def test_fires_with_the_built_in_class_that_another_inherits_from(self) -> None:
        lost = Loss(kind="attributes", path="exc.name", sent="'x'", received="None")
        found = dropped_by_python(facts(Inherits("m", name="x"), losses=(lost,)))
        assert found is not None
        assert found.evidence == ("NameError", "name")

    @pytest.mark.skipif(
        not python_drops_the_name_of_a_name_error(), reason="this Python carries NameError.name"
    )
    def test_silent_where_something_else_is_lost_too(self) -> None:
        exc = zoo.chained(NameError("name 'x' is not defined", name="x"), cause=KeyError("a"))
        assert cause_of(exc) == "chain-dropped"

    @pytest.mark.skipif(
        sys.version_info >= (3, 12), reason="AttributeError.name is carried since 3.12"
    )
    def test_fires_for_the_name_of_an_attribute_error(self) -> None:
        assert diagnosed(AttributeError("m", name="n")).evidence == ("AttributeError", "name")

    @pytest.mark.skipif(
        sys.version_info < (3, 12), reason="AttributeError.name is carried since 3.12"
    )
    def test_silent_for_the_name_of_an_attribute_error(self) -> None:
        assert arrives_whole(AttributeError("m", name="n"))

    def test_silent_where_python_carries_the_field(self) -> None:
        assert arrives_whole(ImportError("m", name="n", path="p"))


class TestRenamedByProtocol:
    @pytest.mark.parametrize("protocol", [0, 1, 2])
    def test_fires_with_both_names(self, protocol: int) -> None:
        found = diagnosed(
            ModuleNotFoundError("No module named 'x'", name="x"), serializer=f"pickle:{protocol}"
        )
        assert (found.cause, found.evidence) == (
            "renamed-by-protocol",
            ("ModuleNotFoundError", "exceptions.ImportError"),
        )

    def test_silent_from_protocol_3_on(self) -> None:
        for protocol in range(3, pickle.HIGHEST_PROTOCOL + 1):
            assert arrives_whole(
                ModuleNotFoundError("m", name="x"), serializer=f"pickle:{protocol}"
            )

    def test_silent_for_a_class_that_python_2_had(self) -> None:
        assert arrives_whole(ImportError("m", name="x"), serializer="pickle:2")

    def test_silent_where_something_else_is_lost(self) -> None:
        assert (
            cause_of(zoo.chained(ValueError("m"), cause=KeyError("a")), serializer="pickle:2")
            == "chain-dropped"
        )


class TestReceiverNotSetUp:
    def test_fires_where_its_text_cannot_be_read_there(self) -> None:
        received = describe(zoo.NotFound("m"))
        received["exceptions"][0]["message"] = {"raises": "builtins.LookupError"}
        found = diagnose(facts(zoo.NotFound("m"), received=received))
        assert found is not None
        assert (found.cause, found.evidence) == (
            "receiver-not-set-up",
            ("str(exc)", "builtins.LookupError"),
        )

    def test_silent_where_it_could_not_be_read_here_either(self) -> None:
        assert cause_of(zoo.chained(zoo.Unprintable("m"), cause=KeyError("b"))) == "chain-dropped"


class TestClassSentByValue:
    @pytest.mark.parametrize("serializer", ["cloudpickle", "dill"])
    def test_fires_with_the_class(self, serializer: str) -> None:
        class Local(Exception):
            pass

        found = diagnosed(Local("m"), serializer=serializer)
        assert (found.cause, found.evidence) == (
            "class-sent-by-value",
            (f"{__name__}.{Local.__qualname__}",),
        )

    def test_silent_for_a_class_that_can_be_imported(self) -> None:
        assert arrives_whole(zoo.Portable("m"), serializer="cloudpickle")

    def test_silent_where_the_class_is_not_in_the_payload_at_all(self) -> None:
        assert cause_of(zoo.BecomesValueError("m")) == "reduce-changes-type"


class SlotsTwice(zoo.Slotted):
    __slots__ = ("code",)


class DropsSlot(zoo.Slotted):
    def __reduce__(self) -> tuple[Any, ...]:
        return DropsSlot, self.args


class TestSlotsNotCarried:
    def test_fires_with_the_class_that_declares_it_last(self) -> None:
        exc = SlotsTwice("m")
        exc.code = 3
        found = diagnose(
            facts(
                exc,
                losses=(Loss(kind="attributes", path="exc.code", sent="3", received="missing"),),
            )
        )
        assert found is not None
        assert found.evidence == (f"{__name__}.SlotsTwice.__slots__", "code")

    def test_silent_where_a_reducer_drops_it(self) -> None:
        exc = DropsSlot("m")
        exc.code = 3
        lost = Loss(kind="attributes", path="exc.code", sent="3", received="missing")
        assert cause(facts(exc, losses=(lost,))) == "reduce-drops-state"

    def test_fires_with_the_slot_and_its_class(self) -> None:
        exc = zoo.Slotted("m")
        exc.code = 3
        found = diagnosed(exc)
        assert (found.cause, found.evidence) == (
            "slots-not-carried",
            ("error_zoo.Slotted.__slots__", "code"),
        )

    def test_silent_where_the_slot_is_empty(self) -> None:
        assert arrives_whole(zoo.Slotted("m"))

    def test_silent_where_a_reducer_carries_it(self) -> None:
        exc = zoo.KeepsSlot("m")
        exc.code = 3
        assert arrives_whole(exc)


class TestRegisteredReducerLoses:
    def test_fires_with_the_reducer_its_module_and_its_place(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_to_message)
        found = diagnosed(with_attributes(zoo.Portable("m"), code=3))
        assert found.cause == "registered-reducer-loses"
        assert found.evidence == ("reduce_to_message", "error_zoo", place(zoo.reduce_to_message))
        assert "leaves out or changes exc.code" in found.why

    def test_silent_where_it_loses_the_chain_alone(self, register: Register) -> None:
        register(zoo.Portable, zoo.reduce_to_message)
        found = diagnosed(zoo.chained(zoo.Portable("m"), cause=KeyError("a")))
        assert (found.cause, found.evidence) == (
            "chain-dropped",
            ("reduce_to_message, which copyreg has for it,", "exc.__cause__"),
        )

    def test_silent_where_another_class_has_it(self, register: Register) -> None:
        register(zoo.NotFound, zoo.reduce_to_message)
        assert arrives_whole(with_attributes(zoo.Portable("m"), code=3))


class TestValueChanges:
    def test_fires_with_the_value_and_what_it_is_made_by(self) -> None:
        found = diagnosed(
            with_attributes(zoo.Portable("bob"), detail={"error": [zoo.NotFound("bob")]})
        )
        assert found.cause == "value-changes"
        assert found.evidence == ("exc.detail['error'][0]", "error_zoo.NotFound")

    def test_fires_for_an_exception_among_the_arguments(self) -> None:
        found = diagnosed(ValueError(zoo.NotFound("bob")))
        assert found.cause == "value-changes"
        assert found.evidence == ("exc.args[0]", "error_zoo.NotFound")

    def test_fires_with_the_class_of_an_exception_that_is_held_because_that_is_at_fault(
        self,
    ) -> None:
        found = diagnosed(ValueError(zoo.NotFound("bob")))
        assert found.why == (
            "exc.args[0] is a error_zoo.NotFound, and loads calls NotFound('not found: bob') - the "
            "class with its args -, which changes exc.args[0].args[0]\n"
            f"    {place(zoo.NotFound.__init__)}"
        )

    def test_fires_with_the_reducer_of_an_exception_that_is_held(self) -> None:
        held = with_attributes(zoo.DropsState("m"), code=3)
        found = diagnosed(with_attributes(ValueError("m"), last=held))
        assert found.cause == "value-changes"
        assert found.why.startswith(
            "exc.last is a error_zoo.DropsState, and DropsState.__reduce__ leaves out or changes "
            "exc.last.code"
        )
        assert found.why.endswith(place(zoo.DropsState.__reduce__))

    def test_fires_where_no_text_can_be_made_of_what_comes_back_wherever_that_is(self) -> None:
        found = diagnosed(zoo.Told(zoo.Hollow("text")))
        assert (found.cause, found.evidence) == (
            "value-changes",
            ("exc.args[0]", "error_zoo.Hollow"),
        )
        assert found.why.endswith("not in the process that sent it, either")

    def test_silent_where_it_is_the_receiver_that_cannot_make_a_text(self) -> None:
        given: dict[str, Any] = {
            "received": {"exceptions": [{"message": {"raises": "builtins.KeyError"}}]}
        }
        exc = zoo.Told(zoo.Hollow("text"))
        assert cause(facts(exc, unreadable_here=True, **given)) == "value-changes", "the control"
        assert cause(facts(exc, **given)) == "receiver-not-set-up"

    def test_silent_where_it_holds_nothing_that_has_rules_of_its_own(self) -> None:
        given: dict[str, Any] = {
            "received": {"exceptions": [{"message": {"raises": "builtins.KeyError"}}]}
        }
        assert cause(facts(zoo.Portable("m"), unreadable_here=True, **given)) != "value-changes"

    def test_silent_where_the_exception_itself_changes_plain_data(self) -> None:
        assert cause_of(zoo.NotFound("bob")) == "init-rewrites-message"

    @pytest.mark.parametrize(
        "other",
        [
            Loss(kind="attributes", path="exc.code", sent="3", received="4"),
            Loss(kind="attributes", path="exc.rate", sent="1/3", received="None"),
            Loss(kind="attributes", path="exc.rate", sent="1/3", received="missing"),
        ],
        ids=lambda loss: f"{loss.path} {loss.received}",
    )
    def test_silent_where_another_loss_is_no_value_that_is_pickled_by_rules_of_its_own(
        self, other: Loss
    ) -> None:
        changed = Loss(kind="attributes", path="exc.share", sent="1/2", received="1/4")
        exc = with_attributes(ValueError("m"), share=Fraction(1, 2), rate=Fraction(1, 3), code=3)
        assert cause(facts(exc, losses=(changed,))) == "value-changes", "the control"
        assert cause(facts(exc, losses=(changed, other))) is None

    def test_silent_where_the_value_comes_back(self) -> None:
        assert arrives_whole(ValueError(KeyError("bob")))
