"""The suite of openai's client: each exception class built, and raised by real calls."""

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
    "message": "The server refuses",
    "type": "error_type",
    "param": None,
    "code": "error_code",
}
_BY = "openai.OpenAI"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: openai is not installed.
    """
    with library(
        "openai",
        "openai",
        "openai",
        install="pip install openai",
        prepared=(receivers, receiver_names),
    ) as openai:
        yield from built("openai", subclasses_in("openai"))
        with refusing_server(_refusal) as server:
            address = server.address
            probed = error_of(lambda: _chat(openai, f"{address}/429/plain"))
            server.phrase_of = phrases_of_response(probed) or server.phrase_of
            yield from raised(
                _BY,
                {
                    **{
                        str(status): functools.partial(_chat, openai, f"{address}/{status}/plain")
                        for status in STATUSES
                    },
                    "timeout": functools.partial(
                        _chat, openai, f"{address}/{SLOW}/plain", timeout=0.1
                    ),
                    "streamed-429": functools.partial(
                        _chat, openai, f"{address}/429/plain", stream=True
                    ),
                    "in-a-stream": functools.partial(_streamed, openai, f"{address}/200/stream"),
                    "cut-off": functools.partial(_parsed, openai, f"{address}/200/length"),
                    "filtered": functools.partial(_parsed, openai, f"{address}/200/content_filter"),
                    "raw-response-404": lambda: _client(
                        openai, f"{address}/404/plain"
                    ).models.with_raw_response.list(),
                },
            )
        # The server has ended, so its port refuses connections.
        yield from raised(
            _BY,
            {
                "refused": functools.partial(_chat, openai, address),
                "without-key": lambda: openai.OpenAI(api_key=None, admin_api_key=None),
            },
        )


def _client(openai: Any, address: str, **options: Any) -> Any:
    return openai.OpenAI(
        api_key="sk-portable-errors",
        base_url=f"{address}/v1",
        max_retries=0,
        # To read all certificates would take longer than all else.
        http_client=openai.DefaultHttpxClient(verify=False, trust_env=False),
        **options,
    )


_REQUEST: Mapping[str, Any] = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": "hi"}],
}


def _chat(openai: Any, address: str, *, timeout: float = 30.0, stream: bool = False) -> None:
    client = _client(openai, address, timeout=timeout)
    client.chat.completions.create(**_REQUEST, stream=stream)


def _streamed(openai: Any, address: str) -> None:
    for _ in _client(openai, address).chat.completions.create(**_REQUEST, stream=True):
        pass


def _parsed(openai: Any, address: str) -> None:
    from pydantic import BaseModel  # which openai requires

    class Answer(BaseModel):
        text: str

    _client(openai, address).chat.completions.parse(**_REQUEST, response_format=Answer)


def _refusal(kind: str) -> Refusal:
    if kind == "stream":
        return Refusal(
            body=b'data: {"error": {"message": "The server refuses", "code": "error_code"}}\n\n',
            headers=(("content-type", "text/event-stream"),),
        )
    if kind in ("length", "content_filter"):
        message = {"role": "assistant", "content": '{"te', "refusal": None}
        return json_refusal(
            {
                "id": "chatcmpl-7",
                "object": "chat.completion",
                "created": 1_700_000_000,
                "model": "gpt-4o",
                "choices": [{"index": 0, "finish_reason": kind, "message": message}],
            }
        )
    return json_refusal({"error": _ERROR})
