"""The suite of requests: each exception class built, and raised by real requests."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised
from pytest_portable_errors.survey.suites.refusing_server import (
    SLOW,
    refusing_server,
    usual_refusal,
)

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_BY = "requests.Session"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: requests is not installed.
    """
    with library(
        "requests",
        "requests",
        "requests",
        install="pip install requests",
        prepared=(receivers, receiver_names),
    ) as requests:
        yield from built("requests", subclasses_in("requests"))
        with refusing_server(usual_refusal) as server, requests.Session() as session:
            session.trust_env = False
            address = server.address
            get = functools.partial(session.get, timeout=30.0)
            yield from raised(
                _BY,
                {
                    "404": lambda: get(f"{address}/404/plain").raise_for_status(),
                    "503": lambda: get(f"{address}/503/plain").raise_for_status(),
                    "streamed-404": lambda: get(
                        f"{address}/404/plain", stream=True
                    ).raise_for_status(),
                    "with-credentials-401": lambda: get(
                        f"{address}/401/plain", auth=("user", "portable-errors")
                    ).raise_for_status(),
                    "posted-404": lambda: session.post(
                        f"{address}/404/plain", data=iter([b"order", b"7"]), timeout=30.0
                    ).raise_for_status(),
                    "too-many-redirects": lambda: get(f"{address}/302/again"),
                    "timeout": lambda: session.get(f"{address}/{SLOW}/plain", timeout=0.1),
                    "broken-gzip": lambda: get(f"{address}/200/gzip"),
                    "no-json": lambda: get(f"{address}/200/text").json(),
                    "read-twice": lambda: _read_twice(get(f"{address}/200/text", stream=True)),
                    "retries-503": lambda: _retried(requests, f"{address}/503/plain"),
                    "no-address": lambda: get("http://[1"),
                    "no-protocol": lambda: get("shop.example/orders"),
                    "other-protocol": lambda: get("gopher://shop.example/orders"),
                    "bad-header": lambda: get(address, headers={"name": "a\nb"}),
                },
            )
        # The server has ended, so its port refuses connections.
        yield from raised(_BY, {"refused": lambda: _session(requests).get(address, timeout=30.0)})


def _session(requests: Any) -> Any:
    session = requests.Session()
    session.trust_env = False
    return session


def _read_twice(response: Any) -> None:
    list(response.iter_content(2))
    _ = response.content


def _retried(requests: Any, address: str) -> None:
    from urllib3.util import Retry  # which requests requires

    session = _session(requests)
    retries = Retry(total=1, status_forcelist=[503], backoff_factor=0)
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retries))
    session.get(address, timeout=30.0)
