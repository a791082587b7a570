"""Compiles the code of a fix, and takes out what it would register."""

from __future__ import annotations

import builtins
import copyreg
import functools
import pickle
from collections.abc import Callable
from types import CodeType, SimpleNamespace
from typing import Any

from pytest_portable_errors.diagnosis.candidate import Candidate

FIX = "portable_errors_fix"
"""The name of the module in which the code of a fix runs."""


def compiled(candidate: Candidate, owner: type) -> Callable[[Any], object] | None:
    """The function that the printed code makes; None if it does not compile or run.

    The code imports a ``copyreg`` of our own: what it registers is for this trial alone.
    """
    table: dict[type, Callable[[Any], object]] = {}
    own_copyreg = SimpleNamespace(
        pickle=lambda owner, reducer: table.update({owner: reducer}), **_without_pickle(copyreg)
    )

    def import_(name: str, *args: Any, **kwargs: Any) -> object:
        return own_copyreg if name == "copyreg" else builtins.__import__(name, *args, **kwargs)

    scope: dict[str, Any] = {
        "__builtins__": {**vars(builtins), "__import__": import_},
        "__name__": FIX,
    }
    try:
        exec(_code_of(candidate.code), scope)  # our own text, as it is printed
    except Exception:  # the code imports a foreign class, which runs foreign code
        return None
    if candidate.target.method == "__reduce_ex__":
        return lambda exc: scope["__reduce_ex__"](exc, pickle.DEFAULT_PROTOCOL)
    return scope["__reduce__"] if candidate.target.method else table.get(owner)


@functools.lru_cache(maxsize=64)
def _code_of(text: str) -> CodeType:
    return compile(text, "<fix>", "exec")


def _without_pickle(module: object) -> dict[str, object]:
    """The public names of a module, without ``pickle``."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "pickle"
    }
