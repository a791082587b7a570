"""RPyC: a connection boxes the error of a remote call."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _rpyc() -> Send:
    dump = find("rpyc", "rpyc.core.vinegar", "dump")
    encode = find("rpyc", "rpyc.core.brine", "dump")
    config = find("rpyc", "rpyc.core.protocol", "DEFAULT_CONFIG")

    def send(exc: BaseException) -> bytes:
        """Box the error as a connection with the default configuration does."""
        boxed = dump(
            type(exc),
            exc,
            exc.__traceback__,
            include_local_traceback=config["include_local_traceback"],
            include_local_version=config["include_local_version"],
        )
        return bytes(encode(boxed))

    return send


RPYC = Carrier(
    name="rpyc",
    sender=_rpyc,
    loader=f"{HALVES}.from_rpyc:loads",
    ends_caller=(SystemExit,),
    drops=("notes", "chain", "traceback"),
    replaces="RPyC makes up a class for every error that is not built in, unless the client allows "
    "instantiate_custom_exceptions",
    never_sent=(KeyboardInterrupt,),
    then=(
        Consequence(
            where="not sent",
            says="the connection ends: the caller is given EOFError",
            seen=("6.0", "6.0"),
            raises="builtins.EOFError",
        ),
        Consequence(
            where="replaced",
            says="the call raises it, and the caller ends",
            seen=("6.0", "6.0"),
            only=(SystemExit,),
        ),
        Consequence(
            where="replaced",
            says="except clauses that name the class do not catch it",
            seen=("6.0", "6.0"),
        ),
    ),
    library="rpyc",
    distribution="rpyc",
)
