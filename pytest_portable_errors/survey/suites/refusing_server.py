"""A web server on loopback that refuses every request, so that libraries raise as in production."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What the server answers, beside the status."""

    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json"),)


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
class RefusingServer:
    """A server that refuses everything."""

    address: str
    """``http://127.0.0.1:PORT``."""
    phrase_of: Callable[[int], str] = lambda status: HTTPStatus(status).phrase
    """Status -> the reason phrase that it sends with it."""


def json_refusal(content: object) -> Refusal:
    """A refusal whose body is JSON."""
    return Refusal(body=json.dumps(content).encode())


def usual_refusal(kind: str) -> Refusal:
    """What clients of HTTP meet: ``again`` leads in a circle, ``gzip`` is none, and ``text`` is no
    JSON; any other kind is refused in JSON."""
    if kind == "again":
        return Refusal(body=b"", headers=(("location", "/302/again"),))
    if kind == "gzip":
        return Refusal(body=b"no gzip", headers=(("content-encoding", "gzip"),))
    if kind == "text":
        return Refusal(body=b"a text", headers=(("content-type", "text/plain"),))
    return json_refusal({"error": "The server refuses"})


@contextlib.contextmanager
def refusing_server(refusal: Callable[[str], Refusal]) -> Iterator[RefusingServer]:
    """Run a server on loopback that refuses everything, until the block ends.

    A request's path begins with the status and the kind of error: ``/429/plain``; ``SLOW`` may
    stand instead of the status.

    Args:
        refusal: Kind -> what is answered.
    """
    ended = threading.Event()

    def refuse(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        _, status, kind, *_ = environ["PATH_INFO"].split("/")
        environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        if status == SLOW:
            ended.wait(30)
            status = "503"
        answer = refusal(kind)
        start_response(
            f"{status} {server.phrase_of(int(status))}",
            [*answer.headers, ("content-length", str(len(answer.body)))],
        )
        return [answer.body]

    wsgi = make_server("127.0.0.1", 0, refuse, server_class=_Server, handler_class=_SilentHandler)
    server = RefusingServer(f"http://127.0.0.1:{wsgi.server_port}")
    thread = threading.Thread(
        target=wsgi.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True
    )
    thread.start()
    try:
        yield server
    finally:
        ended.set()
        wsgi.shutdown()
        wsgi.server_close()
        thread.join()
