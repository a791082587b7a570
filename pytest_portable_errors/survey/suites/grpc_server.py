"""A server of grpcio's on loopback that refuses every call."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

CODES = (
    "CANCELLED",
    "INVALID_ARGUMENT",
    "NOT_FOUND",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "INTERNAL",
    "UNAVAILABLE",
    "UNAUTHENTICATED",
)
"""Status codes that the server refuses with."""


@contextmanager
def refusing_channel(grpc: Any) -> Iterator[tuple[Any, str]]:
    """A channel to a server on loopback that refuses by the method's name, and its address."""
    ended = threading.Event()

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # a class of what was imported
        """Answers each method of the service ``shop`` by what it is called."""

        def service(self, details: Any) -> Any:
            """The handler of a method; None: there is no such method."""
            service, *kind, code = details.method.strip("/").split("/")
            if service != "shop":
                return None

            def answer(_: bytes, context: Any) -> bytes:
                _refuse(grpc, context, code, ended)
                return b""

            def stream(_: bytes, context: Any) -> Iterator[bytes]:
                yield b"first"
                _refuse(grpc, context, code, ended)

            return (
                grpc.unary_stream_rpc_method_handler(stream)
                if kind
                else grpc.unary_unary_rpc_method_handler(answer)
            )

    with ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool, handlers=[Handler()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
                yield channel, f"127.0.0.1:{port}"
        finally:
            ended.set()
            server.stop(None).wait()


def _refuse(grpc: Any, context: Any, code: str, ended: threading.Event) -> None:
    if code == "RAISES":
        raise ValueError("raised in the server")
    if code == "SLOW":
        ended.wait(30)
        code = "UNAVAILABLE"
    context.set_trailing_metadata((("retry-after", "7"),))
    context.abort(grpc.StatusCode[code], "The server refuses")
