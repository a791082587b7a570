"""Recipes that call a class's constructor again, and what of a class decides which recipes suit."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from dataclasses import replace

from pytest_portable_errors.diagnosis import class_code, class_source
from pytest_portable_errors.diagnosis.recipes import (
    AsCalled,
    ByConstructor,
)
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.described import Node


def has_plain_slots(cls: type) -> bool:
    """Whether a class has slots, and each is a name in a tuple or list that says what it is."""
    declared = [
        slots
        for owner in fields.mro_of(cls)
        if fields.module_of(owner) != "builtins"
        and (slots := fields.class_dict(owner).get("__slots__")) is not None
    ]
    names = [name for slots in declared if isinstance(slots, (tuple, list)) for name in slots]
    return (
        bool(names)
        and all(isinstance(slots, (tuple, list)) for slots in declared)
        and not any(name.startswith("__") for name in names)
    )


def held_exceptions(node: Node) -> tuple[str, ...]:
    """Paths of the arguments and attributes of an exception that are exceptions."""
    values = [
        *((f"exc.args[{n}]", value) for n, value in enumerate(node["args"].get("items", ()))),
        *((f"exc.{name}", value) for name, value in node["attributes"].items()),
    ]
    return tuple(path for path, value in values if "message" in value)


def constructor_recipes(cls: type, node: Node) -> Iterator[ByConstructor | AsCalled]:
    """Call the class with the attributes that bear the names of its parameters, if they suffice.

    First with its state, then without, for a class that refuses to have attributes set.
    """
    constructor = class_source.own_constructor(cls)
    signature = None if constructor is None else class_source.signature(constructor)
    if signature is None:
        return
    stored = set(node["attributes"])
    parameters = list(signature.parameters.values())[1:]
    if dataclasses.is_dataclass(cls) and {parameter.name for parameter in parameters} <= stored:
        recipe = AsCalled(
            names=tuple(p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD),
            keyword=tuple(p.name for p in parameters if p.kind is p.KEYWORD_ONLY),
        )
        yield recipe
        yield replace(recipe, with_state=False)
    positional: list[str] = []
    keyword: list[tuple[str, str]] = []
    for parameter in parameters:
        attribute = next(
            (name for name in (parameter.name, f"_{parameter.name}") if name in stored), None
        )
        if parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD):
            continue
        if attribute is None:
            if parameter.default is inspect.Parameter.empty:
                return
            break  # parameters after it can only be passed by name; the state restores them
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            keyword.append((parameter.name, attribute))
        else:
            positional.append(attribute)
    by_constructor = ByConstructor(positional=tuple(positional), keyword=tuple(keyword))
    yield by_constructor
    made = class_code.attributes_set_by_init(cls)
    yield replace(by_constructor, with_state=False, made=tuple(sorted(made & stored)))
