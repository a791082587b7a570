"""Whether a payload can have left anything behind in the process that rebuilt it.

Pickled plain data and built-in exceptions run nobody's code: the process is as fresh afterwards as one just forked, and can make the next
check. Told by Python's own audit events (PEP 578), of what really happened: anything but looking up a built-in exception is a trace.
"""

import builtins
import sys
from typing import Any, Tuple

_HARMLESS = frozenset(name for name, value in vars(builtins).items() if isinstance(value, type) and issubclass(value, BaseException))


class Traces:
    """Watches this process, from when it is made until it ends: there is no way to remove such a hook."""

    def __init__(self) -> None:
        self.none_left = False
        sys.addaudithook(self._note)

    def begin(self) -> None:
        """Whatever was before is known."""
        self.none_left = True

    def _note(self, event: str, args: Tuple[Any, ...]) -> None:
        if event == "pickle.find_class" and args[0] == "builtins" and args[1] in _HARMLESS:
            return
        if event != "builtins.id":  # which describing asks for
            self.none_left = False
