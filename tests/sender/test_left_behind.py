"""What a class leaves behind on purpose is declared lost; what could have travelled is lost."""

from __future__ import annotations

import threading
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors import RoundTrip, check_round_trip
from pytest_portable_errors.diagnosis.loss import Comparison, Loss
from pytest_portable_errors.sender.left_behind import (
    becomes_plain,
    can_travel,
    chooses,
    is_left_behind,
    value_can_travel,
    with_choices,
)
from pytest_portable_errors.sender.registry import Serializers
from pytest_portable_errors.sender.serializers import Pickle

PICKLE = Serializers().find("pickle")


def trip_of(exc: BaseException, **settings: Any) -> RoundTrip:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def holding(exc: BaseException, **attributes: object) -> BaseException:
    exc.__dict__.update(attributes)
    return exc


def paths(losses: tuple[Loss, ...]) -> list[str]:
    return [loss.path for loss in losses]


class TestATrip:
    def test_a_lock_that_the_class_s_own_reducer_leaves_out_is_declared_lost(self) -> None:
        trip = trip_of(holding(zoo.DropsState("m"), lock=threading.Lock()))
        assert trip.arrived_whole
        assert (paths(trip.losses), paths(trip.declared_lost)) == ([], ["exc.lock"])

    def test_what_could_have_travelled_is_lost_beside_it(self) -> None:
        trip = trip_of(holding(zoo.DropsState("m"), lock=threading.Lock(), code=3))
        assert not trip.arrived_whole
        assert (paths(trip.losses), paths(trip.declared_lost)) == (["exc.code"], ["exc.lock"])

    def test_what_one_serializer_cannot_pickle_another_can(self) -> None:
        """dill pickles locks, so who sends by dill has lost one."""
        trip = trip_of(holding(zoo.DropsState("m"), lock=threading.Lock()), serializer="dill")
        assert (paths(trip.losses), paths(trip.declared_lost)) == (["exc.lock"], [])

    def test_a_lock_deep_in_what_is_left_out_is_enough(self) -> None:
        client = {"pool": [threading.Lock()], "name": "a"}
        trip = trip_of(holding(zoo.DropsState("m"), client=client))
        assert (paths(trip.losses), paths(trip.declared_lost)) == ([], ["exc.client"])

    def test_an_argument_that_goes_as_text_takes_python_s_message_with_it(self) -> None:
        trip = trip_of(zoo.SendsTexts("m", threading.Lock()))
        assert trip.arrived_whole, str(trip)
        assert set(paths(trip.declared_lost)) >= {"exc.args[1]"}

    def test_only_a_reducer_in_python_says_that_somebody_has_chosen(self) -> None:
        assert chooses(zoo.DropsState, Pickle())
        assert chooses(zoo.DropsByProtocol, Pickle())
        assert not chooses(zoo.Portable, Pickle())
        assert not chooses(zoo.HoldsLock, Pickle())

    def test_a_reducer_of_the_tests_is_nobody_s_choice(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def reduce(exc: zoo.Portable) -> tuple[Any, ...]:
            return zoo.Portable, exc.args

        exc = holding(zoo.Portable("m", 3), lock=threading.Lock())
        monkeypatch.setattr(zoo.Portable, "__reduce__", reduce)
        trip = trip_of(exc)
        assert (paths(trip.losses), paths(trip.declared_lost)) == (["exc.lock"], [])


class TestAPath:
    LOCK = threading.Lock()

    @pytest.mark.parametrize(
        ("path", "is_left"),
        [
            ("exc.client", True),
            ("exc.client['pool']", True),
            ("exc.client['pool'][1]", True),
            ("exc.client['pool'][0]", False),
            ("exc.client['name']", False),
            ("exc.holder.held", True),
            ("exc.code", False),
            ("exc.nothing", False),
            ("exc.args[0]", False),
            ("exc.args[1]", True),
            ("exc", False),
            ("message", False),
        ],
    )
    def test_leads_to_or_through_what_cannot_travel(self, path: str, is_left: bool) -> None:
        exc = holding(
            zoo.DropsState("m", self.LOCK),
            client={"pool": [1, self.LOCK], "name": "a"},
            holder=zoo.Holder(self.LOCK),
            code=3,
        )
        assert is_left_behind(exc, path, PICKLE) is is_left

    def test_of_a_class_that_chooses_nothing_leads_to_nothing_that_is_left_behind(self) -> None:
        assert is_left_behind(holding(zoo.DropsState("m"), lock=self.LOCK), "exc.lock", PICKLE)
        assert not is_left_behind(holding(zoo.Portable("m"), lock=self.LOCK), "exc.lock", PICKLE)

    def test_the_class_that_holds_it_chooses_and_not_the_one_that_holds_that(self) -> None:
        chooser = holding(zoo.DropsState("m"), lock=self.LOCK)
        plain = holding(zoo.Portable("m"), lock=self.LOCK)
        for held, is_left in ((chooser, True), (plain, False)):
            caused = zoo.chained(zoo.Portable("a"), cause=held)
            holder = holding(zoo.Portable("a"), last=held)
            assert is_left_behind(caused, "exc.__cause__.lock", PICKLE) is is_left
            assert is_left_behind(holder, "exc.last.lock", PICKLE) is is_left

    def test_what_it_goes_through_first_can_travel_or_not(self) -> None:
        exc = holding(zoo.Portable("m"), lock=self.LOCK, code=[3])
        assert value_can_travel(exc, "exc.code[0]", PICKLE)
        assert value_can_travel(exc, "exc.args[0]", PICKLE)
        assert not value_can_travel(exc, "exc.lock", PICKLE)
        assert not value_can_travel(exc, "exc.nothing", PICKLE)


class TestLosses:
    def test_of_another_kind_are_nobody_s_choice(self) -> None:
        exc = holding(zoo.DropsState("m"), lock=threading.Lock())
        lost = [
            Loss(kind=kind, path="exc.lock", sent="s", received="r")
            for kind in ("attributes", "traceback")
        ]
        compared = with_choices(Comparison(losses=tuple(lost), declared=()), exc, PICKLE)
        assert (compared.losses, compared.declared) == ((lost[1],), (lost[0],))

    @pytest.mark.parametrize(("cls", "is_declared"), [(zoo.DropsState, True), (zoo.OwnText, False)])
    def test_a_message_that_python_makes_of_such_arguments_goes_with_them(
        self, cls: type[BaseException], is_declared: bool
    ) -> None:
        argument = Loss(kind="args", path="exc.args[0]", sent="s", received="r")
        message = Loss(kind="message", path="message", sent="s", received="r")
        compared = Comparison(losses=(message, argument), declared=())
        chosen = with_choices(compared, cls(threading.Lock()), PICKLE)
        assert chosen.losses == (() if is_declared else (message,))
        alone = with_choices(replace_losses(compared, message), cls(threading.Lock()), PICKLE)
        assert alone.losses == (message,), "the control: no argument was left behind"


def replace_losses(compared: Comparison, *losses: Loss) -> Comparison:
    return Comparison(losses=losses, declared=compared.declared)


PLAIN = st.recursive(
    st.none() | st.integers() | st.text() | st.binary(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner) | st.tuples(inner),
    max_leaves=10,
)


@given(PLAIN)
def test_plain_data_can_travel_and_is_never_left_behind(data: object) -> None:
    assert can_travel(data, PICKLE)
    assert not is_left_behind(holding(zoo.DropsState("m"), data=data), "exc.data", PICKLE)


@given(PLAIN)
def test_a_lock_beside_any_data_keeps_it_from_travelling(data: object) -> None:
    held = [data, threading.Lock()]
    assert not can_travel(held, PICKLE)
    exc = holding(zoo.DropsState("m"), data=held)
    assert is_left_behind(exc, "exc.data", PICKLE)
    assert not is_left_behind(exc, "exc.data[0]", PICKLE)


def test_what_is_too_much_can_be_pickled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pytest_portable_errors.sender.serializers.PAYLOAD_LIMIT", 10)
    assert can_travel("a" * 1_000, PICKLE)


def test_the_user_may_interrupt_it() -> None:
    with pytest.raises(KeyboardInterrupt):
        can_travel(zoo.ReduceInterrupts("m"), PICKLE)


def test_asking_changes_nothing() -> None:
    exc = zoo.DropsFromItself("m")
    assert can_travel(exc, PICKLE)
    assert exc.connection == "alive"


class Plainly(dict[str, object]):
    """As the ``ReturnDict`` of Django REST framework: it is pickled as a dict."""

    def __reduce__(self) -> Any:
        return dict, (dict(self),)


class Rebuilt(dict[str, object]):
    def __reduce__(self) -> Any:
        return type(self), (dict(self),)


class Refusing(dict[str, object]):
    def __reduce__(self) -> Any:
        raise TypeError("not me")


class TestBecomesPlain:
    def test_what_its_own_class_pickles_as_plain_data_is_declared_lost(self) -> None:
        trip = trip_of(ValueError("m", Plainly(a=1)))
        assert trip.arrived_whole
        assert paths(trip.declared_lost) == ["exc.args[1]"]

    def test_so_is_what_lies_deeper(self) -> None:
        trip = trip_of(holding(LookupError("m"), detail=[Plainly(a=1)]))
        assert trip.arrived_whole
        assert paths(trip.declared_lost) == ["exc.detail[0]"]

    @pytest.mark.parametrize(
        "value", [Rebuilt(a=1), Refusing(), {"a": 1}, [1], "a", None, KeyError]
    )
    def test_others_are_not(self, value: object) -> None:
        assert not becomes_plain(value)
