"""What is learnt of a class is learnt without its help: where it tells nothing, or lies, nothing is said and nothing fails."""

from __future__ import annotations

from typing import Any

import error_zoo as zoo
import pytest

from pytest_portable_errors.diagnosis import code
from pytest_portable_errors.diagnosis.payload import Pairs


class Hostile(type):
    """A metaclass that answers nothing."""

    def __getattribute__(cls, name: str) -> Any:
        raise RuntimeError(name)


class HostileDefault:
    def __repr__(self) -> str:
        raise RuntimeError


class Mapped(Exception):
    """Has what a state may run into: a property that cannot be set, and one that can."""

    def __init__(self, code: int = 0) -> None:
        self._code = code

    @property
    def code(self) -> int:
        return self._code

    @property
    def free(self) -> int:
        return self._code

    @free.setter
    def free(self, value: int) -> None:
        self._code = value


def function(order_id: int, reason: object = HostileDefault(), *, code: int) -> None: ...


def untold(self: object, reason: str) -> None: ...


untold.__signature__ = 5  # type: ignore[attr-defined]  # what a decorator may leave there


class TestSignatures:
    def test_a_function_that_tells_something_else_is_not_said_to_refuse_anything(self) -> None:
        assert code.signature(untold) is None  # type: ignore[arg-type]  # a FunctionType
        assert code.fits(untold, ("too", "many", "for", "it"))  # type: ignore[arg-type]  # a FunctionType
        assert code.parameters(untold) == "(...)"  # type: ignore[arg-type]  # a FunctionType
        assert code.keyword_only(untold) == []  # type: ignore[arg-type]  # a FunctionType
        assert code.bound(untold, ("a",), repr) is None  # type: ignore[arg-type]  # a FunctionType

    def test_arguments_have_the_names_that_they_reach_as_far_as_they_fit(self) -> None:
        constructor = code.own_constructor(zoo.PaymentError)
        assert constructor is not None
        assert code.bound(constructor, (7, "declined"), repr) == "order_id=7, reason='declined'"
        assert code.bound(constructor, (7,), repr) is None

    def test_a_default_that_cannot_be_shown_leaves_the_names(self) -> None:
        assert code.parameters(function) == "(reason, code)"  # type: ignore[arg-type]  # a FunctionType


class TestReducerOf:
    def test_a_class_that_does_not_let_itself_be_looked_at_has_none(self) -> None:
        assert code.reducer_of(Hostile("Closed", (Exception,), {})) is None

    def test_one_that_python_pickles_has_none(self) -> None:
        assert code.reducer_of(ValueError) is None


class TestSetterAtFault:
    def test_is_the_property_without_setter_whatever_stands_before_it(self) -> None:
        state = Pairs([("plain", 1), ("free", 2), (3, 4), ("code", 5)])
        told = code.setter_at_fault(Mapped, state)
        assert told is not None
        assert told.startswith("Mapped.code is a property without setter    ")

    @pytest.mark.parametrize("state", [Pairs([("plain", 1), ("free", 2), (3, 4)]), None, (1, 2)], ids=["dict", "none", "tuple"])
    def test_is_nobody_where_all_can_be_set(self, state: object) -> None:
        assert code.setter_at_fault(Mapped, state) is None


class TestPlaceOf:
    def test_is_the_file_and_the_line_of_the_class(self) -> None:
        found = code.place_of(zoo.PaymentError)
        assert found is not None
        file, line = found
        with open(file, encoding="utf-8") as lines:
            assert list(lines)[line - 1].startswith("class PaymentError(")

    def test_a_class_that_was_generated_has_none(self) -> None:
        assert code.place_of(type("Made", (Exception,), {"__module__": "no_such_module"})) is None
