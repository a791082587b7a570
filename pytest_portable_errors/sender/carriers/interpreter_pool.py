"""``InterpreterPoolExecutor``: interpreters of one process send errors by pickle all the same."""

from __future__ import annotations

from pytest_portable_errors.receiver.carriers.library import find
from pytest_portable_errors.sender.carriers.carrier import Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, PICKLES

_SEEN = ("3.14", "3.15")


def _interpreter_pool() -> Send:
    # The queue between the interpreters is written in C, and so is what pickles for it.
    find("", "concurrent.futures.interpreter", "do_call")
    return PICKLES[0].dumps


INTERPRETER_POOL = Carrier(
    name="interpreter-pool",
    sender=_interpreter_pool,
    loader=PICKLE_LOADER,
    only_wraps=True,
    ends_caller=(SystemExit, KeyboardInterrupt, GeneratorExit),
    then=(
        Consequence(
            where="dumps",
            says="result() raises ExecutionFailed, with class and message in its text",
            seen=_SEEN,
            raises="concurrent.interpreters.ExecutionFailed",
        ),
        Consequence(
            where="loads",
            says="result() raises NotShareableError, whose cause is what loads raised",
            seen=_SEEN,
            raises="concurrent.interpreters.NotShareableError",
        ),
    ),
    python=(3, 14),
)
