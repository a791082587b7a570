"""A provider on loopback that refuses, and the tasks that ask it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import openai

BODY = json.dumps({"error": {"message": "slow down", "code": "rate_limit_exceeded"}}).encode()
KEY = "sk-example-of-a-key-0123456789"


class _Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(429)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(BODY)))
        self.end_headers()
        self.wfile.write(BODY)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # its names
        """Say nothing."""


@contextmanager
def provider() -> Iterator[str]:
    """Runs the provider; its address."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/v1"
        finally:
            server.shutdown()
            thread.join()


def ask(address: str) -> str:
    """The task."""
    client = openai.OpenAI(api_key=KEY, base_url=address, max_retries=0)
    answer = client.chat.completions.create(
        model="gpt-4o", messages=[{"role": "user", "content": "hi"}]
    )
    return str(answer.choices[0].message.content)


async def ask_in_docket(address: str) -> str:
    """The same for Docket, whose tasks are coroutines."""
    return ask(address)
