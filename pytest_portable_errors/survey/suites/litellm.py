"""The suite of the LiteLLM that is installed: each exception class built, and many raised.

They are raised by ``litellm.completion`` against a server on loopback that answers as OpenAI's does
when it refuses, so the exceptions carry the chain that LiteLLM gives them. No classes are listed
here: they change with every release.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from types import ModuleType
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.building.build import CannotBuild, Values, Variant, build
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.litellm_server import SLOW, refusing_provider

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
    try:
        metadata.version("litellm")
    except metadata.PackageNotFoundError:
        raise PortableErrorsError(
            "the suite litellm needs LiteLLM: pip install 'pytest-portable-errors[litellm]'"
        ) from None
    with _offline():
        for name in receiver_names:
            # The import takes seconds, there and here, so both are made at the same time.
            receivers.prepare(name, [_SHARED_MODULE])
        with uncollected():  # a fifth of the import's time
            litellm: Any = importlib.import_module("litellm")
        litellm.suppress_debug_info = True  # otherwise it prints how to get help
        for module in _MORE_MODULES:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        yield from _built_subjects(subclasses_in("litellm"))
        yield from _raised_subjects(litellm)


def _built_subjects(classes: Sequence[type[BaseException]]) -> Iterator[Subject]:
    short_names = [cls.__name__ for cls in classes]
    for cls in classes:
        name = (
            cls.__name__
            if short_names.count(cls.__name__) == 1
            else f"{cls.__module__.removeprefix('litellm.')}.{cls.__name__}"
        )
        yield Subject(name=name, origin="", instances=functools.partial(_instances, cls))


def _instances(cls: type[BaseException]) -> Sequence[Variant]:
    return build(cls, values=_values())


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


@dataclass(frozen=True, slots=True)
class _Scenario:
    """A request that the server refuses."""

    name: str
    path: str
    """Path on the server: the status of its answer, then the kind of error; see its module."""
    timeout: float = 30.0
    """Seconds that LiteLLM waits for an answer."""


_PROBE = "/429/plain"
_STATUSES = (400, 401, 403, 404, 408, 422, 429, 500, 502, 503)
_SCENARIOS = (
    *(_Scenario(f"raised-{status}", f"/{status}/plain") for status in _STATUSES),
    _Scenario("raised-context-window", "/400/context"),
    _Scenario("raised-content-policy", "/400/policy"),
    _Scenario("raised-timeout", f"/{SLOW}/plain", timeout=0.1),
)


def _raised_subjects(litellm: ModuleType) -> Iterator[Subject]:
    with refusing_provider() as provider:
        address = provider.address
        probed = _error_of(lambda: _complete(litellm, address + _PROBE, 30.0))
        provider.phrase_of = phrases_of_response(probed) or provider.phrase_of
        for scenario in _SCENARIOS:
            yield _scenario_subject(
                scenario.name,
                functools.partial(_complete, litellm, address + scenario.path, scenario.timeout),
            )
    # The server has ended, so its port refuses connections.
    yield _scenario_subject("raised-refused", lambda: _complete(litellm, address, 30.0))


def _error_of(complete: Callable[[], None]) -> BaseException | None:
    try:
        complete()
    except Exception as exc:
        return exc
    return None


def phrases_of_response(exc: BaseException | None) -> Callable[[int], str] | None:
    """The reason phrases of the HTTP library whose response an error, or its chain, carries.

    A pickled response loses the server's phrase and arrives with its library's; httpx and httpx2
    differ in it for 413 and 422. openai may use the one while LiteLLM hands it a client of the
    other, so the response decides, and not what is installed.

    Args:
        exc: The error; None if there was none.

    Returns:
        Status -> phrase. None if no error of the chain has a response that came from a server.
    """
    visited: set[int] = set()
    while exc is not None and id(exc) not in visited:
        visited.add(id(exc))
        response = vars(exc).get("response")
        # Only one that came over the network: LiteLLM makes others itself, which have no phrase of
        # a server.
        if "network_stream" in getattr(response, "extensions", {}):
            codes = getattr(
                importlib.import_module(type(response).__module__.partition(".")[0]), "codes", None
            )
            return getattr(codes, "get_reason_phrase", None)
        exc = exc.__cause__ or exc.__context__
    return None


def _scenario_subject(name: str, complete: Callable[[], None]) -> Subject:
    exc = _error_of(complete)
    if exc is not None:
        variant = Variant(
            how=f"by litellm.completion ({name.removeprefix('raised-')})",
            exc=exc.with_traceback(None),
        )
        return Subject(name=type(exc).__name__, origin=name, instances=lambda: [variant])
    return Subject(name="nothing", origin=name, instances=_nothing_raised)


def _nothing_raised() -> Sequence[Variant]:
    raise CannotBuild("litellm.completion raised nothing")


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


@contextlib.contextmanager
def _offline() -> Iterator[None]:
    """Keep LiteLLM from fetching its price list, and requests to loopback from using a proxy."""
    variables = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        with warnings.catch_warnings():
            # LiteLLM's own warnings are not under test, even under filterwarnings = error.
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
