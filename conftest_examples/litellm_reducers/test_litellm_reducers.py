"""With the reducers every LiteLLM exception arrives whole, chain included, and takes no credentials
along.

``pytest --portable-errors-suite litellm`` runs the same cases without this file.
"""

from __future__ import annotations

import copyreg
import importlib.util
import os
import pickle
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import httpx
import litellm
import openai
import portable_litellm
import pytest

from pytest_portable_errors import portable_cases

HERE = Path(__file__).parent
SECRET = "sk-portable-0123456789abcdef"


@portable_cases("litellm")
def test_arrives_whole() -> None:
    """One case for each class and serializer, and for each way that a provider refuses."""


class TestTheWorkersEntryPoint:
    """Two processes, neither of which is pytest: what counts is what production does."""

    def trip(self, *args: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
        worker = subprocess.run(
            [sys.executable, HERE / "worker.py", *args],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        client = (
            "import base64, pickle, sys\n"
            "error = pickle.loads(base64.b64decode(sys.stdin.read().split()[-1]))\n"
            "assert 'portable_litellm' not in sys.modules\n"
            "print(type(error).__name__, error.model, error.llm_provider, "
            "repr(error.__cause__), error, sep='|')"
        )
        return subprocess.run(
            [sys.executable, "-I", "-c", client],
            input=worker.stdout,
            env=environment,
            capture_output=True,
            text=True,
        )

    def test_a_rate_limit_arrives_at_the_client(self) -> None:
        done = self.trip()
        assert done.returncode == 0, done.stderr
        message = "litellm.RateLimitError: Rate limit reached for gpt-4o"
        assert (
            done.stdout.strip() == f"RateLimitError|gpt-4o|openai|KeyError('the answer')|{message}"
        )

    def test_the_control_without_the_reducers_something_is_lost(self) -> None:
        done = self.trip("--without-reducers")
        assert done.returncode != 0 or "|None|" in done.stdout, (
            "the cause is never carried by plain pickle, whatever upstream repairs"
        )


def provider_error(http: Any) -> litellm.AuthenticationError:
    """What LiteLLM raises from a provider's answer: openai's error is in the chain, and holds the
    request with the key."""
    request = http.Request(
        "POST",
        "https://api.openai.com/v1/chat/completions",
        headers={"Authorization": f"Bearer {SECRET}"},
    )
    response = http.Response(
        401,
        json={"error": {"message": "no"}},
        headers={"set-cookie": f"session={SECRET}"},
        request=request,
    )
    try:
        try:
            raise openai.AuthenticationError("no", response=response, body=None)
        except openai.AuthenticationError:
            # As LiteLLM does it: openai's error is the context, and no cause.
            raise litellm.AuthenticationError(  # noqa: B904  # as LiteLLM does it
                "no", llm_provider="openai", model="gpt-4o", response=response
            )
    except litellm.AuthenticationError as error:
        return error


# the second is what openai stands on since 3
@pytest.mark.parametrize("library", ["httpx", "httpx2"])
@pytest.mark.parametrize("dumps", [pickle.dumps, cloudpickle.dumps])
def test_the_payload_carries_no_credentials(dumps: Callable[[object], bytes], library: str) -> None:
    error = provider_error(pytest.importorskip(library))
    assert SECRET.encode() in pickle.dumps(error.__context__.__dict__), (
        "the control: the key is there to be sent"
    )
    payload = dumps(error)
    assert SECRET.encode() not in payload
    arrived = pickle.loads(payload)
    assert type(arrived) is litellm.AuthenticationError
    assert type(arrived.__context__) is openai.AuthenticationError
    assert arrived.__context__.request.url == "https://api.openai.com/v1/chat/completions"


def test_pickling_changes_nothing_in_the_sender() -> None:
    error = provider_error(httpx)
    pickle.dumps(error)
    assert isinstance(error.__context__, openai.AuthenticationError)
    assert error.__context__.request.headers["authorization"] == f"Bearer {SECRET}"


def test_a_foreign_link_of_the_chain_is_sent_as_text() -> None:
    class OfTheApplication(Exception):
        pass

    error = litellm.RateLimitError("slow down", llm_provider="openai", model="gpt-4o")
    error.__cause__ = OfTheApplication("no budget")
    arrived = pickle.loads(pickle.dumps(error))
    assert isinstance(arrived.__cause__, RuntimeError)
    assert str(arrived.__cause__).endswith("OfTheApplication: no budget")


def test_a_providers_class_that_was_imported_late_is_covered_in_a_chain() -> None:
    late = type(
        "LateError", (litellm.exceptions.BadRequestError,), {"__module__": "litellm.exceptions"}
    )
    error = litellm.RateLimitError("slow down", llm_provider="openai", model="gpt-4o")
    error.__context__ = late("no", model="gpt-4o", llm_provider="openai")
    assert portable_litellm.reduce(error)[2]["__context__"] is error.__context__
    assert copyreg.dispatch_table.pop(late) is portable_litellm.reduce


class Imitation(Exception):
    """LiteLLM's shape, in a class of our own: it stays as it is when upstream repairs its
    classes."""

    def __init__(self, message: str, llm_provider: str, model: str) -> None:
        super().__init__(f"litellm.Imitation: {message}")
        self.message, self.llm_provider, self.model = message, llm_provider, model


class TestControls:
    def test_without_the_reducer_a_class_of_this_shape_cannot_be_rebuilt(self) -> None:
        with pytest.raises(TypeError):
            pickle.loads(pickle.dumps(Imitation("slow down", "openai", "gpt-4o")))

    def test_with_the_reducer_it_can(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, Imitation, portable_litellm.reduce)
        arrived = pickle.loads(pickle.dumps(Imitation("slow down", "openai", "gpt-4o")))
        assert (type(arrived), str(arrived), arrived.model) == (
            Imitation,
            "litellm.Imitation: slow down",
            "gpt-4o",
        )

    def test_no_other_class_is_pickled_otherwise(self) -> None:
        ours = {
            cls
            for cls, reducer in copyreg.dispatch_table.items()
            if reducer is portable_litellm.reduce
        }
        assert ours == set(portable_litellm.REGISTERED)
        installed = {name for name in portable_litellm.PACKAGES if importlib.util.find_spec(name)}
        assert {cls.__module__.partition(".")[0] for cls in ours} == installed
        assert installed >= {"litellm", "openai", "httpx", "httpcore"}

    def test_every_class_of_litellm_is_covered_or_pickles_itself(self) -> None:
        for cls in vars(litellm.exceptions).values():
            if (
                isinstance(cls, type)
                and issubclass(cls, BaseException)
                and cls.__module__ == "litellm.exceptions"
            ):
                assert copyreg.dispatch_table.get(
                    cls
                ) is portable_litellm.reduce or not portable_litellm.needs_reducer(cls)


@pytest.mark.xfail(reason="XPASS says that the reducer is no longer needed")
@portable_cases("litellm")
def test_travels_by_itself(portable_case: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each class without its reducer. Nothing goes red on the day that upstream repairs one: it is
    then reported as XPASS (``-rX``)."""
    if portable_case.serializer != "pickle" or portable_case.subject.origin:
        pytest.skip("one serializer, and the classes as they are built, are enough")
    cls = type(portable_case.subject.instances()[0].exc)
    monkeypatch.delitem(copyreg.dispatch_table, cls, raising=False)
