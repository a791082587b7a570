"""Which exceptions are alike."""

from __future__ import annotations

import threading
from typing import Any

import error_zoo as zoo
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_portable_errors.judging.shapes import shape_of

TEXTS = st.text(alphabet="abcdefgh ", min_size=1, max_size=20)


@given(TEXTS, TEXTS, st.integers(min_value=1), st.integers(min_value=1))
def test_texts_and_numbers_make_no_difference(
    one: str, other: str, number: int, another: int
) -> None:
    def made(text: str, count: int) -> ValueError:
        exc = ValueError(text, (count, [text]))
        # any exception takes attributes
        exc.detail = {"text": text, "count": count}  # type: ignore[attr-defined]
        return exc

    assert shape_of(made(one, number)) == shape_of(made(other, another))
    assert shape_of(made(one, number)) is not None


def chained(link: BaseException) -> ValueError:
    exc = ValueError("a")
    exc.__cause__ = link
    return exc


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ValueError("a"), TypeError("a")),
        (ValueError("a"), ValueError("")),
        (ValueError(0), ValueError(1)),
        (ValueError(1), ValueError(True)),
        (ValueError(True), ValueError(False)),
        (ValueError(1), ValueError(1.0)),
        (ValueError("a"), ValueError(b"a")),
        (ValueError("a"), ValueError("a", "b")),
        (ValueError(None), ValueError("a")),
        (ValueError({"a": 1}), ValueError({"b": 1})),
        (OSError(2, "a"), OSError(13, "a")),
        (ValueError("a"), chained(KeyError("b"))),
        (chained(TypeError("b")), chained(KeyError("b"))),
    ],
)
def test_what_makes_a_difference(one: BaseException, other: BaseException) -> None:
    assert shape_of(one) is not None
    assert shape_of(one) != shape_of(other)


class Local:
    pass


@pytest.mark.parametrize(
    "value",
    [
        object(),
        threading.Lock(),
        Local(),
        {1},
        "x" * 2_000,
        list(range(50)),
        {1: 2},
        "sk-0123456789abcdef",
    ],
)
def test_what_has_to_travel(value: Any) -> None:
    assert shape_of(ValueError(value)) is None


def test_members_and_local_classes_travel() -> None:
    class Inner(Exception):
        pass

    assert shape_of(Inner("a")) is None
    assert shape_of(zoo.PaymentError(7, "a")) is not None, "the control"


def test_no_exception_is_disturbed() -> None:
    class Hostile(Exception):
        def __getattribute__(self, name: str) -> Any:
            raise RuntimeError(name)

    assert shape_of(Hostile("a")) is None
