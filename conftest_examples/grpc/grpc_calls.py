"""A service on loopback that has no order 7, and the task that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import grpc


@contextmanager
def service() -> Iterator[str]:
    """Runs the service; its address."""

    def refuse(_: bytes, context: Any) -> bytes:
        context.abort(grpc.StatusCode.NOT_FOUND, "no order 7")
        raise AssertionError("abort raises")

    handler = grpc.method_handlers_generic_handler(
        "Orders", {"Get": grpc.unary_unary_rpc_method_handler(refuse)}
    )
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, handlers=[handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(None).wait()


def get_order(address: str) -> bytes:
    """The task."""
    with grpc.insecure_channel(address) as channel:
        answer: bytes = channel.unary_unary("/Orders/Get")(b"7", timeout=60)
        return answer
