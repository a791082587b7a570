"""The suite of psycopg: each exception class built, and raised by real connections.

A PostgreSQL server is no Python package. In its place stands one that speaks just enough of the
protocol (PostgreSQL's manual, "Frontend/Backend Protocol") to let a client in and to refuse its
statements; libpq and psycopg make of that what they make of a real refusal.
"""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from typing import TYPE_CHECKING, Any

from pytest_portable_errors.survey.cases import Subject
from pytest_portable_errors.survey.classes import subclasses_in
from pytest_portable_errors.survey.suites.raising import built, library, raised

if TYPE_CHECKING:
    from pytest_portable_errors.sender.receivers import Receivers

_SQLSTATES = {
    "not-unique": "23505",
    "no-table": "42P01",
    "no-syntax": "42601",
    "deadlock": "40P01",
    "not-serializable": "40001",
    "cancelled": "57014",
    "shut-down": "57P01",
    "full-disk": "53100",
    "own-code": "SHOP7",
}


def subjects(receivers: Receivers, receiver_names: Sequence[str]) -> Iterator[Subject]:
    """The suite, a ``Suite`` of ``survey/cases.py``: first what is built, then what is raised.

    Raises:
        PortableErrorsError: psycopg is not installed, or has no libpq.
    """
    with library(
        "psycopg",
        "psycopg",
        "psycopg",
        "psycopg.types.json",
        install="pip install 'psycopg[binary]'",
        prepared=(receivers, receiver_names),
    ) as psycopg:
        yield from built("psycopg", subclasses_in("psycopg"))
        with _refusing_server() as port:
            yield from raised("psycopg.connect", _scenarios(psycopg, port))
        # The server has ended, so its port refuses connections.
        yield from raised("psycopg.connect", {"refused": lambda: _connect(psycopg, port)})


def _scenarios(psycopg: Any, port: int) -> Mapping[str, Callable[[], object]]:
    def executed(statement: str, *parameters: object) -> Callable[[], object]:
        def run() -> None:
            with _connect(psycopg, port) as connection:
                connection.execute(statement, parameters or None)

        return run

    def closed() -> None:
        connection = _connect(psycopg, port)
        connection.close()
        connection.execute("SELECT 1")

    return {
        **{name: executed(state) for name, state in _SQLSTATES.items()},
        "gone": executed("GONE"),
        "no-type": executed("SELECT %s", object()),
        "no-parameter": executed("SELECT %s, %s", 1),
        "closed": closed,
        "no-result": lambda: _connect(psycopg, port).cursor().fetchone(),
        "no-option": lambda: psycopg.connect("shop=7"),
    }


def _connect(psycopg: Any, port: int) -> Any:
    return psycopg.connect(
        host="127.0.0.1",
        port=port,
        user="shop",
        password="portable-errors",
        dbname="shop",
        sslmode="disable",
        gssencmode="disable",
        connect_timeout=30,
        autocommit=True,
    )


@contextmanager
def _refusing_server() -> Iterator[int]:
    """Refuse each statement with the SQLSTATE that it consists of; the server's port."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listening:

        def accept() -> None:
            with suppress(OSError):  # closed
                while True:
                    client, _ = listening.accept()
                    threading.Thread(target=_serve, args=(client,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)  # wakes up accept()
    thread.join()


def _serve(client: socket.socket) -> None:
    with closing(client), client.makefile("rb") as messages, suppress(OSError, struct.error):
        messages.read(struct.unpack("!i", messages.read(4))[0] - 4)  # the startup message
        parameters = b"".join(
            _message(b"S", f"{name}\0{value}\0".encode())
            for name, value in (("server_version", "17.0"), ("client_encoding", "UTF8"))
        )
        client.sendall(_message(b"R", struct.pack("!i", 0)) + parameters + _READY)
        while kind := messages.read(1):
            body = messages.read(struct.unpack("!i", messages.read(4))[0] - 4)
            statement = body.replace(b"\0", b" ").decode(errors="replace").strip()
            if kind in b"QP":
                if statement.startswith("GONE"):
                    return
                client.sendall(_refusal(statement[:5]))
            if kind in b"QS":
                client.sendall(_READY)


def _refusal(state: str) -> bytes:
    fields = {"S": "ERROR", "V": "ERROR", "C": state, "M": "The server refuses", "D": "a detail"}
    body = b"".join(f"{name}{text}\0".encode() for name, text in fields.items())
    return _message(b"E", body + b"\0")


def _message(kind: bytes, body: bytes) -> bytes:
    return kind + struct.pack("!i", len(body) + 4) + body


_READY = _message(b"Z", b"I")
