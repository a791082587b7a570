"""What became of exceptions of one shape, so that not each of hundreds has to be looked at."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import replace

from pytest_portable_errors.judging import Judged
from pytest_portable_errors.rows import Verdict
from pytest_portable_errors.sender.extent import MUCH, Outline

ENOUGH = 1
ENOUGH_DEFECTS = 2
"""That fared alike: tests will fail for it that have shown nothing themselves."""
_MOST_SHAPES = 1_000
ENOUGH_OBJECTS = 250
"""Objects that the exceptions of one outline must have held, together, before others of it are not looked at. An outline says only the
types of values, so that one look is not enough, unless it is at a large graph."""
LARGE_LOOKS = 20
"""Exceptions that hold much and that a process looks at in a run: each may take a second."""


class Experience:
    """Of one process."""

    def __init__(self) -> None:
        self._met: dict[Hashable, tuple[int, list[Judged]]] = {}
        self._objects: dict[Hashable, int] = {}
        self._large_looks = 0

    def may_look_at(self, extent: int) -> bool:
        """Whether there is time to look at an exception that holds so many objects."""
        return extent < MUCH or self._large_looks < LARGE_LOOKS

    def look(self, shape: Hashable | None, extent: int) -> None:
        """Count an exception that is looked at, and the objects that it holds."""
        self._large_looks += extent >= MUCH
        if isinstance(shape, Outline) and (shape in self._objects or len(self._objects) < _MOST_SHAPES):
            self._objects[shape] = self._objects.get(shape, 0) + extent

    def learn(self, shape: Hashable | None, judged: Sequence[Judged]) -> None:
        """Keep what became of one. If it is something else than before, counting begins anew."""
        if shape is None or (shape not in self._met and len(self._met) >= _MOST_SHAPES):
            return
        count, before = self._met.get(shape, (0, []))
        is_same = [(one.verdict, one.trip.defect) for one in judged] == [(one.verdict, one.trip.defect) for one in before]
        # Without its journey, which holds a copy of the exception.
        self._met[shape] = (count + 1 if is_same else 1, [replace(one, journey=None) for one in judged])

    def is_settled(self, shape: Hashable) -> bool:
        """Whether the next one will fare as those before."""
        count, judged = self._met.get(shape, (0, []))
        if isinstance(shape, Outline) and self._objects.get(shape, 0) < ENOUGH_OBJECTS:
            return False
        return count >= (ENOUGH_DEFECTS if any(one.verdict is Verdict.DEFECT for one in judged) else ENOUGH)

    def known(self, shape: Hashable) -> list[Judged]:
        """How they fared."""
        return self._met[shape][1]
