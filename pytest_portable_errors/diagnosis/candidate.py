"""A change that may make an exception arrive, before it was tried."""

from __future__ import annotations

import re
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.recipe_target import Target
from pytest_portable_errors.diagnosis.recipes import ByModule, Recipe
from pytest_portable_errors.diagnosis.value_path import lies_within


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A change that may help."""

    title: str
    """What the change does, for people: ``add __reduce__ to PaymentError, which ...``."""
    recipe: Recipe
    """How the exception is then rebuilt."""
    target: Target
    """Where the code goes."""
    arrives_as: str | None = None
    """Full name of the type that the exception is then declared to arrive as. None: as itself."""
    gives_up: tuple[str, ...] = ()
    """Paths that the recipe leaves out or converts."""

    def covers(self, path: str) -> bool:
        """Whether the candidate gives up the value that a path leads to.

        True if ``gives_up`` has the path, or one that contains it; and if the path has an attribute
        that the recipe leaves behind, which it does of every exception of the chain.
        """
        recipe = self.recipe
        if isinstance(recipe, ByModule) and path.startswith("exc."):
            return True  # all but its own message and class
        converts = any(getattr(recipe, kind, ()) for kind in ("as_text", "stuck_args"))
        if path == "exc.args" and converts:
            return True  # the path of a loss where several arguments differ: they were converted
        is_given_up = any(lies_within(path, given_up) for given_up in self.gives_up)
        left_behind: tuple[str, ...] = (
            *getattr(recipe, "dropped", ()),
            *getattr(recipe, "stuck", ()),
        )
        return is_given_up or any(re.search(rf"\.{name}\b", path) for name in left_behind)

    @property
    def undeclared(self) -> tuple[str, ...]:
        """Names of attributes that are given up though they can be pickled.

        Of what cannot be pickled nobody asks, once the class has a reducer.
        """
        return getattr(self.recipe, "dropped", ())

    @property
    def code(self) -> str:
        """The Python code to paste."""
        return self.recipe.code(self.target)
