"""The suite of anthropic's client: each exception class built, and raised by real calls."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import (
    STATUSES,
    built,
    error_of,
    library,
    phrases_of_response,
    raised,
)
from pytest_portable_errors.survey.suites.refusing_server import (
    SLOW,
    Refusal,
    json_refusal,
    refusing_server,
)

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_ERROR = {
    "type": "error",
    "error": {"type": "error_type", "message": "The server refuses"},
    "request_id": "req_7",
}
_OVERLOADED = 529
_BY = "anthropic.Anthropic"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: anthropic is not installed.
    """
    with library(
        "anthropic",
        "anthropic",
        "anthropic",
        install="pip install anthropic",
        prepared=(receivers, receiver_names),
    ) as anthropic:
        yield from built("anthropic", subclasses_in("anthropic"))
        with refusing_server(_refusal) as server:
            address = server.address
            probed = error_of(lambda: _ask(anthropic, f"{address}/429/plain"))
            server.phrase_of = phrases_of_response(probed) or server.phrase_of
            yield from raised(
                _BY,
                {
                    **{
                        str(status): functools.partial(_ask, anthropic, f"{address}/{status}/plain")
                        for status in (*STATUSES, _OVERLOADED)
                    },
                    "timeout": functools.partial(
                        _ask, anthropic, f"{address}/{SLOW}/plain", timeout=0.1
                    ),
                    "streamed-429": functools.partial(
                        _ask, anthropic, f"{address}/429/plain", stream=True
                    ),
                    "in-a-stream": functools.partial(_streamed, anthropic, f"{address}/200/stream"),
                    "no-message": functools.partial(_counted, anthropic, f"{address}/200/text"),
                },
            )
        # The server has ended, so its port refuses connections.
        yield from raised(
            _BY,
            {
                "refused": functools.partial(_ask, anthropic, address),
                "too-long": lambda: _client(anthropic, address).messages.create(
                    **{**_REQUEST, "max_tokens": 1_000_000}
                ),
            },
        )


def _client(anthropic: Any, address: str, **options: Any) -> Any:
    return anthropic.Anthropic(
        api_key="sk-ant-portable-errors",
        base_url=address,
        max_retries=0,
        # To read all certificates would take longer than all else.
        http_client=anthropic.DefaultHttpxClient(verify=False, trust_env=False),
        **options,
    )


_REQUEST: Mapping[str, Any] = {
    "model": "claude-sonnet-4-5",
    "max_tokens": 8,
    "messages": [{"role": "user", "content": "hi"}],
}


def _ask(anthropic: Any, address: str, *, timeout: float = 30.0, stream: bool = False) -> None:
    client = _client(anthropic, address, timeout=timeout)
    client.messages.create(**_REQUEST, stream=stream)


def _streamed(anthropic: Any, address: str) -> None:
    for _ in _client(anthropic, address).messages.create(**_REQUEST, stream=True):
        pass


def _counted(anthropic: Any, address: str) -> None:
    client = _client(anthropic, address, _strict_response_validation=True)
    client.messages.create(**_REQUEST)


def _refusal(kind: str) -> Refusal:
    if kind == "stream":
        return Refusal(
            body=b'event: error\ndata: {"type": "error", "error": {"type": "overloaded_error", '
            b'"message": "The server refuses"}}\n\n',
            headers=(("content-type", "text/event-stream"),),
        )
    if kind == "text":
        return Refusal(body=b"no message", headers=(("content-type", "text/plain"),))
    return json_refusal(_ERROR)
