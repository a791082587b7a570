"""Instances are built in three ways, with values that show a loss."""

from __future__ import annotations

import enum
import pickle
from collections.abc import Sequence
from typing import Any, Literal, Optional, TypedDict

import error_zoo as zoo
import pytest

from pytest_portable_errors.building.build import CannotBuild, build
from pytest_portable_errors.survey.classes import subclasses_in


class Kind(enum.Enum):
    ONE = 1


class Failure(TypedDict):
    store: str
    error: str


class Typed(Exception):
    def __init__(
        self,
        message: str,
        status_code: int,
        failures: Sequence[Failure],
        kind: Kind,
        level: Literal["high", "low"],
        cause: Optional[ValueError] = None,  # noqa: UP045  # both spellings are met
        tags: list[str] | None = None,
        *,
        ratio: float = 0.0,
    ) -> None:
        super().__init__(message)
        assert failures[0]["store"]
        assert isinstance(kind, Kind)
        self.seen = {
            "status_code": status_code,
            "level": level,
            "cause": cause,
            "tags": tags,
            "ratio": ratio,
        }


def by_way(cls: type[BaseException], **values: Any) -> dict[str, Any]:
    return {variant.how: variant.exc for variant in build(cls, values=values)}


def test_required_all_by_position_and_all_by_keyword() -> None:
    built = by_way(Typed)
    assert list(built) == ["required", "by position", "by keyword"]
    assert built["required"].args == ("message-text",)
    assert built["required"].seen["cause"] is None
    assert isinstance(built["by position"].seen["cause"], ValueError)
    assert built["by keyword"].args == ("message-text",), (
        "BaseException.__new__ saw none, __init__ passed one on"
    )
    assert built["by keyword"].seen["level"] == "high"


@pytest.mark.parametrize(
    "cls",
    [
        zoo.PaymentError,
        zoo.KeywordOnly,
        zoo.NoParameters,
        zoo.NotFound,
        zoo.Picky,
        zoo.Portable,
        ValueError,
    ],
)
def test_the_zoo_is_built(cls: type[BaseException]) -> None:
    assert all(type(exc) is cls for exc in by_way(cls).values())


def test_values_are_distinct_not_empty_and_picklable() -> None:
    class Many(Exception):
        def __init__(self, a: str, b: str, c: int, d: int, e: Any) -> None:
            self.values = [a, b, c, d, e]

    values = by_way(Many)["required"].values
    assert len(set(values)) == 5
    assert all(values)
    pickle.dumps(values)


def test_given_values_go_first_by_parameter_and_by_type() -> None:
    built = by_way(Typed, message=lambda: "given", Kind=lambda: Kind.ONE)
    assert built["required"].args == ("given",)


def test_what_cannot_be_built_says_why() -> None:
    class Never(Exception):
        def __init__(self, thing: Any) -> None:
            raise LookupError("never")

    with pytest.raises(CannotBuild, match="Never could not be built: LookupError: never"):
        build(Never, values={})


def test_classes_are_those_that_their_modules_hold() -> None:
    found = subclasses_in("error_zoo")
    assert zoo.PaymentError in found
    assert found == sorted(found, key=lambda cls: f"{cls.__module__}.{cls.__qualname__}")
    assert all(cls.__module__ == "error_zoo" for cls in found)
