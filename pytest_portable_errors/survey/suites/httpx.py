"""The suite of httpx: each exception class built, and raised by real requests."""

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

_BY = "httpx.Client"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: httpx is not installed.
    """
    with library(
        "httpx",
        "httpx",
        "httpx",
        install="pip install httpx",
        prepared=(receivers, receiver_names),
    ) as httpx:
        yield from built("httpx", subclasses_in("httpx"))
        with refusing_server(usual_refusal) as server, httpx.Client(trust_env=False) as client:
            address = server.address
            get = functools.partial(client.get, timeout=30.0)
            yield from raised(
                _BY,
                {
                    "404": lambda: get(f"{address}/404/plain").raise_for_status(),
                    "503": lambda: get(f"{address}/503/plain").raise_for_status(),
                    "302": lambda: get(f"{address}/302/again").raise_for_status(),
                    "streamed-404": lambda: _streamed(client, f"{address}/404/plain"),
                    "with-credentials-401": lambda: get(
                        f"{address}/401/plain", auth=("user", "portable-errors")
                    ).raise_for_status(),
                    "too-many-redirects": lambda: get(
                        f"{address}/302/again", follow_redirects=True
                    ),
                    "timeout": lambda: client.get(f"{address}/{SLOW}/plain", timeout=0.1),
                    "broken-gzip": lambda: get(f"{address}/200/gzip"),
                    "no-json": lambda: get(f"{address}/200/text").json(),
                    "not-read": lambda: _not_read(client, f"{address}/200/text"),
                    "read-twice": lambda: _read_twice(client, f"{address}/200/text"),
                    "closed": lambda: _closed(client, f"{address}/200/text"),
                    "two-cookies": lambda: _two_cookies(httpx),
                    "no-address": lambda: client.get("http://shop.example:port/orders"),
                    "no-protocol": lambda: client.get("shop.example/orders"),
                    "no-pool": lambda: _pool_timeout(httpx, f"{address}/200/text"),
                },
            )
            # The server has ended, so its port refuses connections.
        yield from raised(
            _BY, {"refused": lambda: httpx.Client(trust_env=False).get(address, timeout=30.0)}
        )


def _streamed(client: Any, address: str) -> None:
    with client.stream("GET", address) as response:
        response.raise_for_status()


def _not_read(client: Any, address: str) -> None:
    with client.stream("GET", address) as response:
        _ = response.content


def _read_twice(client: Any, address: str) -> None:
    with client.stream("GET", address) as response:
        for _ in range(2):
            list(response.iter_raw())


def _closed(client: Any, address: str) -> None:
    with client.stream("GET", address) as response:
        pass
    response.read()


def _two_cookies(httpx: Any) -> None:
    cookies = httpx.Cookies()
    for domain in ("shop.example", "bank.example"):
        cookies.set("name", "value", domain=domain)
    cookies.get("name")


def _pool_timeout(httpx: Any, address: str) -> None:
    limits = httpx.Limits(max_connections=1)
    timeout = httpx.Timeout(30.0, pool=0.05)
    with (
        httpx.Client(trust_env=False, limits=limits, timeout=timeout) as client,
        client.stream("GET", address),
    ):
        client.get(address)
