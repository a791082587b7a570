"""A provider on loopback that refuses every request, so that LiteLLM raises as in production."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


SLOW = "slow"
"""Stands in a path instead of a status: the server waits 30 s, then answers 503."""
# Kind -> type, code and message of the error that the server reports.
_ERRORS = {
    "plain": ("error_type", "error_code", "The server refuses"),
    "context": (
        "invalid_request_error",
        "context_length_exceeded",
        (
            "This model's maximum context length is 8192 tokens. However, your messages resulted "
            "in 9000 tokens."
        ),
    ),
    "policy": (
        "invalid_request_error",
        "content_policy_violation",
        "Your request was rejected as a result of our safety system.",
    ),
}


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        """Bind as WSGIServer does, without looking up the host's name, which may take a second."""
        TCPServer.server_bind(self)
        self.server_name, self.server_port = "127.0.0.1", self.server_address[1]
        self.setup_environ()


class _SilentHandler(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        """Drop what would go to the test run's output."""


@dataclass(slots=True)
class Provider:
    """A server that refuses everything."""

    address: str
    """``http://127.0.0.1:PORT``."""
    phrase_of: Callable[[int], str] = lambda status: HTTPStatus(status).phrase
    """Status -> the reason phrase that it sends with it."""


@contextlib.contextmanager
def refusing_provider() -> Iterator[Provider]:
    """Run an OpenAI-compatible server on loopback that refuses everything, until the block ends.

    A request's path begins with the status and the kind of error: ``/429/plain``. The kinds are
    ``plain``, ``context`` (too long) and ``policy``; ``SLOW`` may stand instead of the status.
    """
    ended = threading.Event()

    def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, status, kind, *_ = environ["PATH_INFO"].split("/")
        if status == SLOW:
            ended.wait(30)
            status = "503"
        type_, code, message = _ERRORS[kind]
        body = json.dumps(
            {"error": {"message": message, "type": type_, "param": None, "code": code}}
        ).encode()
        start_response(
            f"{status} {provider.phrase_of(int(status))}",
            [("content-type", "application/json"), ("content-length", str(len(body)))],
        )
        return [body]

    server = make_server("127.0.0.1", 0, refuse, server_class=_Server, handler_class=_SilentHandler)
    provider = Provider(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(
        target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield provider
    finally:
        ended.set()
        server.shutdown()
        server.server_close()
        thread.join()
