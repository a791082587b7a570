"""Which payloads are not loaded: goldens come with a pull request, and a pickle may call anything.

What it names is read here, without loading it. What a module has under such a name, is seen in the
receiver (``receiver/guarded_loads.py``).
"""

from __future__ import annotations

import re
import sys

from pytest_portable_errors.diagnosis.pickle_reader import read
from pytest_portable_errors.diagnosis.unexpected_calls import unexpected_calls, unexpected_names

_BY_VALUE = ("cloudpickle.", "dill.")  # their functions make functions of code


class Refused(Exception):
    """A payload is not loaded, because of what loads would call."""


def ensure_harmless(payload: bytes, *, name: str = "") -> None:
    """Check that loads calls only classes and known reconstructors, and names nothing else.

    What is named and not called may be called all the same: as the ``append`` of an object, say.

    Args:
        payload: A pickle.
        name: Full name of the class that it is of: a function beside it whose name says that it
            rebuilds something is one that is known. Empty: no class is known.

    Raises:
        Refused: There is something else in it, code by value, or too much to read to know.
    """
    reading = read(payload)
    if reading.error is not None or reading.is_cut:
        raise Refused(f"the payload cannot be read to its end ({reading.error or 'too long'})")
    found = [
        *unexpected_calls(reading.calls),
        *unexpected_names(reading.names),
        *(str(named) for named in reading.names if named.module.startswith(_BY_VALUE)),
    ]
    refused = [function for function in dict.fromkeys(found) if not _rebuilds(function, name)]
    if refused:
        raise Refused(
            f"its payload names {', '.join(refused[:3])}, which is no class and no reconstructor "
            "that is known"
        )


def _rebuilds(function: str, name: str) -> bool:
    """Whether a function lies beside a class, and is called as one that rebuilds objects."""
    module, _, own = function.rpartition(".")
    return (
        name.startswith(f"{module}.")
        and module.partition(".")[0] not in sys.stdlib_module_names
        and _REBUILDS.match(own) is not None
    )


_REBUILDS = re.compile(r"_*(rebuild|reconstruct|restore|unpickle)|_+(build|create|from|make|new)")
