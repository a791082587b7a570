"""The version that answers the reviews: every class of the installed LiteLLM, as itself, with its
chain, and nothing of ours at the client.

No test here goes red when LiteLLM repairs a class, and none passes because there was nothing to
look at.
"""

from __future__ import annotations

import copyreg
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cloudpickle
import httpx
import litellm
import openai
import pytest
from memory_app import litellm_pickling, tasks

from pytest_portable_errors import Stage, check_round_trip, portable_cases

HERE = Path(__file__).parent
SECRET = "sk-portable-0123456789abcdef"


@pytest.fixture
# The fixture is asked for because of what it does, not for a value.
def applied(plain_libraries: None) -> Iterator[list[type[BaseException]]]:  # noqa: ARG001
    """What the worker does when it starts, for one test."""
    before = set(copyreg.dispatch_table)
    yield litellm_pickling.apply()
    for cls in set(copyreg.dispatch_table) - before:
        del copyreg.dispatch_table[cls]


def rate_limit(cause: BaseException | None = None, context: BaseException | None = None) -> Any:
    """As ``raise ... from cause`` makes it, or ``raise ...`` while ``context`` is handled."""
    error = litellm.RateLimitError("slow down", llm_provider="openai", model="gpt-4o")
    error.__context__ = context or cause
    if cause is not None:
        error.__cause__ = cause
    return error


def arrived(error: BaseException) -> Any:
    """As Docket's worker and client do it."""
    return cloudpickle.loads(cloudpickle.dumps(error))


@pytest.mark.usefixtures("applied")
class TestEveryClass:
    @portable_cases("litellm")
    def test_arrives_whole(self) -> None:
        """One case for each class and serializer, and for each way that a provider refuses; found,
        built and compared by the plugin."""


@pytest.mark.usefixtures("applied")
class TestTheChain:
    @pytest.mark.parametrize(
        ("error", "shown"),
        [
            (rate_limit(), []),
            (rate_limit(cause=KeyError("7")), ["KeyError('7')"]),
            (rate_limit(context=KeyError("7")), ["KeyError('7')"]),
            (rate_limit(cause=KeyError("7"), context=ValueError("other")), ["KeyError('7')"]),
            (
                rate_limit(cause=rate_limit(cause=KeyError("7"))),
                [repr(rate_limit()), "KeyError('7')"],
            ),
        ],
        ids=["none", "cause", "context", "both", "of LiteLLM's own"],
    )
    def test_arrives_as_it_would_be_printed(
        self, error: BaseException, shown: list[str], assert_roundtrip: Any
    ) -> None:
        assert_roundtrip(error, serializers=("docket",), receiver="without-project")
        assert printed_chain(arrived(error)) == shown

    def test_hidden_stays_hidden(self, assert_roundtrip: Any) -> None:
        error = rate_limit(context=KeyError("7"))
        error.__suppress_context__ = True  # raise ... from None
        assert_roundtrip(error, serializers=("docket",), receiver="without-project")
        assert arrived(error).__suppress_context__ is True
        assert arrived(rate_limit(context=KeyError("7"))).__suppress_context__ is False

    def test_the_chain_of_a_built_in_link_comes_along(self, assert_roundtrip: Any) -> None:
        """Plain pickle would drop it there."""
        missing = KeyError("7")
        missing.__context__ = FileNotFoundError(2, "No such file", "memories.json")
        assert_roundtrip(
            rate_limit(cause=missing), serializers=("docket",), receiver="without-project"
        )
        assert arrived(rate_limit(cause=missing)).__cause__.__context__.filename == "memories.json"

    @pytest.mark.parametrize(
        "cause",
        [tasks.NoSuchMemory("7", "alice"), type("LocalError", (Exception,), {})("7")],
        ids=["of the application", "of a function"],
    )
    def test_a_link_that_cannot_be_rebuilt_takes_nothing_down(self, cause: BaseException) -> None:
        cause.__cause__ = KeyError("7")
        trip = check_round_trip(rate_limit(cause=cause), serializer="docket")
        assert trip.stage is Stage.ARRIVED
        assert {loss.kind for loss in trip.losses} == {"chain"}, (
            "the link's class is what is given up, and nothing else"
        )
        text, missing = printed_chain(arrived(rate_limit(cause=cause)))
        assert (
            text
            == f"RuntimeError({f'{type(cause).__module__}.{type(cause).__qualname__}: {cause}'!r})"
        )
        assert missing == "KeyError('7')"

    def test_an_openai_error_in_it_stays_one(self, assert_roundtrip: Any) -> None:
        # openai 3 is typed for httpx2's
        response: Any = httpx.Response(429, request=httpx.Request("POST", "https://api.openai.com"))
        refused = openai.RateLimitError("no", response=response, body=None)
        assert_roundtrip(
            rate_limit(context=refused), serializers=("docket",), receiver="without-project"
        )
        assert type(arrived(rate_limit(context=refused)).__context__) is openai.RateLimitError

    def test_a_ring_ends(self) -> None:
        error, link = rate_limit(), rate_limit()
        error.__cause__, link.__cause__ = link, error
        assert arrived(error).__cause__.__cause__ is None


