"""How far loads comes in a payload before it fails.

The unpickler that is written in C reads a whole frame ahead (PEP 3154), so its position says
nothing. The one that is written in Python takes one opcode after the other, and they can be
counted.
"""

import io
import pickle


# dict[int, Callable] cannot be written on Python 3.8.
class _CountingTable(dict):  # type: ignore[type-arg]
    """The unpickler's table of opcodes, which counts its look-ups: one for each opcode."""

    lookups = 0

    def __getitem__(self, opcode: int) -> object:
        self.lookups += 1
        return dict.__getitem__(self, opcode)


class Replay(pickle._Unpickler):  # private, and there since 3.0
    """An unpickler that knows the number of its current opcode; ``load`` starts it."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(io.BytesIO(payload))
        self._opcodes = _CountingTable(pickle._Unpickler.dispatch)
        vars(self)["dispatch"] = self._opcodes  # load() looks for it there first

    @property
    def opcode(self) -> int:
        """The number of the opcode that was read last, counted from 0; -1 before the first."""
        return self._opcodes.lookups - 1
