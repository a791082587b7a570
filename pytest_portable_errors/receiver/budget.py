"""How much of one record's values is described: to which depth, and how many of them."""

DEPTH = 8  # how deep values are described at most; below that, their types
# Described values in one record; where there would be more, they are described less deep.
VALUES = 2_000


class TooMuch(Exception):
    """There are more values than may be described at this depth."""


class Budget:
    """How many values of one record may still be described, and how deep they may lie.

    Args:
        depth: How deep values are described at most.
        values: How many values are described.
        cuts: What happens past the last value. True: the others are cut down to their types;
            False: TooMuch is raised.
    """

    def __init__(self, depth: int = DEPTH, values: int = VALUES, *, cuts: bool = True) -> None:
        self.depth = depth
        self.values = values
        self.remaining = values
        """How many values may still be described; negative past the last."""
        self.is_cut = False
        """Whether a container was too long for all of its items to be described, or digested."""
        self._cuts = cuts

    def take(self) -> bool:
        """Count one more value.

        Returns:
            Whether it may still be described.

        Raises:
            TooMuch: It may not, and the budget does not cut.
        """
        self.remaining -= 1
        if self.remaining < 0 and not self._cuts:
            raise TooMuch
        return self.remaining >= 0

    def has(self, count: int) -> bool:
        """Whether that many more values may be described; none of them is counted.

        Raises:
            TooMuch: They may not, and the budget does not cut.
        """
        if count > self.remaining and not self._cuts:
            raise TooMuch
        return count <= self.remaining
