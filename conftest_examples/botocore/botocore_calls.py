"""A store on loopback that has no key, and the task that asks it."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import botocore.session
from botocore.config import Config

BODY = b"<Error><Code>NoSuchKey</Code><Message>no order 7</Message></Error>"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(404)
        self.send_header("content-type", "application/xml")
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its names
        """Say nothing."""


@contextmanager
def store() -> Iterator[str]:
    """Runs the store; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


def client_of(address: str) -> Any:
    """A client, as the task makes one and the caller, too."""
    session = botocore.session.Session()
    session.set_credentials("AKIAEXAMPLE", "example")
    config = Config(retries={"total_max_attempts": 1}, proxies={}, s3={"addressing_style": "path"})
    return session.create_client("s3", region_name="eu-west-1", endpoint_url=address, config=config)


def get_order(address: str) -> object:
    """The task."""
    return client_of(address).get_object(Bucket="orders", Key="7")
