"""Pyro5: a daemon responds with the error of a remote call."""

from __future__ import annotations

from types import SimpleNamespace

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.copies import copy_without_traceback


def _pyro5() -> Send:
    respond = find("Pyro5", "Pyro5.server", "Daemon._sendExceptionResponse")
    serializer_id = find("Pyro5", "Pyro5.serializers", "SerpentSerializer.serializer_id")
    daemon = SimpleNamespace(annotations=dict)  # all that is asked of it

    def send(exc: BaseException) -> bytes:
        """Respond as a daemon does, with serpent. It writes the traceback into the exception, so a
        copy is sent where there can be one."""
        sent: list[bytes] = []
        connection = SimpleNamespace(send=sent.append)
        respond(daemon, connection, 0, serializer_id, copy_without_traceback(exc) or exc, [])
        return sent[0]

    return send


PYRO5 = Carrier(
    name="pyro5",
    sender=_pyro5,
    loader=f"{HALVES}.from_pyro5:loads",
    drops=("chain", "traceback"),
    replaces="Pyro5 sends a PyroError in place of what it cannot serialize",
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="the connection ends: the caller is given ConnectionClosedError",
            seen=("5.17", "5.17"),
            raises="Pyro5.errors.ConnectionClosedError",
        ),
        Consequence(
            where="loads",
            says="the caller is given that error; text, attributes and remote traceback are gone",
            seen=("5.17", "5.17"),
        ),
        Consequence(
            where="replaced",
            says="the caller is given a PyroError with the text in it",
            seen=("5.17", "5.17"),
        ),
    ),
    library="Pyro5",
    distribution="Pyro5",
)
