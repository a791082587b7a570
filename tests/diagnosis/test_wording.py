"""Calls, places and arguments are written short, each in one way, and without credentials."""

from __future__ import annotations

from types import FunctionType
from typing import Any

import error_zoo as zoo
import pytest
from diagnosis.trips import place

from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.wording import (
    arguments,
    brief_argument,
    called,
    class_name,
    placed,
)

GETATTR = Global("builtins", "getattr")
OWNER = Global("shop.errors", "PaymentError")


def call(function: object, args: object) -> Call:
    return Call(function=function, args=args, by="reduce")


def test_a_class_is_named_with_its_module_unless_it_is_built_in() -> None:
    assert (class_name(zoo.PaymentError), class_name(ValueError)) == (
        "error_zoo.PaymentError",
        "ValueError",
    )


@pytest.mark.parametrize(("length", "gap"), [(90, "    "), (91, "\n    ")])
def test_a_place_stands_on_the_line_while_there_is_room(length: int, gap: str) -> None:
    function = zoo.PaymentError.__init__
    assert isinstance(function, FunctionType)
    assert placed("x" * length, place(function)) == "x" * length + gap + place(function)


@pytest.mark.parametrize(
    ("function", "shown"),
    [
        (OWNER, "shop.errors.PaymentError"),
        (call(GETATTR, (OWNER, "make")), "shop.errors.PaymentError.make"),
        (
            call(Global("__builtin__", "getattr"), (call(GETATTR, (OWNER, "a")), "b")),
            "shop.errors.PaymentError.a.b",
        ),
        (call(GETATTR, (OWNER, "make", None)), "getattr(...)"),
        (call(GETATTR, "ab"), "getattr(...)"),
        (call(OWNER, (1, 2)), "shop.errors.PaymentError(...)"),
    ],
    ids=repr,
)
def test_what_a_payload_calls(function: object, shown: str) -> None:
    assert called(function) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (call(OWNER, (1,)), "shop.errors.PaymentError(...)"),
        (OWNER, "shop.errors.PaymentError"),
        ([1], "[...]"),
        ((1,), "(...)"),
        ("x" * 58, repr("x" * 58)),
        ("x" * 59, "'" + "x" * 56 + "..."),
        ("ghp_0123456789abcdef0123", "'***'"),
    ],
    ids=repr,
)
def test_an_argument_is_short(value: object, shown: str) -> None:
    assert brief_argument(value, Mask()) == shown


@pytest.mark.parametrize(
    ("args", "shown"), [((), ""), ((1, "a", [2]), "1, 'a', [...]"), ([1], "...")], ids=repr
)
def test_the_arguments_of_a_call_that_has_any(args: Any, shown: str) -> None:
    assert arguments(call(OWNER, args), Mask()) == shown
