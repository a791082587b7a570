"""What the first patch leaves, each found by the plugin: in minutes, before a review."""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any, cast

import httpx
import litellm
import openai
import pytest
from memory_app.tasks import NoSuchMemory

from pytest_portable_errors import RoundTrip, Stage, check_round_trip

pytestmark = pytest.mark.usefixtures("plain_libraries")

REQUEST = httpx.Request("POST", "https://api.openai.com/v1/chat/completions")
VALUES = {
    "message": "slow down",
    "model": "gpt-4o",
    "llm_provider": "openai",
    "request": REQUEST,
    "response": httpx.Response(429, request=REQUEST),
    "status_code": 429,
    "request_data": {"model": "gpt-4o"},
    "failures": [],
}
MARKS = ("__reduce__", "_pickle_patched")


def classes_of_litellm() -> list[type[BaseException]]:
    return [
        cls
        for cls in vars(litellm.exceptions).values()
        if isinstance(cls, type)
        and issubclass(cls, BaseException)
        and cls.__module__ == "litellm.exceptions"
    ]


@pytest.fixture
def first_patch(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The module imported afresh, and so the classes patched, for one test."""
    before = {cls: {name: vars(cls).get(name) for name in MARKS} for cls in classes_of_litellm()}
    monkeypatch.delitem(sys.modules, "memory_app.first_patch", raising=False)
    yield importlib.import_module("memory_app.first_patch")
    for cls, marks in before.items():
        for name, value in marks.items():
            if value is not None:
                setattr(cls, name, value)
            elif name in vars(cls):
                delattr(cls, name)


def built(cls: type[BaseException]) -> BaseException:
    """An instance from the required arguments."""
    required = [
        name
        for name, parameter in inspect.signature(cls.__init__).parameters.items()
        if parameter.default is parameter.empty
    ]
    return cls(
        **{
            name: VALUES.get(name, f"some {name}")
            for name in required
            if name not in ("self", "args", "kwargs")
        }
    )


def rate_limit() -> Any:
    return litellm.RateLimitError("slow down", llm_provider="openai", model="gpt-4o")


def chained() -> Any:
    """With a cause, as ``raise ... from ...`` sets it."""
    error = rate_limit()
    error.__cause__ = KeyError("the question")
    return error


@pytest.mark.usefixtures("first_patch")
class TestWhatItsTestsLookedAt:
    """The sender's own classes in the sender's own process, or in another that has the same
    package: all is well."""

    def test_a_listed_class_arrives_where_the_application_is_installed(self) -> None:
        assert check_round_trip(
            rate_limit(), serializer="docket", receiver="with-project"
        ).arrived_whole

    def test_and_its_cause(self) -> None:
        assert check_round_trip(
            chained(), serializer="docket", receiver="with-project"
        ).arrived_whole


class TestWhatItLeft:
    def test_classes_that_are_not_in_the_list(self, first_patch: ModuleType) -> None:
        assert all(trip_of(cls).arrived_whole for cls in first_patch.CLASSES)
        others = [
            trip_of(cls) for cls in classes_of_litellm() if not issubclass(cls, first_patch.CLASSES)
        ]
        lost = [trip for trip in others if not trip.arrived_whole]
        if not lost:
            pytest.skip("this release of LiteLLM has repaired the others itself")
        assert all(trip.diagnosis for trip in lost), "why, of each"

    @pytest.mark.usefixtures("first_patch")
    def test_the_reconstructor_that_the_client_lacks(self) -> None:
        trip = check_round_trip(rate_limit(), serializer="docket", receiver="without-project")
        assert trip.stage is Stage.LOADS
        assert trip.with_project is not None
        assert trip.with_project.arrived_whole, (
            "so it is not the exception, it is where the function is"
        )
        assert "memory_app.first_patch.rebuild" in str(trip)

    @pytest.mark.usefixtures("first_patch")
    def test_an_implicit_chain_that_is_hidden_at_the_client(self) -> None:
        error = rate_limit()
        error.__context__ = KeyError("the question")
        trip = check_round_trip(error, serializer="docket", receiver="with-project")
        assert [loss.kind for loss in trip.losses] == ["chain"]
        assert "__suppress_context__" in str(trip)

    @pytest.mark.usefixtures("first_patch")
    @pytest.mark.parametrize(
        "cause",
        [
            NoSuchMemory("7", "alice"),
            openai.RateLimitError("slow down", response=cast(Any, VALUES["response"]), body=None),
        ],
        ids=["ours", "openai's"],
    )
    def test_a_cause_that_takes_the_exception_down(self, cause: BaseException) -> None:
        """``dumps`` of it succeeds, and that is all that is asked."""
        error = rate_limit()
        error.__cause__ = cause
        trip = check_round_trip(error, serializer="docket", receiver="with-project")
        assert trip.stage is Stage.LOADS
        assert "exc.__cause__" in str(trip)
        error.__cause__ = None
        assert check_round_trip(
            error, serializer="docket", receiver="with-project"
        ).arrived_whole, "it is the cause"

    @pytest.mark.usefixtures("first_patch")
    def test_text_in_the_place_of_what_the_serializer_in_use_could_carry(self) -> None:
        """Plain pickle refuses a lambda, and is asked; cloudpickle, which Docket uses, takes it."""
        error = rate_limit()
        error.retry_after = lambda attempt: 2**attempt
        trip = check_round_trip(error, serializer="docket", receiver="with-project")
        assert [(loss.kind, loss.path) for loss in trip.losses] == [
            ("attributes", "exc.retry_after")
        ]

    def test_a_mark_that_subclasses_inherit(
        self, first_patch: ModuleType, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A class of the list that pickles itself, wrongly, is taken for patched when its base
        is."""
        late = type(
            "LateError",
            (litellm.exceptions.BadRequestError,),
            {"__reduce__": lambda self: (type(self), ())},
        )
        monkeypatch.setattr(first_patch, "CLASSES", (*first_patch.CLASSES, late))
        first_patch.patch()
        assert late.__reduce__ is not first_patch.reduce


def trip_of(cls: type[BaseException]) -> RoundTrip:
    return check_round_trip(built(cls), serializer="docket", receiver="with-project")


def test_the_control_without_the_patch() -> None:
    assert not any("_pickle_patched" in vars(cls) for cls in classes_of_litellm()), (
        "the fixture takes it out again"
    )
    assert not check_round_trip(
        chained(), serializer="docket", receiver="with-project"
    ).arrived_whole
