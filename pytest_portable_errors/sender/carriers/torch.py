"""torch's DataLoader: a worker sends the class and one text."""

from __future__ import annotations

from typing import Any

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import (
    HALVES,
    Carrier,
    Send,
)
from pytest_portable_errors.sender.carriers.consequences import Consequence


def _torch() -> Send:
    wrapper = find("torch", "torch._utils", "ExceptionWrapper")
    dumps = find("", "multiprocessing.reduction", "ForkingPickler.dumps")

    def send(exc: BaseException) -> bytes:
        """Put what a worker of a DataLoader puts: the class, and the text of the traceback."""
        wrapped: Any = wrapper(
            exc_info=(type(exc), exc, exc.__traceback__), where="in DataLoader worker process 0"
        )
        return bytes(dumps((0, wrapped)))

    return send


_NEVER_ANSWERED = "the caller waits for ever: the error cannot be put into the queue of results"
TORCH = Carrier(
    name="torch-dataloader",
    sender=_torch,
    loader=f"{HALVES}.from_torch:loads",
    drops=("args", "attributes", "notes", "chain", "traceback"),
    replaces="a DataLoader calls the class with one text, and takes RuntimeError where that fails",
    sends=(Exception,),
    then=(
        Consequence(
            where="not sent",
            says="the loop over the DataLoader raises RuntimeError: a worker exited unexpectedly",
            seen=("2.13", "2.13"),
            raises="builtins.RuntimeError",
        ),
        Consequence(where="dumps", says=_NEVER_ANSWERED, is_answered=False, seen=("2.13", "2.13")),
        Consequence(
            where="replaced",
            says="the loop over the DataLoader raises RuntimeError with the text in it",
            seen=("2.13", "2.13"),
        ),
    ),
    library="torch",
    distribution="torch",
)
