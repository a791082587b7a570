"""What the module of reducers does for which classes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """What the module does for which classes, by their dotted names."""

    rebuilt: frozenset[str] = frozenset()
    """Rebuilt from all that they store, without ``__init__``."""
    added: frozenset[str] = frozenset()
    """Rebuilt as their own reducers say, with what those leave out."""
    left_behind: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Attributes that cannot be rebuilt, and are sent as None, by class."""
    becomes: Mapping[str, str] = field(default_factory=dict)
    """What classes are sent as: dotted names of built-in classes, which get the message alone, or
    of bases, which get all that can travel."""
    raised_only: frozenset[str] = frozenset()
    """Those of which only what tests raised was lost, and nothing that can be built: whether they
    have learned to travel cannot be seen."""
    known: frozenset[str] = frozenset()
    """Packages, beside those of the classes and the standard library, that the readers have."""

    @property
    def classes(self) -> frozenset[str]:
        """All of them."""
        return self.rebuilt | self.added | frozenset(self.becomes)

    def without(self, classes: frozenset[str]) -> Table:
        """The table without some classes."""
        return Table(
            rebuilt=self.rebuilt - classes,
            added=self.added - classes,
            left_behind={k: v for k, v in self.left_behind.items() if k not in classes},
            becomes={k: v for k, v in self.becomes.items() if k not in classes},
            raised_only=self.raised_only - classes,
            known=self.known,
        )

    def merged(self, other: Table) -> Table:
        """Both tables; of a class that both have, what the other says."""
        mine = self.without(other.classes)
        return Table(
            rebuilt=mine.rebuilt | other.rebuilt,
            added=mine.added | other.added,
            left_behind={**mine.left_behind, **other.left_behind},
            becomes={**mine.becomes, **other.becomes},
            raised_only=mine.raised_only | other.raised_only,
            known=self.known | other.known,
        )
