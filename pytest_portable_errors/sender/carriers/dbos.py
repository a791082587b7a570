"""DBOS: errors of steps and workflows lie in a database, base64, for two kinds of readers."""

from __future__ import annotations

import base64
from dataclasses import replace

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence

_SEEN = ("3.4", "3.4")


def _sender() -> Send:
    serialize_exception = find("dbos", "dbos._serialization", "serialize_exception")
    serializer = find("dbos", "dbos._serialization", "DBOSDefaultSerializer")

    def send(exc: BaseException) -> bytes:
        """Serialize as for the column ``error``; the base64 around it is put on in the receiver."""
        stored, _ = serialize_exception(exc, None, serializer)
        return base64.b64decode(stored)

    return send


DBOS = Carrier(
    name="dbos",
    sender=_sender,
    loader=f"{HALVES}.from_dbos:loads",
    only_wraps=True,
    carries_values=True,
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="nothing is stored, and whoever asks for the result of the workflow waits",
            is_answered=False,
            seen=_SEEN,
        ),
        Consequence(
            where="dumps",
            says="the error of dumps is stored as the workflow's, and the step has no row",
            seen=_SEEN,
        ),
        Consequence(
            where="loads",
            says="get_result() and a second call of the workflow raise what loads raised",
            seen=_SEEN,
        ),
        Consequence(
            where="replaced",
            says="lists of workflows and steps show the stored text; get_result() and a second "
            "call of the workflow raise what loads raised (serializer dbos:result)",
            seen=_SEEN,
        ),
    ),
    library="dbos",
    distribution="dbos",
)
RESULT = replace(DBOS, name="dbos:result", loader=f"{HALVES}.from_dbos:loads_result")
