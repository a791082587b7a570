"""What is learnt of a class without an instance: signatures, who defines a method, and where."""

from __future__ import annotations

import copyreg
import inspect
import sys
from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType
from typing import Any

from pytest_portable_errors.diagnosis.facts import Reducer
from pytest_portable_errors.diagnosis.source_places import location
from pytest_portable_errors.receiver import fields
from pytest_portable_errors.receiver.escaped import escaped

# From Python 3.14 on annotations are evaluated when they are asked for (PEP 649).
_ANNOTATIONS_AS_THEY_ARE: dict[str, Any] = {}
if sys.version_info >= (3, 14):
    import annotationlib

    _ANNOTATIONS_AS_THEY_ARE["annotation_format"] = annotationlib.Format.FORWARDREF


def own_constructor(cls: type) -> FunctionType | None:
    """The Python function that says what a class can be called with.

    Returns:
        ``__init__``, or else ``__new__``, whichever is written in Python; None if both are in C.
    """
    for name in ("__init__", "__new__"):
        method = vars(_owner(cls, name))[name]
        method = getattr(method, "__func__", method)  # __new__ is a staticmethod
        if isinstance(method, FunctionType):
            return method
    return None


def _owner(cls: type, name: str) -> type:
    """The nearest class that defines a method, which hides those further up.

    For methods that ``object`` has: so there is one.
    """
    return next(owner for owner in cls.__mro__ if vars(owner).get(name) is not None)


def reducer_of(cls: type) -> Reducer | None:
    """What pickles the instances of a class, where somebody wrote it.

    Looked for in pickle's own order: ``copyreg``, ``__reduce_ex__``, ``__reduce__``.

    Returns:
        None if Python's own method does, or if the class does not let itself be looked at.
    """
    try:
        return _reducer_in_use(cls)
    except Exception:  # a metaclass is foreign code
        return None


def _reducer_in_use(cls: type) -> Reducer | None:
    registered = copyreg.dispatch_table.get(cls)
    if registered is not None:
        return _reducer("copyreg", registered, cls, "")
    for name in ("__reduce_ex__", "__reduce__"):
        owner = _owner(cls, name)
        if owner.__module__ != "builtins":
            return _reducer(name, vars(owner)[name], owner, owner.__qualname__)
    return None


def registered_reducer(function: object, cls: type) -> Reducer:
    """Describe a function that is registered as the reducer of a class."""
    return _reducer("copyreg", function, cls, "")


def _reducer(place: str, function: object, owner: type, owner_name: str) -> Reducer:
    inner: Any = inspect.unwrap(function) if callable(function) else function
    # A bound method has a __func__, a partial has a func.
    inner = getattr(inner, "__func__", getattr(inner, "func", inner))
    code = getattr(inner, "__code__", None)
    module = str(getattr(inner, "__module__", "") or "")
    return Reducer(
        place=place,
        name=str(getattr(inner, "__qualname__", type(inner).__qualname__)),
        owner=owner_name,
        module=module,
        file="" if code is None else code.co_filename,
        location="" if code is None else location(inner),
        beside_class=module == owner.__module__,
    )


def public_names(cls: type) -> list[tuple[str, str]]:
    """Where loaded modules hold a class, found by identity: its names say nothing.

    Returns:
        Pairs of a module's name and the name of the class there, the likeliest to be public first:
        without an underscore at the beginning of a part, then the shortest. Empty if no module
        holds the class at its top.
    """
    found = [
        (module_name, name)
        for module_name, module in list(sys.modules.items())
        for name, value in fields.dict_of(module).items()
        if value is cls and isinstance(name, str)
    ]
    return sorted(
        found,
        key=lambda names: (
            any(part.startswith("_") for part in ".".join(names).split(".")),
            names[0].count("."),
            len(names[0]),
            names,
        ),
    )


def fits(function: FunctionType, args: tuple[object, ...]) -> bool:
    """Whether a constructor can be called with these positional arguments, ``self`` left out.

    True where it has no signature that can be read.
    """
    own_signature = signature(function)
    if own_signature is None:
        return True
    try:
        own_signature.bind(None, *args)
    except TypeError:
        return False
    return True


def parameters(function: FunctionType) -> str:
    """A signature as text, without ``self`` and annotations: ``(order_id, reason='none')``.

    Returns:
        ``(...)`` if there is no signature that can be read; names alone if the repr of a default
        raises.
    """
    own_signature = signature(function)
    if own_signature is None:
        return "(...)"
    without_self = list(own_signature.parameters.values())[1:]
    bare = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in without_self]
    try:
        return escaped(str(inspect.Signature(bare)))
    except Exception:  # a default's repr is foreign code
        return f"({', '.join(parameter.name for parameter in bare)})"


def named_arguments(
    function: FunctionType, args: tuple[object, ...], show: Callable[[object], str]
) -> str | None:
    """Write arguments with the names of the parameters that they reach: ``code='m'``.

    Args:
        function: A constructor.
        args: Positional arguments, without ``self``.
        show: Writes one argument.

    Returns:
        The arguments, with commas between them; None if they do not fit, or there is no signature
        that can be read.
    """
    own_signature = signature(function)
    if own_signature is None:
        return None
    try:
        by_parameter = own_signature.bind(None, *args).arguments
    except TypeError:
        return None
    self_name = next(iter(own_signature.parameters))
    kinds = {name: parameter.kind for name, parameter in own_signature.parameters.items()}
    return ", ".join(
        ", ".join(map(show, value))
        if kinds[name] is inspect.Parameter.VAR_POSITIONAL
        else f"{name}={show(value)}"
        for name, value in by_parameter.items()
        if name != self_name
    )


def keyword_only(function: FunctionType) -> list[str]:
    """Names of the parameters that are keyword-only and have no default.

    Empty where there is no signature that can be read.
    """
    own_signature = signature(function)
    declared = () if own_signature is None else own_signature.parameters.values()
    return [p.name for p in declared if p.kind is p.KEYWORD_ONLY and p.default is p.empty]


def signature(function: Callable[..., object]) -> inspect.Signature | None:
    """The signature of a function itself, and not of one that it wraps (``__wrapped__``).

    Annotations may name what only type checkers import: see ``building/hints.py``.

    Returns:
        None where there is none that can be read: ``__signature__`` holds something else, a class
        is written in C, or an annotation raises something when it is evaluated.
    """
    try:
        return inspect.signature(function, follow_wrapped=False, **_ANNOTATIONS_AS_THEY_ARE)
    except Exception:  # foreign code
        return None


def built_in_base(cls: type) -> type:
    """The nearest base whose ``__new__`` is written in C.

    Python refuses the ``__new__`` of one further up ("not safe"), where a library's class has one.
    """
    return next(
        owner
        for owner in cls.__mro__
        if isinstance(vars(owner).get("__new__"), BuiltinFunctionType)
    )