@pytest.mark.usefixtures("applied")
class TestWhatCannotTravel:
    def test_goes_as_text_and_the_rest_arrives(self) -> None:
        error = rate_limit()
        error.client = threading.Lock()
        trip = check_round_trip(error, serializer="docket")
        assert trip.arrived_whole, "the patch has chosen, and says so by its reducer"
        assert [(loss.kind, loss.path) for loss in trip.declared_lost] == [
            ("attributes", "exc.client")
        ]
        assert "lock" in arrived(error).client

    def test_what_the_serializer_in_use_carries_is_carried(self) -> None:
        error = rate_limit()
        error.retry_after = lambda attempt: 2**attempt
        assert arrived(error).retry_after(3) == 8

    def test_what_is_written_and_cannot_be_read_goes_as_text(self) -> None:
        error = rate_limit()
        error.seen = tasks.NoSuchMemory("7", "alice")
        assert arrived(error).seen == "NoSuchMemory('no memory 7 in alice')"

    def test_an_answer_that_was_not_read_goes_as_text(self) -> None:
        error = rate_limit()
        error.response = httpx.Response(
            429, stream=httpx.ByteStream(b"slow down"), request=error.response.request
        )
        assert "429" in repr(arrived(error).response)
        assert not error.response.is_closed

    # the second is what openai stands on since 3
    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    def test_credentials_stay(self, library: str) -> None:
        http = pytest.importorskip(library)
        error = rate_limit()
        request = http.Request(
            "POST", "https://api.openai.com", headers={"authorization": f"Bearer {SECRET}"}
        )
        error.response = http.Response(429, request=request)
        assert SECRET.encode() in cloudpickle.dumps(error.response), (
            "the control: it is there to be sent"
        )
        assert SECRET.encode() not in cloudpickle.dumps(error)
        assert not check_round_trip(error, serializer="docket").credentials


class Unrepaired(Exception):
    """LiteLLM's shape, in a class of our own: it stays as it is when upstream repairs its
    classes."""

    def __init__(self, message: str, model: str) -> None:
        super().__init__(message)
        self.model = model


class Repaired(Unrepaired):
    """As it is then."""

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.args[0], self.model)


class TestTheGuard:
    @pytest.fixture(autouse=True)
    def theirs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for cls in (Repaired, Unrepaired):
            monkeypatch.setattr(cls, "__module__", "litellm.exceptions")

    def test_a_class_that_pickles_itself_is_left_alone(self) -> None:
        assert Unrepaired in litellm_pickling.unpicklable_classes(), (
            "the control: such a class is found"
        )
        assert Repaired not in litellm_pickling.unpicklable_classes()

    def test_so_is_one_that_somebody_else_registered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(
            copyreg.dispatch_table,
            Unrepaired,
            lambda error: (Unrepaired, (error.args[0], error.model)),
        )
        assert Unrepaired not in litellm_pickling.unpicklable_classes()

    def test_applied_twice_is_applied_once(self, applied: list[type[BaseException]]) -> None:
        assert litellm_pickling.apply() == applied

    def test_there_is_something_to_apply_it_to(self, applied: list[type[BaseException]]) -> None:
        assert {
            cls
            for cls, reducer in copyreg.dispatch_table.items()
            if reducer is litellm_pickling.reduce
        } == set(applied)
        assert {cls.__module__.partition(".")[0] for cls in applied} >= {
            "litellm",
            "openai",
            "httpx",
        }

    @pytest.mark.usefixtures("plain_libraries")
    def test_nothing_is_put_on_the_classes(self, request: pytest.FixtureRequest) -> None:
        before = {cls: set(vars(cls)) for cls in litellm_pickling.unpicklable_classes()}
        assert request.getfixturevalue("applied")
        assert {cls: set(vars(cls)) for cls in before} == before


class TestTheWorker:
    """Docket's own, in a process that is not pytest: what counts is what production does."""

    def run(self, *arguments: str) -> Any:
        environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        command = [sys.executable, "-m", "memory_app.worker", *arguments]
        done = subprocess.run(
            command,
            cwd=HERE,
            env=environment,
            capture_output=True,
            text=True,
            check=True,
            timeout=300,
        )
        return json.loads(done.stdout)

    def test_applies_it_when_it_starts(self) -> None:
        assert self.run() == {
            "raised": "RateLimitError",
            "message": "litellm.RateLimitError: Rate limit reached for gpt-4o",
            "cause": "RuntimeError('memory_app.tasks.NoSuchMemory: no memory 7 in alice')",
        }

    def test_the_control_without_it(self) -> None:
        assert self.run("--without-pickling")["cause"] == "None", (
            "plain pickle carries no cause, whatever upstream repairs"
        )

    def test_importing_it_changes_nothing(self) -> None:
        import memory_app.worker  # noqa: F401  # for what importing it might do

        assert litellm_pickling.reduce not in copyreg.dispatch_table.values()


class TestControls:
    def test_a_class_of_this_shape_cannot_be_rebuilt_without(self) -> None:
        with pytest.raises(TypeError, match="model"):
            arrived(Unrepaired("slow down", "gpt-4o"))

    def test_and_can_with_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, Unrepaired, litellm_pickling.reduce)
        error = arrived(Unrepaired("slow down", "gpt-4o"))
        assert (type(error), str(error), error.model) == (Unrepaired, "slow down", "gpt-4o")


def printed_chain(error: BaseException) -> list[str]:
    """What Python would print above it, the nearest first."""
    link = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    return [repr(link), *printed_chain(link)] if link else []
