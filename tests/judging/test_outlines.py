"""Which exceptions pickling alone cannot tell apart."""

from __future__ import annotations

import threading
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.judging.outlines import Outline, outline_of
from pytest_portable_errors.sender.extent import MUCH, Held, held_by

PLAIN = st.recursive(
    st.text(alphabet="abcdefgh ", min_size=1) | st.integers(min_value=1) | st.just(1.5),
    lambda values: (
        st.lists(values, min_size=1) | st.dictionaries(st.text("abc"), values, min_size=1)
    ),
)


class Thing:
    """Pickled by asking its class."""


class Asked(Exception):
    """Any value, in an attribute."""

    def __init__(self, value: Any) -> None:
        super().__init__("asked")
        self.value = value


class Writes(Exception):
    """Its reducer changes it."""

    def __reduce__(self) -> Any:
        self.args = ("changed",)
        return ValueError, ("x",)


def outline(exc: BaseException) -> Outline | None:
    return outline_of(exc, held_by(exc))


@given(PLAIN, PLAIN)
def test_plain_data_makes_no_difference(one: Any, other: Any) -> None:
    assert outline(Asked(one)) == outline(Asked(other)) is not None


def test_nor_do_the_values_of_what_is_asked() -> None:
    assert outline(Asked([Thing()])) == outline(Asked({"a": Thing(), "b": [Thing()]}))


class Slotted(Exception):
    __slots__ = ("more",)


def chained(link: BaseException) -> Asked:
    exc = Asked(1)
    exc.__cause__ = link
    return exc


def noted() -> Asked:
    exc = Asked(1)
    exc.__notes__ = ["a note"]
    return exc


def with_more() -> Asked:
    exc = Asked(1)
    exc.more = 1  # type: ignore[attr-defined]  # any exception takes attributes
    return exc


@pytest.mark.parametrize(
    "other",
    [
        Asked(None),
        Asked(""),
        Asked(Thing()),
        Asked(Thing),
        Asked(len),
        Asked(threading.Lock()),
        Asked({"password": "x"}),
        Asked("sk-0123456789abcdef0123"),
        chained(ValueError("a")),
        noted(),
        with_more(),
        Slotted("asked"),
        ValueError("asked"),
    ],
    ids=lambda exc: repr(exc)[:40] if isinstance(exc, Slotted) else None,
)
def test_what_makes_a_difference(other: BaseException) -> None:
    assert outline(other) is not None
    assert outline(other) != outline(Asked(1))


def test_two_objects_that_cannot_be_pickled_are_alike() -> None:
    """Their texts hold their addresses."""
    local = [lambda: None, lambda: None]  # two functions of one name
    assert outline(Asked(local[0])) == outline(Asked(local[1]))


def test_of_what_holds_much_the_class_and_how_its_pickle_begins_count() -> None:
    def large(value: Any) -> Outline | None:
        return outline_of(Asked(value), Held([], MUCH))

    assert large([1]) == large({})
    assert large([1]) != large([threading.Lock()])


def test_classes_that_cannot_be_imported_and_groups_have_none() -> None:
    class Local(Exception):
        pass

    assert outline(Local("a")) is None
    assert outline(zoo.PaymentError(7, "a")) is not None, "the control"


def test_what_pickling_changes_is_undone() -> None:
    exc = Writes("before")
    assert outline(exc) is not None
    assert exc.args == ("before",)


def test_no_foreign_code_escapes() -> None:
    class Metaclass(type):
        def __hash__(cls) -> int:
            raise RuntimeError("hash")

    class Hostile(metaclass=Metaclass):
        def __getattr__(self, name: str) -> Any:
            raise RuntimeError(name)

        def __bool__(self) -> bool:
            raise RuntimeError("bool")

    assert outline(Asked(Hostile())) is not None


def test_one_whose_fields_cannot_be_read_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: BaseException) -> None:
        raise RuntimeError("no attributes")

    monkeypatch.setattr("pytest_portable_errors.receiver.fields.attributes_of", refuse)
    assert outline(Asked(1)) is None
