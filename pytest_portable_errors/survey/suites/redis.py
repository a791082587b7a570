"""The suite of redis: each exception class built, and raised against fakeredis's server."""

from __future__ import annotations

import functools
import importlib
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.building.build import CannotBuild, Variant
from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_BY = "redis.Redis"


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: redis is not installed.
    """
    with library(
        "redis",
        "redis",
        "redis",
        "redis.exceptions",
        install="pip install redis",
        prepared=(receivers, receiver_names),
    ) as redis:
        yield from built("redis", subclasses_in("redis"))
        yield from raised(
            _BY,
            {
                "refused": lambda: _client(redis, _free_port()).ping(),
                "timeout": lambda: _silent(redis),
                "no-url": lambda: redis.Redis.from_url("shop://"),
            },
        )
        try:
            fakeredis = importlib.import_module("fakeredis")
        except ImportError:
            fakeredis = None
        if not hasattr(fakeredis, "TcpFakeServer"):
            yield Subject(name="answers", origin="raised", instances=_no_server)
            return
        with _server(fakeredis) as port, _connected(redis, port) as client:
            yield from raised(_BY, _scenarios(client))


def _scenarios(client: Any) -> Mapping[str, Callable[[], object]]:
    client.set("text", "a")

    def changed_meanwhile() -> None:
        with client.pipeline() as pipeline:
            pipeline.watch("text")
            client.set("text", "c")
            pipeline.multi()
            pipeline.get("text")
            pipeline.execute()

    def in_a_pipeline() -> None:
        with client.pipeline() as pipeline:
            pipeline.set("other", 1).lpush("text", 1).execute()

    def locked() -> None:
        client.lock("order", timeout=10).acquire()
        client.lock("order", timeout=10, blocking_timeout=0.01).__enter__()

    return {
        "wrong-kind": lambda: client.lpush("text", 1),
        "no-number": lambda: client.incr("text"),
        "no-command": lambda: client.execute_command("SHOP"),
        "too-few": lambda: client.execute_command("GET"),
        "no-type": lambda: client.set("order", object()),
        "changed-meanwhile": changed_meanwhile,
        "in-a-pipeline": in_a_pipeline,
        "locked": locked,
        "not-locked": lambda: client.lock("free").release(),
    }


def _client(redis: Any, port: int, *, timeout: float = 30.0) -> Any:
    retry = importlib.import_module("redis.retry")
    backoff = importlib.import_module("redis.backoff")
    return redis.Redis(
        "127.0.0.1",
        port,
        retry=retry.Retry(backoff.NoBackoff(), 0),
        socket_timeout=timeout,
    )


@contextmanager
def _connected(redis: Any, port: int) -> Iterator[Any]:
    with closing(_client(redis, port)) as client:
        try:
            yield client
        finally:
            # Before 5.0.1 closing a client leaves the connections of its pool open.
            client.connection_pool.disconnect()


def _free_port() -> int:
    """A port at which nobody listens."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        port: int = listening.getsockname()[1]
        return port


def _silent(redis: Any) -> None:
    """Ask a server that takes connections and answers nothing."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:
        _client(redis, listening.getsockname()[1], timeout=0.1).ping()


@contextmanager
def _server(fakeredis: Any) -> Iterator[int]:
    """fakeredis's own server on loopback; its port."""
    server = fakeredis.TcpFakeServer(("127.0.0.1", 0), server_type="redis")
    server.daemon_threads = True
    thread = threading.Thread(
        target=functools.partial(server.serve_forever, poll_interval=0.01), daemon=True
    )
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _no_server() -> Sequence[Variant]:
    raise CannotBuild("a server's refusals need fakeredis 2.25 or later: pip install -U fakeredis")
