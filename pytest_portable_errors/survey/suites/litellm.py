"""Every exception class of the LiteLLM that is installed: built, and raised for real.

Raised means ``litellm.completion`` against a server on loopback that answers as OpenAI's does when
it refuses, so that the exceptions carry the chain that LiteLLM gives them. Nothing here lists
classes: they change with every release.
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

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.sender.garbage import uncollected
from pytest_portable_errors.survey.build import CannotBuild, Values, Variant, build
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
    """The suite: see ``survey/cases.py``."""
    try:
        metadata.version("litellm")
    except metadata.PackageNotFoundError:
        raise PortableErrorsError(
            "the suite litellm needs LiteLLM: pip install 'pytest-portable-errors[litellm]'"
        ) from None
    with _offline():
        for name in receiver_names:
            # it takes seconds, here as well: so at the same time
            receivers.prepare(name, [_SHARED_MODULE])
        with uncollected():  # a fifth of the import's time
            litellm: Any = importlib.import_module("litellm")
        litellm.suppress_debug_info = True  # it prints how to get help
        for module in _MORE_MODULES:
            with contextlib.suppress(ImportError):
                importlib.import_module(module)
        yield from _built(subclasses_in("litellm"))
        yield from _raised(litellm)


def _built(classes: Sequence[type[BaseException]]) -> Iterator[Subject]:
    short = [cls.__name__ for cls in classes]
    for cls in classes:
        name = (
            cls.__name__
            if short.count(cls.__name__) == 1
            else f"{cls.__module__.removeprefix('litellm.')}.{cls.__name__}"
        )
        yield Subject(name=name, origin="", instances=functools.partial(_instances, cls))


def _instances(cls: type[BaseException]) -> Sequence[Variant]:
    return build(cls, values=_values())


def _values() -> Values:
    """What LiteLLM passes to its exceptions in production, with real httpx objects."""
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
    name: str
    path: str
    """Of the server: the status that it answers with, then what kind of error it reports."""
    timeout: float = 30.0


_PROBE = "/429/plain"
_STATUSES = (400, 401, 403, 404, 408, 422, 429, 500, 502, 503)
_SCENARIOS = (
    *(_Scenario(f"raised-{status}", f"/{status}/plain") for status in _STATUSES),
    _Scenario("raised-context-window", "/400/context"),
    _Scenario("raised-content-policy", "/400/policy"),
    _Scenario("raised-timeout", f"/{SLOW}/plain", timeout=0.1),
)


def _raised(litellm: ModuleType) -> Iterator[Subject]:
    with refusing_provider() as provider:
        address = provider.address
        probed = _error_of(lambda: _complete(litellm, address + _PROBE, 30.0))
        provider.phrase_of = phrases_of_response(probed) or provider.phrase_of
        for scenario in _SCENARIOS:
            yield _scenario_subject(
                scenario.name,
                # bound now
                lambda scenario=scenario: _complete(
                    litellm, address + scenario.path, scenario.timeout
                ),  # type: ignore[misc]
            )
    # The server is gone, so its port refuses.
    yield _scenario_subject("raised-refused", lambda: _complete(litellm, address, 30.0))


def _error_of(complete: Callable[[], None]) -> BaseException | None:
    try:
        complete()
    except Exception as exc:
        return exc
    return None


def phrases_of_response(exc: BaseException | None) -> Callable[[int], str] | None:
    """The reason phrases of the library that made the response which an error, or one that it is
    chained to, got from a server.

    A response drops the server's phrase when it is pickled, and has its library's instead; httpx
    and httpx2 differ in it for 413 and 422. openai may stand on the one while LiteLLM hands it a
    client of the other, so the response is asked, and not what is installed.

    Args:
        exc: The error; None if there was none.

    Returns:
        From a status to its phrase. None if there is no response of such a library in the chain.
    """
    seen: set[int] = set()
    while exc is not None and id(exc) not in seen:
        seen.add(id(exc))
        response = vars(exc).get("response")
        # One that came over the network: LiteLLM makes others itself, which have nobody's phrase.
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
    """LiteLLM without its price list from the network, and loopback without a proxy."""
    wanted = {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with warnings.catch_warnings():
            # LiteLLM's own are not this run's concern, even under filterwarnings = error
            warnings.simplefilter("ignore")
            yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
