"""The project's own error arrives with the facts in it, at clients that have neither LiteLLM nor
Docket; and the plugin says so before."""

from __future__ import annotations

import asyncio
import json
import pickle
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import translation_tasks
from translation_boundary import LIBRARIES, at_the_boundary, translated
from translation_errors import ModelCallFailed, StepOfAJobFailed

from pytest_portable_errors import check_round_trip

HERE = Path(__file__).parent
MESSAGE = "openai/gpt-4o answered 429 (RateLimitError): litellm.RateLimitError: slow down"
FACTS = {
    "kind": "RateLimitError",
    "message": "litellm.RateLimitError: slow down",
    "model": "gpt-4o",
    "provider": "openai",
    "status": 429,
}


def raised_by(task: Any) -> BaseException:
    with pytest.raises(Exception) as caught:
        asyncio.run(task())
    return caught.value


class TestTheClient:
    def test_gets_the_facts(self, translation_run: dict[str, Any]) -> None:
        got = translation_run["from_none"]
        assert (got["raised"], got["message"], got["facts"]) == (
            "translation_errors.ModelCallFailed",
            MESSAGE,
            FACTS,
        )

    def test_the_control_without_the_translation_it_does_not(
        self, translation_run: dict[str, Any]
    ) -> None:
        got = translation_run["not_translated"]
        assert got["chain"] == [], (
            "the cause is never carried by plain pickle, whatever upstream repairs"
        )
        if got["raised"] != "litellm.exceptions.RateLimitError":
            assert (got["raised"], "'llm_provider' and 'model'" in got["message"]) == (
                "builtins.TypeError",
                True,
            )

    def test_needs_no_library(self, translation_run: dict[str, Any]) -> None:
        """A client with the standard library and the one module of the project's that it was
        given."""
        client = (
            "import base64, json, pickle, sys\n"
            "sys.path.append(sys.argv[1])\n"
            "error = pickle.loads(base64.b64decode(sys.stdin.read()))\n"
            "print(json.dumps([type(error).__name__, str(error), error.may_be_tried_again, "
            "sorted(sys.modules)]))"
        )
        command = [sys.executable, "-I", "-S", "-c", client, str(HERE)]
        done = subprocess.run(
            command,
            input=translation_run["from_none"]["stored"],
            capture_output=True,
            text=True,
            check=True,
        )
        name, message, again, modules = json.loads(done.stdout)
        assert (name, message, again) == ("ModelCallFailed", MESSAGE, True)
        assert not {*LIBRARIES, "docket", "cloudpickle"} & set(modules)

    def test_an_error_of_the_project_itself_is_not_touched(
        self, translation_run: dict[str, Any]
    ) -> None:
        got = translation_run["of_the_project_itself"]
        assert (got["raised"], got["message"]) == ("builtins.ValueError", "no question")

    def test_one_without_the_module_reads_the_message(
        self, translation_run: dict[str, Any]
    ) -> None:
        got = translation_run["for_a_command_line"]
        assert (got["raised"], got["message"]) == ("builtins.RuntimeError", MESSAGE)


class TestFromNoneOrNot:
    """The client sees the same. Where the difference lies is that ``from None`` promises nothing
    that is not kept."""

    def test_the_client_sees_no_chain_either_way(self, translation_run: dict[str, Any]) -> None:
        for task in ("from_none", "from_the_error"):
            assert (translation_run[task]["message"], translation_run[task]["chain"]) == (
                MESSAGE,
                [],
            )

    def test_the_log_has_the_original_with_its_cause(self, translation_run: dict[str, Any]) -> None:
        _, _, log = translation_run["log"].partition("from_none failed")
        assert "KeyError: 'the question'" in log
        assert "litellm.exceptions.RateLimitError" in log

    def test_the_plugin_tells_them_apart_before(self) -> None:
        kept = check_round_trip(
            raised_by(translation_tasks.from_none), serializer="docket", receiver="with-project"
        )
        dropped = check_round_trip(
            raised_by(translation_tasks.from_the_error),
            serializer="docket",
            receiver="with-project",
        )
        assert kept.arrived_whole
        assert {loss.kind for loss in dropped.losses} == {"chain"}


class TestThePluginSaysSoBefore:
    @pytest.mark.portable_exception(
        raises=ModelCallFailed, serializers=("docket", "pickle"), receiver="with-project"
    )
    def test_of_clients_that_have_the_module(self) -> None:
        """No ``arrives_as``: it arrives as what it is."""
        asyncio.run(translation_tasks.from_none())

    @pytest.mark.portable_exception(
        raises=StepOfAJobFailed,
        serializers=("docket", "pickle"),
        receiver="stdlib",
        arrives_as=RuntimeError,
        reason="read by operators",
    )
    def test_of_readers_that_have_nothing(self) -> None:
        asyncio.run(translation_tasks.for_a_command_line())

    def test_the_control_they_cannot_read_the_other(self) -> None:
        trip = check_round_trip(
            raised_by(translation_tasks.from_none), serializer="docket", receiver="stdlib"
        )
        assert not trip.arrived_whole
        assert "No module named 'translation_errors'" in str(trip)


class OfALibrary(Exception):
    """LiteLLM's shape, in a class of our own: it stays as it is when upstream repairs its
    classes."""

    def __init__(self, message: str, llm_provider: str, model: str) -> None:
        super().__init__(message)
        self.llm_provider, self.model = llm_provider, model


class TestTheTranslation:
    @pytest.fixture(autouse=True)
    def theirs(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(OfALibrary, "__module__", "litellm.exceptions")

    def test_the_control_a_class_of_this_shape_does_not_travel(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.undo()
        with pytest.raises(TypeError, match="llm_provider"):
            pickle.loads(pickle.dumps(OfALibrary("slow down", "openai", "gpt-4o")))

    def test_makes_one_that_does(self) -> None:
        @at_the_boundary
        async def task() -> None:
            raise OfALibrary("slow down", "openai", "gpt-4o")

        error = raised_by(task)
        assert type(error) is ModelCallFailed
        assert check_round_trip(error, serializer="docket", receiver="with-project").arrived_whole

    def test_says_what_it_does_not_know(self) -> None:
        assert str(translated(KeyError("x"))) == "unknown/unknown answered 500 (KeyError): 'x'"
