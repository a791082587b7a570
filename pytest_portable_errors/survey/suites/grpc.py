"""The suite of grpcio: each exception class built, and raised by calls to grpcio's own server."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.grpc_server import CODES, refusing_channel
from pytest_portable_errors.survey.suites.raising import (
    built,
    library,
    raised,
    raised_subject,
)

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: grpcio is not installed.
    """
    with library(
        "grpc",
        "grpcio",
        "grpc",
        "grpc.aio",
        install="pip install grpcio",
        prepared=(receivers, receiver_names),
    ) as grpc:
        yield from built("grpc", subclasses_in("grpc"))
        with refusing_channel(grpc) as (channel, address):
            yield from raised("grpc", _scenarios(channel))
            yield from _raised_by_aio(grpc, address)
        # The server has ended, so its port refuses connections.
        with grpc.insecure_channel(address) as channel:
            yield from raised(
                "grpc",
                {
                    "refused": lambda: channel.unary_unary("/shop/NOT_FOUND")(b"", timeout=30),
                    "not-ready": lambda: grpc.channel_ready_future(channel).result(timeout=0.05),
                },
            )
        yield from raised("grpc", {"closed": lambda: channel.unary_unary("/shop/OK")(b"")})


def _scenarios(channel: Any) -> Mapping[str, Callable[[], object]]:
    def unary(code: str, **options: Any) -> Callable[[], object]:
        return lambda: channel.unary_unary(f"/shop/{code}")(b"order", timeout=30, **options)

    return {
        **{code: unary(code) for code in CODES},
        "with-metadata": unary(
            "NOT_FOUND", metadata=(("authorization", "Bearer portable-errors"),)
        ),
        "no-such-method": lambda: channel.unary_unary("/other/NOT_FOUND")(b"", timeout=30),
        "raises-there": unary("RAISES"),
        "deadline": lambda: channel.unary_unary("/shop/SLOW")(b"", timeout=0.05),
        "streamed": lambda: list(channel.unary_stream("/shop/stream/ABORTED")(b"", timeout=30)),
        "of-a-future": lambda: channel.unary_unary("/shop/NOT_FOUND").future(b"").result(30),
        "cancelled-here": lambda: _cancelled(channel),
        "not-serialized": lambda: channel.unary_unary(
            "/shop/NOT_FOUND", request_serializer=lambda order: order.encode()
        )(7, timeout=30),
    }


def _cancelled(channel: Any) -> None:
    future = channel.unary_unary("/shop/SLOW").future(b"")
    future.cancel()
    future.result(30)


def _raised_by_aio(grpc: Any, address: str) -> Iterator[Subject]:
    errors: dict[str, BaseException | None] = {}

    async def call(name: str, method: str, timeout: float) -> None:
        errors[name] = None
        async with grpc.aio.insecure_channel(address) as channel:
            try:
                await channel.unary_unary(method)(b"", timeout=timeout)
            except Exception as exc:
                errors[name] = exc

    async def call_all() -> None:
        await call("aio-NOT_FOUND", "/shop/NOT_FOUND", 30)
        await call("aio-deadline", "/shop/SLOW", 0.05)

    # In a thread, because this one may have an event loop already.
    thread = threading.Thread(target=lambda: asyncio.run(call_all()))
    thread.start()
    thread.join()
    for name, exc in errors.items():
        yield raised_subject("grpc.aio", name, exc)
