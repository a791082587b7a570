"""With the reducers registered by the worker a LiteLLM error arrives whole, cause included; and
what the plugin says, Docket then does."""

from __future__ import annotations

import asyncio
import copyreg
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import docket_models
import docket_reducers
import docket_tasks
import litellm
import pytest
from docket import Docket, Worker

from pytest_portable_errors import Stage, check_round_trip

Work = Callable[..., dict[str, Any]]
MESSAGE = "litellm.RateLimitError: Rate limit reached for gpt-4o"


def rate_limit() -> litellm.RateLimitError:
    """What the task fails with."""
    with pytest.raises(litellm.RateLimitError) as caught:
        asyncio.run(docket_tasks.ask_the_model())
    return caught.value


@pytest.fixture
def plain_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    """LiteLLM's classes as they are installed, whatever else in this process may have registered
    for them."""
    for cls in docket_reducers.classes():
        monkeypatch.delitem(copyreg.dispatch_table, cls, raising=False)


@pytest.fixture
def reducers(plain_litellm: None) -> Iterator[None]:  # noqa: ARG001  # for what it does
    """What the worker does when it starts, for one test."""
    before = set(copyreg.dispatch_table)
    docket_reducers.register()
    yield
    for cls in set(copyreg.dispatch_table) - before:
        del copyreg.dispatch_table[cls]


