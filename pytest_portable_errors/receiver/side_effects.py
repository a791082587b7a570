"""Whether a payload can have left anything behind in the process that rebuilt it.

Pickled plain data and built-in exceptions run no foreign code: the process is as fresh afterwards
as one just forked, and can make the next check. Python's audit events (PEP 578) tell what really
happened: each of them but the look-up of a built-in exception counts as a side effect.
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
    """Watches the audit events of this process.

    Its hook stays until the process ends: Python has no way to remove one.
    """

    def __init__(self) -> None:
        self._is_watching = self._has_any = False
        sys.addaudithook(self._note)

    def begin(self) -> None:
        """Watch from now on; what happened before does not count."""
        self._is_watching, self._has_any = True, False

    def none_left(self) -> bool:
        """End the watch; whether there was a watch, and no side effect during it."""
        was_watching, self._is_watching = self._is_watching, False
        return was_watching and not self._has_any

    def _note(self, event: str, args: Tuple[object, ...]) -> None:
        if not self._is_watching or self._has_any:
            return
        is_lookup = event == "pickle.find_class" and args[0] == "builtins" and args[1] in _HARMLESS
        self._has_any = not is_lookup and event != "builtins.id"  # record.py calls id()
