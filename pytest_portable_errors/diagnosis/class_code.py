"""What the methods of a class do, as their code alone says."""

from __future__ import annotations

import dis
from types import FunctionType

from pytest_portable_errors.diagnosis.pickle_machine import Pairs
from pytest_portable_errors.diagnosis.source_places import location
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.escaped import escaped


def own_setstate(cls: type) -> tuple[str, str] | None:
    """The ``__setstate__`` of a class, where somebody wrote or generated one.

    Returns:
        What to call it (``PaymentError.__setstate__``), and its ``file:line``, empty if it is not
        written in Python; None if it is Python's own.
    """
    for owner in fields.mro_of(cls):
        method = fields.class_dict(owner).get("__setstate__")
        if method is not None:
            place = location(method) if isinstance(method, FunctionType) else ""
            is_own = fields.module_of(owner) != "builtins"
            return (escaped(f"{owner.__qualname__}.__setstate__"), place) if is_own else None
    return None


def sets_args(function: FunctionType) -> bool:
    """Whether a constructor assigns to ``self.args``, by its code alone."""
    return any(
        instruction.opname == "STORE_ATTR" and instruction.argval == "args"
        for instruction in dis.get_instructions(function)
    )


def attributes_set_by_init(cls: type) -> set[str]:
    """Names of the attributes that constructors of a class and its bases assign, by their code.

    A dataclass's are its fields.
    """
    names = set(getattr(cls, "__dataclass_fields__", ()))
    for owner in fields.mro_of(cls):
        method = fields.class_dict(owner).get("__init__")
        if isinstance(method, FunctionType):
            names |= {
                instruction.argval
                for instruction in dis.get_instructions(method)
                if instruction.opname == "STORE_ATTR"
            }
    return names


def setter_at_fault(cls: type, state: object) -> str | None:
    """What of a class may refuse a state: ``__setstate__``, ``__setattr__``, or a property.

    Args:
        cls: The class of the object that was made.
        state: What was to be set; only ``Pairs`` name attributes.

    Returns:
        The method, or the property without setter, with its ``file:line``, as text for people;
        None if there is none.
    """
    for name in ("__setstate__", "__setattr__"):
        method = getattr(cls, name, None)
        if isinstance(method, FunctionType):
            return f"{escaped(method.__qualname__)}    {location(method)}"
    for name, _ in state if isinstance(state, Pairs) else ():
        owner, attribute = next(
            ((c, vars(c)[name]) for c in cls.__mro__ if isinstance(name, str) and name in vars(c)),
            (None, None),
        )
        if owner is not None and isinstance(attribute, property) and attribute.fset is None:
            getter = attribute.fget
            place = f"    {location(getter)}" if isinstance(getter, FunctionType) else ""
            owned = escaped(f"{owner.__qualname__}.{name}")
            return f"{owned} is a property without setter{place}"
    return None
