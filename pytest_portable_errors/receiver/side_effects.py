"""Whether a payload can have left anything behind in the process that rebuilt it.

Pickled plain data and built-in exceptions run nobody's code: the process is as fresh afterwards as
one just forked, and can make the next check. Told by Python's own audit events (PEP 578), of what
really happened: anything but looking up a built-in exception is a trace.
"""

import builtins
import sys
from typing import Tuple

_HARMLESS = frozenset(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)


class SideEffects:
    """Watches this process, from when it is made until it ends: there is no way to remove such a
    hook."""

    def __init__(self) -> None:
        self._watched = self._seen = False
        sys.addaudithook(self._note)

    def begin(self) -> None:
        """Watch from now on: what was before is known."""
        self._watched, self._seen = True, False

    def none_left(self) -> bool:
        """Whether it was watched, and nothing was seen. Ends the watch."""
        watched, self._watched = self._watched, False
        return watched and not self._seen

    def _note(self, event: str, args: Tuple[object, ...]) -> None:
        if not self._watched or self._seen:
            return
        is_known = event == "pickle.find_class" and args[0] == "builtins" and args[1] in _HARMLESS
        self._seen = not is_known and event != "builtins.id"  # which describing asks for
