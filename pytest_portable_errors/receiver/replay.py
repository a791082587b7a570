"""How far loads comes in a payload before it fails.

The unpickler that is written in C reads a whole frame ahead, so its position says nothing. The one
that is written in Python takes one opcode after the other, and they can be counted.
"""

import io
import pickle


# dict[int, Callable] cannot be subscripted on Python 3.8
class _Counted(dict):  # type: ignore[type-arg]
    """The unpickler's table of opcodes; counts how often it is asked."""

    asked = 0

    def __getitem__(self, opcode: int) -> object:
        self.asked += 1
        return dict.__getitem__(self, opcode)


class Replay(pickle._Unpickler):  # private, and there since 3.0
    """An unpickler that knows the number of its current opcode."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(io.BytesIO(payload))
        self._opcodes = _Counted(pickle._Unpickler.dispatch)
        vars(self)["dispatch"] = self._opcodes  # where load() looks for it

    @property
    def opcode(self) -> int:
        """Of the payload's opcodes, counted from 0, the one that was read last."""
        return self._opcodes.asked - 1
