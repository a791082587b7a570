"""What can be learnt of a class without making an instance: its signature, who defines a method,
where that stands."""

from __future__ import annotations

import copyreg
import inspect
import os
import sys
from collections.abc import Callable
from types import FunctionType
from typing import Any

from pytest_portable_errors.diagnosis.facts import Reducer
from pytest_portable_errors.diagnosis.pickle_machine import Pairs


def find_class(module: str, qualname: str) -> type | None:
    """The class of that name, if it is imported already. Imports nothing."""
    found: object = sys.modules.get(module)
    try:
        for name in qualname.split("."):
            found = getattr(found, name)
    except Exception:  # a module's __getattr__ is foreign code
        return None
    return found if isinstance(found, type) else None


def own_constructor(cls: type) -> FunctionType | None:
    """The ``__init__``, or else the ``__new__``, that is written in Python and says what the class
    can be called with; None if C does."""
    for name in ("__init__", "__new__"):
        method = vars(_owner(cls, name))[name]
        method = getattr(method, "__func__", method)  # __new__ is a staticmethod
        if isinstance(method, FunctionType):
            return method
    return None


def _owner(cls: type, name: str) -> type:
    """The class that this one has a method from; those further up are never called. Of methods that
    ``object`` has."""
    return next(owner for owner in cls.__mro__ if vars(owner).get(name) is not None)


def reducer_of(cls: type) -> Reducer | None:
    """What pickles the instances of a class, in pickle's own order: ``copyreg``, ``__reduce_ex__``,
    ``__reduce__``. None if Python does, or if the class does not let itself be looked at.
    """
    try:
        return _reducer_in_use(cls)
    except Exception:  # a metaclass is foreign code
        return None


def _reducer_in_use(cls: type) -> Reducer | None:
    registered = copyreg.dispatch_table.get(cls)
    if registered is not None:
        return _reducer("copyreg", registered, cls)
    for name in ("__reduce_ex__", "__reduce__"):
        owner = _owner(cls, name)
        if owner.__module__ != "builtins":
            return _reducer(name, vars(owner)[name], owner)
    return None


def _reducer(place: str, function: object, owner: type) -> Reducer:
    written: Any = inspect.unwrap(function) if callable(function) else function
    # a bound method, a partial
    written = getattr(written, "__func__", getattr(written, "func", written))
    code = getattr(written, "__code__", None)
    module = str(getattr(written, "__module__", "") or "")
    return Reducer(
        place=place,
        name=str(getattr(written, "__qualname__", type(written).__qualname__)),
        module=module,
        file="" if code is None else code.co_filename,
        location="" if code is None else location(written),
        beside_class=module == owner.__module__,
    )


def fits(function: FunctionType, args: tuple[object, ...]) -> bool:
    """Whether the constructor can be called with these positional arguments, ``self`` left out."""
    found = signature(function)
    if found is None:
        return True  # as far as can be told
    try:
        found.bind(None, *args)
    except TypeError:
        return False
    return True


def parameters(function: FunctionType) -> str:
    """The signature without ``self``, annotations and return type: ``(order_id, reason)``."""
    found = signature(function)
    if found is None:
        return "(...)"
    rest = list(found.parameters.values())[1:]
    shown = [parameter.replace(annotation=inspect.Parameter.empty) for parameter in rest]
    try:
        return str(inspect.Signature(shown))
    except Exception:  # a default's repr is foreign code
        return f"({', '.join(parameter.name for parameter in shown)})"


def bound(
    function: FunctionType, args: tuple[object, ...], show: Callable[[object], str]
) -> str | None:
    """The arguments with the names of the parameters that they reach: ``code='m'``. None if that
    cannot be told."""
    found = signature(function)
    if found is None:
        return None
    try:
        reached = found.bind(None, *args).arguments
    except TypeError:
        return None
    first = next(iter(found.parameters))
    kinds = {name: parameter.kind for name, parameter in found.parameters.items()}
    return ", ".join(
        ", ".join(map(show, value))
        if kinds[name] is inspect.Parameter.VAR_POSITIONAL
        else f"{name}={show(value)}"
        for name, value in reached.items()
        if name != first
    )


def keyword_only(function: FunctionType) -> list[str]:
    """Names of the parameters that have to be named, and given."""
    found = signature(function)
    parameters = () if found is None else found.parameters.values()
    return [p.name for p in parameters if p.kind is p.KEYWORD_ONLY and p.default is p.empty]


def setter_at_fault(cls: type, state: object) -> str | None:
    """What of a class may refuse a state: a property without setter, a ``__setattr__``, a
    ``__setstate__``."""
    for name in ("__setstate__", "__setattr__"):
        method = getattr(cls, name, None)
        if isinstance(method, FunctionType):
            return f"{method.__qualname__}    {location(method)}"
    for name, _ in state if isinstance(state, Pairs) else ():
        owner, found = next(
            ((c, vars(c)[name]) for c in cls.__mro__ if isinstance(name, str) and name in vars(c)),
            (None, None),
        )
        if owner is not None and isinstance(found, property) and found.fset is None:
            place = f"    {location(found.fget)}" if isinstance(found.fget, FunctionType) else ""
            return f"{owner.__qualname__}.{name} is a property without setter{place}"
    return None


def signature(function: FunctionType) -> inspect.Signature | None:
    """A function's; None where the class tells something else than a signature
    (``__signature__``)."""
    try:
        return inspect.signature(function, follow_wrapped=False)
    except (TypeError, ValueError):
        return None


def location(function: FunctionType) -> str:
    """``file:line`` of a function, the file as short as an import would name it:
    ``litellm/exceptions.py:452``."""
    file = function.__code__.co_filename
    folders = sorted(
        (folder.rstrip(os.sep) + os.sep for folder in (*sys.path, _START) if folder),
        key=len,
        reverse=True,
    )
    folder = next((folder for folder in folders if file.startswith(folder)), "")
    return f"{file.removeprefix(folder)}:{function.__code__.co_firstlineno}"


def place_of(cls: type) -> tuple[str, int] | None:
    """File and line of a class; None where that cannot be told. Reads the file."""
    try:
        file = inspect.getsourcefile(cls)
        # the former from Python 3.13 on
        line = vars(cls).get("__firstlineno__") or inspect.findsource(cls)[1] + 1
    except Exception:  # classes and modules are foreign; what is generated has no file
        return None
    return (os.path.realpath(file), line) if file and isinstance(line, int) else None


_START = os.getcwd()
