"""The suite of aiohttp: each exception class built, and raised against aiohttp's own server."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised_subject

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_BY = "aiohttp.ClientSession"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: aiohttp is not installed.
    """
    with library(
        "aiohttp",
        "aiohttp",
        "aiohttp",
        "aiohttp.web",
        install="pip install aiohttp",
        prepared=(receivers, receiver_names),
    ) as aiohttp:
        yield from built("aiohttp", subclasses_in("aiohttp"))
        errors: dict[str, BaseException | None] = {}
        # In a thread, because this one may have an event loop already.
        thread = threading.Thread(target=lambda: asyncio.run(_raise_all(aiohttp, errors)))
        thread.start()
        thread.join()
        for name, exc in errors.items():
            yield raised_subject(_BY, name, exc)


async def _raise_all(aiohttp: Any, errors: dict[str, BaseException | None]) -> None:
    async with _server(aiohttp) as address, aiohttp.ClientSession() as session:
        for name, call in _scenarios(aiohttp, session, address).items():
            errors[name] = await _error_of(call)
    async with aiohttp.ClientSession() as session:  # the server has ended
        errors["refused"] = await _error_of(lambda: _get(session, address))


def _scenarios(
    aiohttp: Any, session: Any, address: str
) -> Mapping[str, Callable[[], Awaitable[object]]]:
    quickly = aiohttp.ClientTimeout(total=0.1)
    login = aiohttp.BasicAuth("user", "portable-errors")
    return {
        "404": lambda: _get(session, f"{address}/404", raise_for_status=True),
        "503": lambda: _get(session, f"{address}/503", raise_for_status=True),
        "with-credentials-401": lambda: _get(
            session, f"{address}/401", raise_for_status=True, auth=login
        ),
        "no-json": lambda: _json(session, f"{address}/200"),
        "timeout": lambda: _get(session, f"{address}/slow", timeout=quickly),
        "too-many-redirects": lambda: _get(session, f"{address}/again"),
        "disconnected": lambda: _get(session, f"{address}/gone"),
        "cut-off": lambda: _get(session, f"{address}/half"),
        "no-websocket": lambda: session.ws_connect(f"{address}/200"),
        "no-address": lambda: _get(session, "http://[1"),
        "other-protocol": lambda: _get(session, "gopher://shop.example/orders"),
    }


async def _get(session: Any, address: str, **options: Any) -> None:
    async with session.get(address, **options) as response:
        await response.read()


async def _json(session: Any, address: str) -> None:
    async with session.get(address) as response:
        await response.json()


async def _error_of(call: Callable[[], Awaitable[object]]) -> BaseException | None:
    try:
        await call()
    except Exception as exc:
        return exc
    return None


@asynccontextmanager
async def _server(aiohttp: Any) -> AsyncIterator[str]:
    """aiohttp's own server on loopback; its address."""
    web = aiohttp.web

    async def answer(request: Any) -> Any:
        kind = request.match_info["kind"]
        if kind == "again":
            raise web.HTTPFound("/again")
        if kind == "slow":
            await asyncio.sleep(30)
        if kind == "gone":
            request.transport.close()
        if kind == "half":
            response = web.StreamResponse(headers={"content-length": "100"})
            await response.prepare(request)
            await response.write(b"half")
            request.transport.close()
            return response
        status = int(kind) if kind.isdigit() else 200
        return web.Response(status=status, text="The server refuses")

    application = web.Application()
    application.router.add_get("/{kind}", answer)
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await runner.cleanup()
