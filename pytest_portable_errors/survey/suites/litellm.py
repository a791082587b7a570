"""The suite of the LiteLLM that is installed: each exception class built, and many raised.

They are raised by ``litellm.completion`` against a server on loopback that answers as OpenAI's does
when it refuses, so the exceptions carry the chain that LiteLLM gives them. No classes are listed
here: they change with every release.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from pytest_portable_errors.building.build import Values
from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import (
    built,
    error_of,
    library,
    phrases_of_response,
    raised,
)
from pytest_portable_errors.survey.suites.refusing_server import (
    SLOW,
    json_refusal,
    refusing_server,
)

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

# Modules that `import litellm` leaves out and that define exceptions; absent where their extra is.
_MORE_MODULES = ("litellm.proxy._types",)
# What a receiver imports for nearly every payload of the suite.
_SHARED_MODULE = "litellm.exceptions"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: LiteLLM is not installed.
    """
    with library(
        "litellm",
        "litellm",
        "litellm",
        _SHARED_MODULE,
        title="LiteLLM",
        install="pip install 'pytest-portable-errors[litellm]'",
        prepared=(receivers, receiver_names),
    ) as litellm:
        litellm.suppress_debug_info = True  # otherwise it prints how to get help
        for module in _MORE_MODULES:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        yield from built("litellm", subclasses_in("litellm"), _values(), with_private=True)
        yield from _raised_subjects(litellm)


def _values() -> Values:
    """Values like those that LiteLLM passes to its exceptions, with real httpx objects."""
    httpx = importlib.import_module("httpx")

    def request() -> object:
        return httpx.Request(
            "POST",
            "https://api.openai.com/v1/chat/completions",
            headers={"content-type": "application/json"},
            json={"model": "gpt-4o"},
        )

    def response() -> object:
        body = {
            "error": {
                "message": "Rate limit reached for gpt-4o",
                "type": "requests",
                "param": None,
                "code": "rate_limit_exceeded",
            }
        }
        return httpx.Response(
            429, headers={"retry-after": "7", "x-request-id": "req_7"}, json=body, request=request()
        )

    return {
        "request": request,
        "response": response,
        "original_error": lambda: httpx.HTTPStatusError(
            "Rate limit reached", request=request(), response=response()
        ),
        "Request": request,
        "Response": response,
        "headers": lambda: httpx.Headers({"retry-after": "7"}),
        "Headers": lambda: httpx.Headers({"retry-after": "7"}),
        "body": lambda: {
            "error": {"message": "Rate limit reached for gpt-4o", "code": "rate_limit_exceeded"}
        },
        "model": lambda: "gpt-4o",
        "llm_provider": lambda: "openai",
        "message": lambda: "Rate limit reached for gpt-4o",
        "litellm_debug_info": lambda: "Model: gpt-4o",
        "request_data": lambda: {
            "model": "gpt-4o",
            "messages": [{"role": "user", "content": "hi"}],
        },
        "max_retries": lambda: 2,
        "num_retries": lambda: 1,
    }


def _error(type_: str, code: str, message: str) -> dict[str, str | None]:
    return {"message": message, "type": type_, "param": None, "code": code}


@dataclass(frozen=True, slots=True)
class _Scenario:
    """A request that the server refuses."""

    name: str
    path: str
    """Path on the server: the status of its answer, then the kind of error; see its module."""
    timeout: float = 30.0
    """Seconds that LiteLLM waits for an answer."""


# Kind -> the error that the server reports.
_ERRORS = {
    "plain": _error("error_type", "error_code", "The server refuses"),
    "context": _error(
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens. However, your messages resulted in "
        "9000 tokens.",
    ),
    "policy": _error(
        "invalid_request_error",
        "content_policy_violation",
        "Your request was rejected as a result of our safety system.",
    ),
}
_BY = "litellm.completion"
_PROBE = "/429/plain"
_STATUSES = (400, 401, 403, 404, 408, 422, 429, 500, 502, 503)
_SCENARIOS = (
    *(_Scenario(f"{status}", f"/{status}/plain") for status in _STATUSES),
    _Scenario("context-window", "/400/context"),
    _Scenario("content-policy", "/400/policy"),
    _Scenario("timeout", f"/{SLOW}/plain", timeout=0.1),
)


def _raised_subjects(litellm: ModuleType) -> Iterator[Subject]:
    with refusing_server(lambda kind: json_refusal({"error": _ERRORS[kind]})) as server:
        address = server.address
        probed = error_of(lambda: _complete(litellm, address + _PROBE, 30.0))
        server.phrase_of = phrases_of_response(probed) or server.phrase_of
        yield from raised(
            _BY,
            {
                scenario.name: functools.partial(
                    _complete, litellm, address + scenario.path, scenario.timeout
                )
                for scenario in _SCENARIOS
            },
        )
    # The server has ended, so its port refuses connections.
    yield from raised(_BY, {"refused": lambda: _complete(litellm, address, 30.0)})


def _complete(litellm: ModuleType, address: str, timeout: float) -> None:
    messages = [{"role": "user", "content": "hi"}]
    litellm.completion(
        model="openai/gpt-4o",
        messages=messages,
        api_base=f"{address}/v1",
        api_key="portable-errors",
        max_retries=0,
        timeout=timeout,
    )