class TestARateLimit:
    def test_arrives_at_the_client_whole(self, work: Work) -> None:
        got = work("ask_the_model")
        assert got["died_of"] is None
        assert (got["raised"], got["message"], got["cause"]) == (
            "RateLimitError",
            MESSAGE,
            "KeyError('the question')",
        )
        assert (got["attributes"]["model"], got["attributes"]["llm_provider"]) == (
            "gpt-4o",
            "openai",
        )
        assert got["attributes"]["status_code"] == 429

    @pytest.mark.portable_exception(
        serializers=("docket",),
        receiver="without-project",
        chain=(litellm.RateLimitError, KeyError),
    )
    @pytest.mark.usefixtures("reducers")
    def test_the_plugin_says_so_before(self) -> None:
        """The receiver has no ``docket_reducers``: the client needs LiteLLM and nothing else."""
        rate_limit()

    def test_the_control_without_the_reducers_it_does_not(self, work: Work) -> None:
        got = work("ask_the_model", "--without-reducers")
        assert got["died_of"] is None
        assert (got["state"], got["error"]) == ("failed", f"RateLimitError: {MESSAGE}"), (
            "Docket keeps the text beside it"
        )
        assert got["cause"] == "None", (
            "the cause is never carried by plain pickle, whatever upstream repairs"
        )
        if got["raised"] != "RateLimitError":
            assert (got["raised"], "'llm_provider' and 'model'" in got["message"]) == (
                "TypeError",
                True,
            )

    @pytest.mark.usefixtures("plain_litellm")
    def test_the_plugin_says_before_what_the_client_gets_without_them(self, work: Work) -> None:
        trip = check_round_trip(rate_limit(), serializer="docket")
        got = work("ask_the_model", "--without-reducers")
        assert not trip.arrived_whole
        if trip.stage is Stage.LOADS:
            assert f"received  nothing. {got['raised']}: {got['message']}" in str(trip)
        else:
            assert (trip.stage, got["raised"]) == (Stage.ARRIVED, "RateLimitError"), (
                "this LiteLLM has repaired the class, all but its chain"
            )

    # the second is what openai stands on since 3
    @pytest.mark.parametrize("library", ["httpx", "httpx2"])
    @pytest.mark.usefixtures("reducers")
    def test_takes_no_credentials_along(
        self, library: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        http = pytest.importorskip(library)
        error = rate_limit()
        request = http.Request(
            "POST",
            "https://api.openai.com",
            headers={"authorization": "Bearer sk-0123456789abcdef"},
        )
        error.response = http.Response(429, request=request)
        assert not check_round_trip(error, serializer="docket").credentials
        monkeypatch.setattr(docket_reducers, "_without_credentials", lambda value: value)
        assert check_round_trip(error, serializer="docket").credentials, (
            "the control: they are there to be taken along"
        )


class TestAnUnpicklableAttribute:
    """Docket 0.27 pickles what a task raises without a guard: an error that cannot be pickled ends
    the worker, the task stays "running", and whoever waits for it waits on. So no worker is given
    that error here; the plugin names it before."""

    def test_the_plugin_names_it(self) -> None:
        with pytest.raises(docket_models.HoldsTheStore) as caught:
            asyncio.run(docket_tasks.save_and_hold_the_store())
        trip = check_round_trip(caught, serializer="docket", receiver="with-project")
        assert (trip.stage, trip.stopped_at) == (Stage.DUMPS, "exc.store._lock")

    def test_named_instead_of_held_it_arrives(self, work: Work) -> None:
        got = work("save_and_name_the_store", "--without-reducers")
        assert got["died_of"] is None
        assert (got["raised"], got["message"], got["attributes"]) == (
            "NamesTheStore",
            "memories is full",
            {"store": "memories"},
        )

    @pytest.mark.portable_exception(
        raises=docket_models.NamesTheStore, serializers=("docket",), receiver="with-project"
    )
    def test_and_the_plugin_says_so(self) -> None:
        asyncio.run(docket_tasks.save_and_name_the_store())


def memory(
    text: str, *, hour: int = 0, cls: type[docket_models.Memory] = docket_models.Memory
) -> docket_models.Memory:
    created = datetime(2026, 1, 1, hour, tzinfo=timezone.utc)
    return cls(id=UUID(int=hour), text=text, topics=frozenset({"taste", "colour"}), created=created)


class TestArgumentsAndResults:
    def by_docket(self, url: str, name: str, memories: list[docket_models.Memory]) -> Any:
        """A task with these arguments, and its result, by way of a queue and a worker."""

        async def trip() -> Any:
            async with Docket(name=name, url=url) as docket:
                execution = await docket.add(docket_tasks.merge)(memories)
                async with Worker(docket) as worker:
                    await worker.run_until_finished()
                await execution.sync()
                return await execution.get_result(timeout=timedelta(seconds=1))

        return asyncio.run(trip())

    def test_models_and_lists_of_them_travel(self, assert_value_roundtrip: Any) -> None:
        for value in (
            memory("likes blue"),
            [memory("likes blue"), memory("likes green", hour=1)],
            {"by user": [memory("likes blue")]},
        ):
            assert_value_roundtrip(value, serializers=("docket",), receiver="with-project")

    def test_by_docket_too(self, docket_url: str, docket_names: Callable[[], str]) -> None:
        old, new = memory("likes blue"), memory("likes green", hour=1)
        assert self.by_docket(docket_url, docket_names(), [new, old]) == new.model_copy(
            update={"replaces": [old]}
        )

    def test_a_model_with_a_lock_does_not(self, assert_value_roundtrip: Any) -> None:
        locked = memory("likes blue", cls=docket_models.MemoryWithLock)
        with pytest.raises(pytest.fail.Exception, match="lock"):
            assert_value_roundtrip([locked], serializers=("docket",), receiver="with-project")

    def test_nor_by_docket(self, docket_url: str, docket_names: Callable[[], str]) -> None:
        locked = memory("likes blue", cls=docket_models.MemoryWithLock)
        with pytest.raises(TypeError, match="lock"):
            self.by_docket(docket_url, docket_names(), [locked])


class Imitation(Exception):
    """LiteLLM's shape, in a class of our own: it stays as it is when upstream repairs its
    classes."""

    def __init__(self, message: str, llm_provider: str, model: str) -> None:
        super().__init__(f"litellm.Imitation: {message}")
        self.message, self.llm_provider, self.model = message, llm_provider, model
        self.__cause__ = KeyError("the question")


class TestControls:
    def test_importing_the_reducers_registers_nothing(self) -> None:
        assert docket_reducers.reduce not in copyreg.dispatch_table.values()

    def test_a_class_of_this_shape_cannot_be_rebuilt_without(self) -> None:
        with pytest.raises(TypeError, match="llm_provider"):
            copied(Imitation("slow down", "openai", "gpt-4o"))

    def test_and_can_with_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, Imitation, docket_reducers.reduce)
        arrived = copied(Imitation("slow down", "openai", "gpt-4o"))
        assert (type(arrived), str(arrived), arrived.model) == (
            Imitation,
            "litellm.Imitation: slow down",
            "gpt-4o",
        )
        assert repr(arrived.__cause__) == "KeyError('the question')"


def copied(value: Any) -> Any:
    """As Docket's worker and client do it."""
    import cloudpickle

    return cloudpickle.loads(cloudpickle.dumps(value))
