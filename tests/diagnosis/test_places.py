"""A fix goes where pickle will look for it, and where its class can be edited."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import Register, facts
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.diagnosis.places import METHODS, method_of, places, uses_method

OURS = frozenset({zoo.__name__, __name__})


class Heir(zoo.DropsByProtocol):
    """Inherits the method that pickle asks for first."""


class OfALibrary(zoo.Refused):
    """Ours, and its base is not."""


def found(
    exc: BaseException, ours: frozenset[str] = OURS, *, from_tests: bool = False
) -> list[tuple[str, str, bool]]:
    """The names of the classes that get code, the method, and whether they have it already."""
    known = replace(facts(exc, reading=Reading(names=(), calls=())), from_tests=from_tests)
    return [
        (cls.__qualname__, target.method, target.replaces)
        for cls, target in places(known, ours.__contains__)
    ]


class TestPlaces:
    def test_a_class_of_the_project_gets_a_method(self) -> None:
        assert found(zoo.NotFound("bob")) == [("NotFound", "__reduce__", False)]

    @pytest.mark.parametrize(
        ("exc", "expected"),
        [
            (zoo.DropsState("m"), ("DropsState", "__reduce__", True)),
            (zoo.DropsByProtocol("m"), ("DropsByProtocol", "__reduce_ex__", True)),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_a_method_that_it_has_is_replaced(
        self, exc: BaseException, expected: tuple[str, str, bool]
    ) -> None:
        assert found(exc) == [expected]

    def test_the_class_that_owns_the_defect_comes_before_the_one_that_inherits_it(self) -> None:
        assert found(zoo.RefusedTwice(3, "m")) == [
            ("Refused", "__reduce__", False),
            ("RefusedTwice", "__reduce__", False),
        ]
        assert found(Heir("m")) == [
            ("DropsByProtocol", "__reduce_ex__", True),
            ("Heir", "__reduce_ex__", False),
        ]

    def test_one_whose_own_constructor_is_to_blame_is_the_only_one(self) -> None:
        assert found(zoo.RefusedForGood("m")) == [("RefusedForGood", "__reduce__", False)]

    def test_a_base_of_a_library_is_left_alone(self) -> None:
        ours = frozenset({__name__})
        assert found(OfALibrary(3, "m"), ours) == [("OfALibrary", "__reduce__", False)]
        assert found(OfALibrary(3, "m"))[0] == ("Refused", "__reduce__", False), "the control"

    def test_a_class_of_others_gets_a_registration(self) -> None:
        assert found(zoo.NotFound("bob"), frozenset()) == [("NotFound", "", False)]

    def test_python_s_own_get_none_because_it_would_be_everybody_s(self) -> None:
        assert found(ValueError("m")) == found(ValueError("m"), frozenset({"builtins"})) == []

    def test_a_class_without_a_body_gets_a_registration(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Made", (zoo.Refused,), {"__module__": zoo.__name__})
        monkeypatch.setattr(zoo, "Made", made, raising=False)
        assert found(made(3, "m")) == [("Made", "", False)]

    def test_one_that_nobody_can_name_gets_none(self) -> None:
        made = type("Made", (Exception,), {"__module__": "no_such_module"})
        assert found(made("m")) == []

    def test_one_with_false_names_is_registered_under_its_public_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        made = type("Made", (Exception,), {"__module__": "no_such_module"})
        monkeypatch.setattr(zoo, "Public", made, raising=False)
        known = facts(made("m"), reading=Reading(names=(), calls=()))
        ((cls, target),) = places(known, lambda _: False)
        assert cls is made
        assert (target.module, target.qualname, target.method) == ("error_zoo", "Public", "")

    def test_a_registration_hides_methods_and_is_replaced_by_another(
        self, register: Register
    ) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert found(zoo.PaymentError(7, "m")) == [("PaymentError", "", False)]

    def test_one_that_only_the_tests_have_is_to_go_and_hides_none(self, register: Register) -> None:
        register(zoo.PaymentError, zoo.reduce_payment)
        assert found(zoo.PaymentError(7, "m"), from_tests=True) == [
            ("PaymentError", "__reduce__", False)
        ]


class Called(Exception):
    """Raised by the method that pickle calls."""


def tell(self: BaseException, *protocol: int) -> Any:
    raise Called


def other(self: BaseException, *protocol: int) -> Any:
    return type(self), ()


METHODS_OF_A_CLASS = st.sets(st.sampled_from(METHODS))


@given(
    st.lists(METHODS_OF_A_CLASS, min_size=1, max_size=4),
    st.integers(min_value=0),
    st.sampled_from(METHODS),
    st.sampled_from((Exception, OSError, KeyError)),
)
def test_a_method_is_used_if_pickle_calls_it(
    methods: list[set[str]], number: int, method: str, base: type
) -> None:
    family: list[type] = [base]
    for names in methods:
        family.append(type("Made", (family[-1],), dict.fromkeys(names, other)))
    cls, owner = family[-1], family[1 + number % len(methods)]
    foretold = uses_method(cls, owner, method)
    setattr(owner, method, tell)
    try:
        pickle.dumps(cls())
    except Called:
        assert foretold
    except pickle.PicklingError:  # of the others' method, which gives a class without a name
        assert not foretold


def test_a_registration_is_used_in_place_of_any_method(register: Register) -> None:
    assert uses_method(zoo.PaymentError, zoo.PaymentError, "__reduce__"), "the control"
    register(zoo.PaymentError, zoo.reduce_payment)
    assert not uses_method(zoo.PaymentError, zoo.PaymentError, "__reduce__")


def test_the_method_of_another_family_is_not_used() -> None:
    assert not uses_method(zoo.NotFound, zoo.PaymentError, "__reduce__")


@given(st.lists(METHODS_OF_A_CLASS, min_size=1, max_size=4))
def test_the_method_that_is_proposed_is_one_that_pickle_uses(methods: list[set[str]]) -> None:
    def classes() -> Iterator[type]:
        made: type = Exception
        for names in methods:
            made = type("Made", (made,), dict.fromkeys(names, other))
            yield made

    for cls in classes():
        assert uses_method(cls, cls, method_of(cls))
