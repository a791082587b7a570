"""What annotations say: resolved, without their qualifiers, and what they are made of."""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections import abc
from collections.abc import Mapping

UNKNOWN = object()
"""Given where an annotation tells nothing: ``Any``, a class that nothing is known of."""
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly", "Annotated", "Final", "ClassVar")


def hints_of(annotated: object) -> dict[str, object]:
    """The annotations of a function or class. Names that only type checkers import stand for
    ``Any``."""
    try:
        return typing.get_type_hints(annotated, include_extras=False)
    except Exception:  # one name that does not exist spoils the whole
        pass
    owners = reversed(annotated.__mro__) if isinstance(annotated, type) else (annotated,)
    return {
        name: _resolved(hint, owner)
        for owner in owners
        for name, hint in dict(getattr(owner, "__annotations__", {})).items()
    }


def _resolved(hint: object, owner: object) -> object:
    if not isinstance(hint, str):
        return hint
    known = getattr(owner, "__globals__", None) or vars(sys.modules.get(owner.__module__, builtins))
    try:
        return eval(hint, dict(known), _Names(known))
    except Exception:
        return object


class _Names(dict[str, object]):
    """Names that a module uses in annotations and does not have."""

    def __init__(self, known: Mapping[str, object]) -> None:
        super().__init__()
        self._known = known

    def __missing__(self, name: str) -> object:
        if name in self._known or hasattr(builtins, name):
            raise KeyError(name)
        return next(
            (getattr(place, name) for place in (typing, abc) if hasattr(place, name)),
            sys.modules.get(name, object),
        )


def members(hint: object) -> list[object]:
    """Those of a Union that are not None, in their order; else the annotation itself."""
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [
            part
            for inner in typing.get_args(hint)
            if inner is not type(None)
            for part in members(inner)
        ]
    return [hint]


def is_qualifier(origin: object) -> bool:
    """``Required[...]``, ``ReadOnly[...]`` and their like, of ``typing`` or of
    ``typing_extensions`` (which we do not import)."""
    modules = (typing, sys.modules.get("typing_extensions"))
    return any(
        origin is not None and origin is getattr(module, name, None)
        for module in modules
        for name in _QUALIFIERS
    )
