"""multiprocess, on which pathos stands: multiprocessing's copy, which pickles with dill."""

from __future__ import annotations

from pytest_portable_errors.sender.carriers.carrier import HALVES, Carrier, Send
from pytest_portable_errors.sender.carriers.consequences import Consequence
from pytest_portable_errors.sender.carriers.pool_results import (
    ENCODING_ERROR,
    NEVER_ANSWERS,
    WORKER_ENDS,
    sender_of,
)
from pytest_portable_errors.sender.serializers import DILL


def _multiprocess() -> Send:
    return sender_of("multiprocess", "multiprocess")


MULTIPROCESS = Carrier(
    name="multiprocess",
    sender=_multiprocess,
    loader=f"{HALVES}.from_multiprocess:loads",
    holds_at="exc[2][1]",
    of=DILL,
    wraps_fixes=True,
    replaces=ENCODING_ERROR,
    sends=(Exception,),
    then=(
        Consequence(where="not sent", says=WORKER_ENDS, is_answered=False, seen=("0.70", "0.70")),
        Consequence(where="loads", says=NEVER_ANSWERS, is_answered=False, seen=("0.70", "0.70")),
    ),
    library="multiprocess",
    distribution="multiprocess",
)
