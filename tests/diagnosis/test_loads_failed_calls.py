"""The call that loads makes is what fails."""

from __future__ import annotations

import pickle
from dataclasses import replace
from fractions import Fraction
from subprocess import CalledProcessError
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
    group_of,
    needs_groups,
    place,
    trip_of,
    with_attributes,
)

from pytest_portable_errors import Stage
from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.facts import LoadsFailure
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.pickle_reader import Reading, read
from pytest_portable_errors.receiver.check import error_record


class TestInitDoesNotFitArgs:
    @pytest.mark.parametrize(
        ("exc", "call", "signature"),
        [
            (
                zoo.PaymentError(7, "declined"),
                "error_zoo.PaymentError('order 7: declined')",
                "(order_id, reason)",
            ),
            (zoo.Narrow("a"), "error_zoo.Narrow('a', 'is narrow')", "(name)"),
            (
                zoo.KeywordOnly("m", request="r"),
                "error_zoo.KeywordOnly('m')",
                "(message, *, request)",
            ),
        ],
        ids=["too few", "too many", "keyword-only"],
    )
    def test_fires_with_call_signature_and_place(
        self, exc: BaseException, call: str, signature: str
    ) -> None:
        found = diagnosed(exc)
        assert found.cause == "init-does-not-fit-args"
        assert found.evidence == (call, signature, place(type(exc).__init__))

    def test_fires_for_the_standard_library(self) -> None:
        found = diagnosed(CalledProcessError(returncode=1, cmd="x"), receiver="stdlib")
        assert found.evidence[:2] == (
            "subprocess.CalledProcessError()",
            "(returncode, cmd, output=None, stderr=None)",
        )
        assert found.evidence[2].startswith("subprocess.py:")

    def test_fires_under_every_protocol(self) -> None:
        expected = diagnosed(zoo.PaymentError(7, "declined"))
        for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
            found = diagnosed(zoo.PaymentError(7, "declined"), serializer=f"pickle:{protocol}")
            assert (found.cause, found.evidence) == (expected.cause, expected.evidence)

    @needs_groups
    def test_fires_with_the_path_of_a_member(self) -> None:
        found = diagnosed(group_of(KeyError("a"), zoo.PaymentError(7, "declined")))
        assert found.cause == "init-does-not-fit-args"
        assert "the class with exc.exceptions[1].args" in found.why

    def test_fires_with_the_path_of_a_value(self) -> None:
        found = diagnosed(with_attributes(ValueError("m"), zones=[zoo.Zone("UTC")]))
        assert found.evidence[:2] == ("error_zoo.Zone()", "(name)")
        assert "what tzinfo.__reduce__ gave" in found.why

    def test_fires_where_values_are_made_before_it(self) -> None:
        exc = ValueError(zoo.Holder(), zoo.PaymentError(7, "declined"))
        assert cause(facts(exc, stage=Stage.LOADS)) == "init-does-not-fit-args"

    def test_fires_where_the_payload_was_not_read_to_its_end(self) -> None:
        exc = zoo.PaymentError(7, "declined")
        reading = read(pickle.dumps(exc)[:-1])
        assert (reading.root, cause(facts(exc, stage=Stage.LOADS, reading=reading))) == (
            None,
            "init-does-not-fit-args",
        )

    def test_silent_where_args_fit(self) -> None:
        assert arrives_whole(zoo.Portable("a", 3))

    def test_silent_where_a_reducer_gives_the_right_ones(self, register: Register) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert arrives_whole(zoo.PaymentError(7, "declined"))

    def test_silent_where_args_fit_and_are_rejected(self) -> None:
        assert cause_of(zoo.Picky(4)) == "init-rejects-args"


class TestInitTakesNoArguments:
    def test_fires_with_the_message_that_it_is_called_with(self) -> None:
        found = diagnosed(zoo.NoParameters())
        assert found.cause == "init-takes-no-arguments"
        assert found.evidence == (
            "error_zoo.NoParameters('A test tried to use the network.')",
            "()",
            place(zoo.NoParameters.__init__),
        )

    def test_silent_where_args_are_empty(self) -> None:
        exc = zoo.NoParameters()
        exc.args = ()
        assert cause_of(exc) == "init-rewrites-message"


class TestStateCannotBeRestored:
    @pytest.mark.parametrize(
        ("exc", "error", "owner", "function"),
        [
            (
                zoo.Computed("m"),
                "AttributeError",
                "Computed.code is a property without setter",
                vars(zoo.Computed)["code"].fget,
            ),
            (zoo.Frozen("m"), "TypeError", "Frozen.__setattr__", zoo.Frozen.__setattr__),
            (
                zoo.RefusesState("m"),
                "KeyError",
                "RefusesState.__setstate__",
                zoo.RefusesState.__setstate__,
            ),
        ],
        ids=["property", "frozen", "setstate"],
    )
    def test_fires_with_the_owner_of_what_refuses(
        self, exc: BaseException, error: str, owner: str, function: object
    ) -> None:
        found = diagnosed(exc)
        assert found.cause == "state-cannot-be-restored"
        assert found.evidence == ("exc", f"builtins.{error}", f"{owner}    {place(function)}")
        assert found.why.endswith(f"\n{owner}    {place(function)}")

    def test_fires_without_an_owner_where_the_class_is_not_known_here(self) -> None:
        made = Call(Global("shop", "Client"), (), "reduce", state=Pairs([("code", 3)]))
        halt = LoadsFailure(path="exc.client", opcode="BUILD", subject=made)
        found = diagnose(
            facts(
                ValueError("m"), stage=Stage.LOADS, failure=halt, error=error_record(KeyError("k"))
            )
        )
        assert found is not None
        assert (found.cause, found.evidence) == (
            "state-cannot-be-restored",
            ("exc.client", "builtins.KeyError"),
        )

    @needs_groups
    def test_fires_with_the_path_of_a_member(self) -> None:
        found = diagnosed(group_of(KeyError("a"), zoo.Computed("m")))
        assert (found.cause, found.evidence[0]) == ("state-cannot-be-restored", "exc.exceptions[1]")

    def test_silent_where_there_is_no_state(self) -> None:
        exc = zoo.Computed("m")
        exc.__dict__.clear()
        assert trip_of(exc).stage is Stage.ARRIVED

    def test_silent_where_the_call_before_it_fails(self, register: Register) -> None:
        register(zoo.Computed, lambda exc: (zoo.Computed, (), exc.__dict__))
        assert cause_of(zoo.Computed("m")) == "init-does-not-fit-args"


