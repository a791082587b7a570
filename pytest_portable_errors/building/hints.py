"""Reads annotations: resolves them, and takes unions and qualifiers apart."""

from __future__ import annotations

import builtins
import sys
import types
import typing
from collections import abc
from collections.abc import Mapping
from typing import Any

if sys.version_info >= (3, 14):
    import annotationlib

UNKNOWN = object()
"""Stands for a value where an annotation gives none: ``Any``, a class of which nothing is known."""
_QUALIFIERS = ("Required", "NotRequired", "ReadOnly", "Annotated", "Final", "ClassVar")


def hints_of(annotated: object) -> dict[str, object]:
    """The annotations of a function or class, resolved, by name; {} if there are none.

    A name that does not exist, such as one that only type checkers import, is looked for in
    ``typing``, ``collections.abc`` and the loaded modules; else it gives ``object``.
    """
    try:
        return typing.get_type_hints(annotated, include_extras=False)
    except Exception:  # one name that does not exist spoils all annotations
        pass
    owners = reversed(annotated.__mro__) if isinstance(annotated, type) else (annotated,)
    return {name: _resolved(hint, owner) for owner in owners for name, hint in _own(owner).items()}


def _own(owner: Any) -> dict[str, object]:
    """The annotations of one function or class, of which some are texts or forward references.

    From Python 3.14 on they are evaluated when they are asked for (PEP 649), and those that only
    type checkers can resolve raise NameError; ``annotationlib`` gives forward references for them.
    """
    if sys.version_info >= (3, 14):
        try:
            return annotationlib.get_annotations(owner, format=annotationlib.Format.FORWARDREF)
        except Exception:  # not callable, no class; or foreign code in an annotation
            return {}
    return dict(getattr(owner, "__annotations__", {}))


def _resolved(hint: object, owner: Any) -> object:
    if isinstance(hint, typing.ForwardRef):
        hint = hint.__forward_arg__
    if not isinstance(hint, str):
        return hint
    module_names = getattr(owner, "__globals__", None) or vars(
        sys.modules.get(owner.__module__, builtins)
    )
    try:
        return eval(hint, dict(module_names), _MissingNames(module_names))
    except Exception:
        return object


class _MissingNames(dict[str, object]):
    """Values for names that a module uses in annotations and does not have."""

    def __init__(self, module_names: Mapping[str, object]) -> None:
        super().__init__()
        self._module_names = module_names

    def __missing__(self, name: str) -> object:
        if name in self._module_names or hasattr(builtins, name):
            raise KeyError(name)
        return next(
            (getattr(module, name) for module in (typing, abc) if hasattr(module, name)),
            sys.modules.get(name, object),
        )


def members(hint: object) -> list[object]:
    """The members of a union that are not None, in order; of any other annotation, itself.

    Nested unions are flattened.
    """
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return [
            part
            for inner in typing.get_args(hint)
            if inner is not type(None)
            for part in members(inner)
        ]
    return [hint]


def is_qualifier(origin: object) -> bool:
    """Whether an annotation's origin is a qualifier: ``Required``, ``ReadOnly`` and their like.

    They may be those of ``typing`` or of ``typing_extensions``, which is not imported for this.
    """
    modules = (typing, sys.modules.get("typing_extensions"))
    return any(
        origin is not None and origin is getattr(module, name, None)
        for module in modules
        for name in _QUALIFIERS
    )
