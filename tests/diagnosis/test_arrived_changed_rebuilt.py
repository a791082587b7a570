"""What rebuilds an exception makes something else of it."""

from __future__ import annotations

import pickle
from typing import Any

import error_zoo as zoo
import pydantic
import pytest
from diagnosis.trips import (
    MESSAGE,
    Register,
    arrives_whole,
    cause,
    cause_of,
    diagnosed,
    facts,
    place,
    with_attributes,
)

from pytest_portable_errors.diagnosis.causes import diagnose
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.receiver.record import describe


class TestArgsReachOtherParameters:
    def test_fires_with_the_parameters_that_they_reach(self) -> None:
        found = diagnosed(zoo.Shifted(3, "declined"))
        assert found.cause == "args-reach-other-parameters"
        assert found.evidence == ("error_zoo.Shifted(code='declined')", place(zoo.Shifted.__init__))

    def test_fires_where_the_message_was_empty(self) -> None:
        assert cause_of(zoo.Shifted(3, "")) == "args-reach-other-parameters"

    def test_silent_where_the_message_is_built_on_itself(self) -> None:
        assert cause_of(zoo.NotFound("bob")) == "init-rewrites-message"


class Untold(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(f"not found: {name}")

    __init__.__signature__ = 5  # type: ignore[attr-defined]  # what a decorator may leave there


class CallsAgain(zoo.NotFound):
    def __reduce__(self) -> tuple[Any, ...]:
        return CallsAgain, self.args


class TestInitRewritesMessage:
    def test_fires_with_the_method_that_has_it_called_again(self) -> None:
        found = diagnose(facts(CallsAgain("bob")))
        assert found is not None
        assert found.cause == "init-rewrites-message"
        assert "what CallsAgain.__reduce__ gave" in found.why

    def test_fires_with_the_call_and_the_place(self) -> None:
        found = diagnosed(zoo.NotFound("bob"))
        assert found.cause == "init-rewrites-message"
        assert found.evidence == (
            "error_zoo.NotFound('not found: bob')",
            place(zoo.NotFound.__init__),
        )
        assert "__init__(name) builds its message a second time" in found.why

    def test_fires_where_the_signature_does_not_tell_what_reaches_which_parameter(self) -> None:
        received = describe(ValueError("gone"))
        assert cause(facts(Untold("bob"), received=received)) == "init-rewrites-message"
        assert (
            cause(facts(zoo.NotFound("bob"), received=received)) == "args-reach-other-parameters"
        ), "the control"

    def test_silent_where_the_method_that_has_it_called_again_loses_attributes_too(self) -> None:
        lost = Loss(kind="attributes", path="exc.code", sent="3", received="missing")
        assert cause(facts(CallsAgain("bob"), losses=(MESSAGE, lost))) == "reduce-drops-state"

    @pytest.mark.parametrize(
        ("kind", "path"), [("args", "exc.args[0]"), ("attributes", "exc.name")]
    )
    def test_fires_where_it_sets_something_else_once_more(self, kind: str, path: str) -> None:
        found = diagnose(
            facts(zoo.NotFound("bob"), losses=(Loss(kind=kind, path=path, sent="s", received="r"),))
        )
        assert found is not None
        assert found.cause == "init-rewrites-message"
        assert f"__init__(name) sets {path} once more" in found.why

    def test_silent_where_a_reducer_gives_what_init_was_given(self, register: Register) -> None:
        register(
            zoo.NotFound, lambda exc: (zoo.NotFound, (exc.args[0].removeprefix("not found: "),))
        )
        assert cause_of(zoo.NotFound("bob")) == "travels-only-in-tests", (
            "it arrives whole, as long as the tests run"
        )

    def test_silent_where_init_stores_its_arguments(self) -> None:
        assert arrives_whole(zoo.Portable("bob", 3))


class RestoresThroughC(Exception):
    """A setter without a place: nobody can read it."""

    __setstate__: Any = object.__init__


class TestSetstateDropsState:
    def test_fires_with_the_method_its_place_and_what_it_leaves_out(self) -> None:
        exc = with_attributes(zoo.RestoresFieldsAlone("m"), __notes__=["a note"], code=3)
        found = diagnosed(exc)
        setter = zoo.RestoresFieldsAlone.__setstate__
        assert found.cause == "setstate-drops-state"
        assert found.evidence == ("RestoresFieldsAlone.__setstate__", place(setter))
        assert (
            "the payload has exc.__notes__, exc.code, and RestoresFieldsAlone.__setstate__ does "
            "not restore it" in found.why
        )

    def test_fires_without_a_place_where_the_method_has_none(self) -> None:
        exc = with_attributes(RestoresThroughC("m"), code=3)
        lost = Loss(kind="attributes", path="exc.code", sent="3", received="missing")
        found = diagnose(facts(exc, losses=(lost,)))
        assert found is not None
        assert (found.cause, found.evidence) == (
            "setstate-drops-state",
            ("RestoresThroughC.__setstate__",),
        )

    def test_silent_where_it_restores_all_that_there_is(self) -> None:
        assert arrives_whole(zoo.RestoresFieldsAlone("m"))

    def test_silent_where_the_payload_does_not_have_what_was_lost(self) -> None:
        exc = with_attributes(zoo.RestoresFieldsAlone("m"), code=3)
        lost = [
            Loss(kind="attributes", path=path, sent="3", received="missing")
            for path in ("exc.code", "exc.never_sent")
        ]
        assert cause(facts(exc, losses=(lost[0],))) == "setstate-drops-state", "the control"
        assert cause(facts(exc, losses=tuple(lost))) != "setstate-drops-state"

    def test_silent_where_python_s_own_restores_it(self) -> None:
        lost = Loss(kind="attributes", path="exc.code", sent="3", received="missing")
        exc = with_attributes(ValueError("m"), code=3)
        assert cause(facts(exc, losses=(lost,))) is None

    def test_silent_where_its_reducer_sends_no_state(self) -> None:
        class Both(zoo.RestoresFieldsAlone, zoo.DropsState):
            pass

        lost = Loss(kind="attributes", path="exc.code", sent="3", received="missing")
        given = facts(
            with_attributes(Both("m"), code=3),
            reading=read(pickle.dumps(zoo.DropsState("m"))),
            losses=(lost,),
        )
        assert cause(given) == "reduce-drops-state"


class TestReduceDropsState:
    def test_fires_with_the_method_that_is_told_the_protocol(self) -> None:
        found = diagnosed(with_attributes(zoo.DropsByProtocol("m"), code=3))
        assert (found.cause, found.evidence[0]) == (
            "reduce-drops-state",
            "DropsByProtocol.__reduce_ex__",
        )

    @pytest.mark.parametrize(
        ("exc", "lost"),
        [(zoo.DropsCode("m", 3), "exc.code"), (zoo.DropsFromItself("m"), "exc.connection")],
        ids=lambda value: value if isinstance(value, str) else type(value).__name__,
    )
    def test_fires_with_the_method_and_its_place(self, exc: BaseException, lost: str) -> None:
        found = diagnosed(exc)
        method = type(exc).__reduce__
        assert found.cause == "reduce-drops-state"
        assert found.evidence == (method.__qualname__, place(method))
        assert f"leaves out or changes {lost}" in found.why

    def test_fires_with_five_paths_at_most(self) -> None:
        found = diagnosed(with_attributes(zoo.DropsState("m"), **{f"a{n}": n for n in range(7)}))
        assert found.why.partition("    ")[0].endswith(
            " leaves out or changes exc.a0, exc.a1, exc.a2, exc.a3, exc.a4"
        )

    def test_silent_where_there_is_nothing_to_drop(self) -> None:
        assert arrives_whole(zoo.DropsCode("m"))


class TestReduceDropsNotes:
    def test_fires_with_the_method_and_its_place(self) -> None:
        found = diagnosed(with_attributes(zoo.DropsState("m"), __notes__=["a note"]))
        assert found.cause == "reduce-drops-notes"
        assert found.evidence == ("DropsState.__reduce__", place(zoo.DropsState.__reduce__))

    def test_fires_where_the_chain_is_lost_with_them(self) -> None:
        exc = zoo.chained(
            with_attributes(zoo.DropsState("m"), __notes__=["a note"]), cause=KeyError("a")
        )
        assert cause_of(exc) == "reduce-drops-notes"

    def test_silent_where_attributes_are_lost_with_them(self) -> None:
        assert (
            cause_of(with_attributes(zoo.DropsState("m"), __notes__=["a note"], code=3))
            == "reduce-drops-state"
        )

    def test_silent_where_notes_are_carried(self) -> None:
        assert arrives_whole(with_attributes(zoo.CarriesChain("m"), __notes__=["a note"]))


class TestReduceChangesType:
    @pytest.mark.parametrize(
        "exc",
        [zoo.BecomesValueError("m"), zoo.BecomesRuntimeError("fetch", 3), zoo.NotAnException("m")],
        ids=lambda exc: type(exc).__name__,
    )
    def test_fires_with_the_method_and_its_place(self, exc: BaseException) -> None:
        found = diagnosed(exc)
        assert found.cause == "reduce-changes-type"
        assert found.evidence == (type(exc).__reduce__.__qualname__, place(type(exc).__reduce__))
        assert f"{type(exc).__reduce__.__qualname__} makes something else of it: exc" in found.why

    def test_silent_where_the_change_is_declared(self) -> None:
        assert arrives_whole(zoo.BecomesRuntimeError("fetch", 3), arrives_as=RuntimeError)

    def test_silent_where_a_copy_of_the_class_arrives(self) -> None:
        class Local(Exception):
            def __reduce__(self) -> tuple[Any, ...]:
                return type(self), self.args

        assert cause_of(Local("m"), serializer="cloudpickle") == "class-sent-by-value"


class TestRebuiltOtherwise:
    def test_fires_with_the_call_that_rebuilds_it(self) -> None:
        with pytest.raises(pydantic.ValidationError) as caught:
            pydantic.TypeAdapter(int).validate_python("x")
        found = diagnosed(caught.value)
        assert found.cause == "rebuilt-otherwise"
        assert found.evidence == (
            (
                "pydantic_core._pydantic_core.ValidationError.from_exception_data('int', [...], "
                "'python', False)"
            ),
        )
        assert found.why.startswith("likely: ")

    def test_fires_for_a_payload_that_names_another_class(self) -> None:
        for exc in (ValueError("a"), zoo.NotFound("a")):
            assert (
                cause(facts(exc, reading=read(pickle.dumps(KeyError("a"))))) == "rebuilt-otherwise"
            )

    def test_silent_where_the_class_itself_is_called(self) -> None:
        assert cause_of(zoo.NotFound("a")) == "init-rewrites-message"

    def test_silent_where_a_method_that_can_be_read_is_to_blame(self) -> None:
        assert cause_of(zoo.DropsFromItself("a")) == "reduce-drops-state"
