"""The suite of google.api_core: each exception class built, and raised over gRPC and HTTP."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.grpc_server import CODES, refusing_channel
from pytest_portable_errors.survey.suites.raising import STATUSES, built, library, raised
from pytest_portable_errors.survey.suites.refusing_server import json_refusal, refusing_server

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_ERROR = {
    "error": {
        "message": "The server refuses",
        "errors": [{"reason": "refused", "domain": "global", "message": "The server refuses"}],
        "status": "REFUSED",
    }
}


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: google-api-core is not installed.
    """
    with library(
        "google",
        "google-api-core",
        "google.api_core",
        "google.api_core.exceptions",
        install="pip install google-api-core",
        prepared=(receivers, receiver_names),
    ) as api_core:
        retry = importlib.import_module("google.api_core.retry")
        yield from built("google.api_core", subclasses_in("google.api_core"))
        with refusing_server(lambda _: json_refusal(_ERROR)) as server:
            http = functools.partial(_by_http, api_core, server.address)
            yield from raised(
                "google.api_core over HTTP",
                {
                    **{f"http-{status}": functools.partial(http, status) for status in STATUSES},
                    "http-retried": lambda: retry.Retry(initial=0.01, timeout=0.02)(http)(503),
                },
            )
        with suppress(ImportError):  # grpcio is an extra of it
            grpc = importlib.import_module("grpc")
            helpers = importlib.import_module("google.api_core.grpc_helpers")
            with refusing_channel(grpc) as (channel, _):
                yield from raised("google.api_core over gRPC", _over_grpc(helpers, retry, channel))


def _over_grpc(helpers: Any, retry: Any, channel: Any) -> Mapping[str, Callable[[], object]]:
    def call(code: str) -> Callable[[], object]:
        wrapped = helpers.wrap_errors(channel.unary_unary(f"/shop/{code}"))
        return lambda: wrapped(b"", timeout=30)

    def streamed() -> None:
        for _ in helpers.wrap_errors(channel.unary_stream("/shop/stream/ABORTED"))(b"", timeout=30):
            pass

    return {
        **{f"grpc-{code}": call(code) for code in CODES},
        "grpc-streamed": streamed,
        "grpc-retried": lambda: retry.Retry(initial=0.01, timeout=0.02)(call("UNAVAILABLE"))(),
    }


def _by_http(api_core: Any, address: str, status: int) -> None:
    requests = importlib.import_module("requests")  # which google-api-core requires
    session = requests.Session()
    session.trust_env = False
    response = session.get(
        f"{address}/{status}/plain",
        headers={"authorization": "Bearer portable-errors"},
        timeout=30,
    )
    raise api_core.exceptions.from_http_response(response)
