"""A change that may make an exception arrive, before it was tried."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.recipe_target import Target
from pytest_portable_errors.diagnosis.recipes import (
    Recipe,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change that may help."""

    title: str
    recipe: Recipe
    target: Target
    arrives_as: str | None = None
    """What the exception is then declared to arrive as."""
    gives_up: tuple[str, ...] = ()
    """Paths that the recipe leaves out or converts."""

    def covers(self, path: str) -> bool:
        """Whether that is given up: also by its name, on other links of the chain."""
        names: tuple[str, ...] = getattr(self.recipe, "dropped", ())
        if path == "exc.args" and getattr(self.recipe, "as_text", None):
            return True  # several of them differ, and several were converted
        given_up = any(
            path == whole or path.startswith((f"{whole}.", f"{whole}[", f"{whole} "))
            for whole in self.gives_up
        )
        return given_up or any(re.search(rf"\.{name}\b", path) for name in names)

    @property
    def code(self) -> str:
        """Python to paste."""
        return self.recipe.code(self.target)