class TestInitRejectsArgs:
    def test_fires_with_the_call_and_the_place(self) -> None:
        found = diagnosed(zoo.Picky(4))
        assert found.cause == "init-rejects-args"
        assert found.evidence == ("error_zoo.Picky('code 4')", place(zoo.Picky.__init__))
        assert "raises ValueError: not a code: code 4" in found.why
        assert "likely" not in found.why, "a second run has seen it"

    def test_fires_for_the_last_class_that_was_called_where_no_second_run_has_seen_it(self) -> None:
        exc = ValueError(zoo.Portable("a"), zoo.Holder(), zoo.Picky(4))
        error = error_record(ValueError("not a code"))
        found = diagnose(facts(exc, stage=Stage.LOADS, error=error))
        assert found is not None
        assert (found.cause, found.evidence[0]) == (
            "init-rejects-args",
            "error_zoo.Picky('code 4')",
        )
        assert found.why.startswith(
            "likely: loads calls Picky('code 4') - the class with exc.args[2].args -"
        )
        unread = replace(
            facts(exc, stage=Stage.LOADS, error=error), reading=read(pickle.dumps(exc)[:-1])
        )
        assert "the class with exc.args -" in str(diagnose(unread))

    def test_silent_where_it_is_made_without_init(self) -> None:
        made = Call(Global("error_zoo", "Picky"), ("code 4",), "new")
        reading = Reading(names=(), calls=(made,), root=made)
        assert (
            cause(
                facts(
                    zoo.Picky(4),
                    stage=Stage.LOADS,
                    reading=reading,
                    error=error_record(KeyError("k")),
                )
            )
            == "loads-failed"
        )

    def test_silent_where_no_class_of_an_exception_is_called(self) -> None:
        given = facts(
            ValueError(Fraction(1, 2)), stage=Stage.LOADS, error=error_record(KeyError("k"))
        )
        assert cause(given) == "loads-failed"

    def test_silent_where_it_accepts_them(self) -> None:
        exc = zoo.Picky(4)
        exc.args = (4,)
        assert cause_of(exc) == "init-rewrites-message"

    def test_silent_where_one_of_its_values_fails(self) -> None:
        assert (
            cause_of(with_attributes(zoo.NotFound("m"), tag=zoo.Tag("a", "b")))
            == "value-cannot-be-loaded"
        )


class TestValueCannotBeLoaded:
    @pytest.mark.parametrize(
        ("exc", "path"),
        [
            (with_attributes(ValueError("m"), tag=zoo.Tag("a", "b")), "exc.tag"),
            (
                with_attributes(
                    ValueError("m"), client=zoo.Holder(tags=[{"a": zoo.Tag("a", "b")}])
                ),
                "exc.client.tags[0]['a']",
            ),
            (ValueError("m", zoo.Tag("a", "b")), "exc.args[1]"),
            (
                with_attributes(ValueError("m"), __notes__=["a note", zoo.Tag("a", "b")]),
                "exc.__notes__[1]",
            ),
        ],
        ids=["attribute", "nested", "args", "note"],
    )
    @pytest.mark.parametrize("serializer", ["pickle", "pickle:2", "cloudpickle", "dill"])
    def test_fires_with_the_path_and_what_makes_the_value(
        self, exc: BaseException, path: str, serializer: str
    ) -> None:
        trip = trip_of(exc, serializer=serializer)
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "value-cannot-be-loaded"
        assert trip.diagnosis.evidence == (path, "error_zoo.Tag", "builtins.TypeError")
        assert trip.stopped_at == path

    @needs_groups
    def test_fires_with_the_path_of_a_members_value(self) -> None:
        # an Exception
        member: Any = with_attributes(ValueError("m"), tag=zoo.Tag("a", "b"))
        exc = group_of(KeyError("a"), member)
        assert diagnosed(exc).evidence[0] == "exc.exceptions[1].tag"

    def test_fires_where_the_receiver_lacks_the_class_of_a_value(self) -> None:
        found = diagnosed(
            with_attributes(ValueError("m"), client=[zoo.Holder()]), receiver="without-project"
        )
        assert found.cause == "value-cannot-be-loaded"
        assert found.evidence == ("error_zoo.Holder", "no module 'error_zoo'", "exc.client[0]")

    def test_silent_where_the_value_can_be_made_again(self) -> None:
        assert arrives_whole(with_attributes(ValueError("m"), client=zoo.Holder(tags=["a:b"])))

    def test_silent_where_the_value_is_a_links(self) -> None:
        exc = zoo.chained(
            zoo.CarriesChain("a"), cause=with_attributes(KeyError("b"), tag=zoo.Tag("a", "b"))
        )
        found = diagnosed(exc)
        assert (found.cause, found.evidence[0]) == ("link-cannot-be-rebuilt", "exc.__cause__.tag")
