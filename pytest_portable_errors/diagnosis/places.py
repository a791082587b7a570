"""Finds the place of a fix: the class that owns the defect, and the method that pickle asks."""

from __future__ import annotations

import copyreg
from collections.abc import Callable, Iterator

from pytest_portable_errors.diagnosis import class_source, source_places
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.recipe_target import Target
from pytest_portable_errors.receiver import fields

METHODS = ("__reduce_ex__", "__reduce__")
"""What pickle asks for, in its order."""


def places(facts: Facts, is_ours: Callable[[str], bool]) -> Iterator[tuple[type, Target]]:
    """The places where a fix may go, the one that repairs most first.

    Args:
        facts: What was lost, by an exception of which class.
        is_ours: Takes the name of a module: whether it is the project's or a test's.

    Yields:
        Classes, and what to do there. First the class that owns the defect, then the exception's
        own: a method each, where they are the project's and have a body; else a registration for
        the exception's class. Nothing for Python's own classes: a reducer of theirs would be
        everybody's.
    """
    cls = facts.cls
    if fields.module_of(cls) == "builtins":
        return
    # A registration that only the tests have is to go, and hides nothing in production.
    registered = () if facts.from_tests else copyreg.dispatch_table
    ours = [
        owner
        for owner in fields.mro_of(cls)
        if is_ours(fields.module_of(owner) or "")
        and source_places.place_of(owner) is not None
        and owner not in registered  # whose reducer would hide a method
    ]
    if not ours or cls not in ours:
        if fields.is_importable(cls):
            yield cls, _target(cls, "")
        else:  # its own names are false; another may be true
            for module, name in class_source.public_names(cls)[:1]:
                yield cls, Target(module=module, qualname=name, method="")
        return
    mro = list(fields.mro_of(cls))
    at_fault = mro.index(_class_at_fault(facts))
    owner = max((one for one in ours if mro.index(one) <= at_fault), key=mro.index)
    if owner is not cls:
        yield owner, _target(owner, method_of(owner))
    yield cls, _target(cls, method_of(cls))


def method_of(cls: type) -> str:
    """The method by which a class can say how it is pickled.

    ``__reduce_ex__`` where it or a base has one: pickle asks for that before ``__reduce__``.
    """
    return next(
        (
            "__reduce_ex__"
            for owner in fields.mro_of(cls)
            if "__reduce_ex__" in fields.class_dict(owner) and fields.module_of(owner) != "builtins"
        ),
        "__reduce__",
    )


def uses_method(cls: type, owner: type, method: str) -> bool:
    """Whether pickle would use a method for a class, if ``owner``, one of its bases, had it.

    Args:
        cls: The class of an exception.
        owner: The class that would get the method.
        method: ``__reduce__`` or ``__reduce_ex__``.
    """
    mro = fields.mro_of(cls)
    if cls in copyreg.dispatch_table or owner not in mro:
        return False
    for name in METHODS:
        holder = next(
            one for one in mro if name in fields.class_dict(one) or (one, name) == (owner, method)
        )
        if (holder, name) == (owner, method):
            return True
        if fields.module_of(holder) != "builtins":
            return False
    return False


def _class_at_fault(facts: Facts) -> type:
    """The class that owns what the exception is pickled or rebuilt by: the most likely place."""
    mro = fields.mro_of(facts.cls)
    reducer = facts.own_reducer
    name = "__init__" if reducer is None else reducer.place
    owner = next(one for one in mro if name in fields.class_dict(one))
    if fields.module_of(owner) == "builtins" and name == "__init__":
        owner = next(one for one in mro if "__new__" in fields.class_dict(one))
    # One that has slots is at fault as well.
    return facts.cls if fields.module_of(owner) == "builtins" else owner


def _target(cls: type, method: str) -> Target:
    return Target(
        module=cls.__module__,
        qualname=cls.__qualname__,
        method=method,
        replaces=bool(method) and method in fields.class_dict(cls),
        importable=fields.is_importable(cls),
    )
