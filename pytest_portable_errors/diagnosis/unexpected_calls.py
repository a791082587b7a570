"""Finds what a stored exception would call that exceptions do not call: what an attack looks like.

A pickle may call anything. One that was written for an exception calls classes, and functions that
rebuild objects. The payload does not say which names are classes; of other modules than Python's
own they are known by their capital letter.
"""

from __future__ import annotations

import _compat_pickle  # the table by which pickle itself translates names of Python 2
import re
import sys
from collections.abc import Iterable

from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import has_name_of_exception, is_function

# Functions that rebuild objects and do no more, by the beginning of their full name.
_RECONSTRUCTORS = (
    "_codecs.encode",
    "builtins.getattr",  # how protocols 0 to 3 name what lies in a class
    "cloudpickle.cloudpickle._",
    "copyreg.__newobj",
    "copyreg._reconstructor",
    "concurrent.futures.process._rebuild_exc",
    "dill._dill._create_",
    "dill._dill._load_type",
    "django.db.models.base.model_unpickle",
    "multiprocessing.pool.rebuild_exc",
    "numpy._core.multiarray._reconstruct",
    "numpy._core.multiarray.scalar",
    "numpy._core.numeric._frombuffer",
    "numpy.core.multiarray._reconstruct",
    "numpy.core.multiarray.scalar",
    "numpy.core.numeric._frombuffer",
    "numpy.dtype",
    "pydantic_core._pydantic_core.ValidationError.from_exception_data",
    "re._compile",
    "tblib.pickling_support.unpickle_",
    "zoneinfo.ZoneInfo._unpickle",
)
_GETATTR = Global("builtins", "getattr")
_PARTIAL = Global("functools", "partial")
_BUILTIN_TYPE = Global("cloudpickle.cloudpickle", "_builtin_type")  # of the module types, by name
_MAKES_WITHOUT_INIT = "__new__"  # Exception.__new__, by which many reducers rebuild
# Of Python's own modules those whose classes hold values, or are errors; others open files,
# connect, and start processes.
_HARMLESS_MODULES = (
    *("array", "asyncio", "collections", "concurrent", "datetime", "decimal", "email", "enum"),
    *("fractions", "http", "io", "ipaddress", "pathlib", "queue", "signal", "socket", "ssl"),
    *("types", "uuid", "xml", "zoneinfo"),
)
_HARMLESS_BUILTINS = (
    *("bool", "bytearray", "bytes", "complex", "dict", "float", "frozenset", "int", "list"),
    *("object", "range", "set", "slice", "str", "tuple"),
)
_ERROR = re.compile(r"error$|^error_|^_?(Bad|Empty|Full|Timeout|SMTP.*(Refused|Disconnected)$)")


def unexpected_calls(calls: Iterable[Call]) -> tuple[str, ...]:
    """What loads would call that is neither a class nor a well-known reconstructor.

    Args:
        calls: What loads would call, as ``pickle_reader.read`` gives it.

    Returns:
        Full names, each once, in the order of the payload. What is called without a name, because
        another call makes it, is told by the function of that call.
    """
    names = (
        _text(call.function)
        for call in calls
        # no __init__ runs, and __new__ of a class does no more than make its object
        if call.by == "reduce"
        and not _is_expected(
            _target(call) if _name(call.function) == _PARTIAL else _name(call.function)
        )
    )
    return tuple(dict.fromkeys(names))


def unexpected_names(names: Iterable[Global]) -> tuple[str, ...]:
    """Names of a payload, called or not, that are neither a class's nor a known reconstructor's.

    Args:
        names: What loads would import, as ``pickle_reader.read`` gives it.

    Returns:
        Full names, in the order of the payload.
    """
    return tuple(str(name) for name in names if name != _PARTIAL and not _is_expected(_name(name)))


def _name(function: object) -> Global | None:
    """The name that is called, also where it is ``getattr(Outer, "Inner")``; None without one.

    It is the name of Python 3 where a pickle of protocols 0 to 2 has that of Python 2.
    """
    if isinstance(function, Global):
        module, qualname = function.module, function.qualname
        translated = (_compat_pickle.IMPORT_MAPPING.get(module, module), qualname)
        return Global(*_compat_pickle.NAME_MAPPING.get((module, qualname), translated))
    if not isinstance(function, Call) or not isinstance(function.args, tuple):
        return None
    maker = _name(function.function)
    if maker == _PARTIAL:
        return _target(function)
    if maker == _BUILTIN_TYPE and len(function.args) == 1:
        return Global("types", str(function.args[0]))
    if maker == _GETATTR and len(function.args) == 2:
        owner, attribute = function.args
        outer = _name(owner)
        return None if outer is None else Global(outer.module, f"{outer.qualname}.{attribute}")
    return None


def _target(partial: Call) -> Global | None:
    """What a ``functools.partial`` calls; None if its state says something else than its argument.

    Its state, ``(function, args, keywords, attributes)``, takes the place of what it was called
    with.
    """
    if not isinstance(partial.args, tuple) or len(partial.args) != 1:
        return None
    state = partial.state
    if state is not None and not (isinstance(state, tuple) and state[:1] == partial.args):
        return None
    return _name(partial.args[0])


def _is_expected(name: Global | None) -> bool:
    if name is None:
        return False
    module, qualname = name.module, name.qualname
    last_part = qualname.rpartition(".")[2]
    top = module.partition(".")[0]
    if f"{module}.{qualname}".startswith(_RECONSTRUCTORS) or last_part == _MAKES_WITHOUT_INIT:
        return True
    if module == "builtins":
        return qualname in _HARMLESS_BUILTINS or has_name_of_exception(name)
    if top not in sys.stdlib_module_names:
        return not is_function(name)
    return (
        has_name_of_exception(name)
        or _ERROR.search(last_part) is not None
        or (top in _HARMLESS_MODULES and not is_function(name))
        or (top in ("datetime", "collections", "array") and "." not in qualname)
    )


def _text(function: object) -> str:
    name = _name(function)
    if name is not None:
        return str(name)
    while isinstance(function, Call):
        function = function.function
    return str(function) if isinstance(function, Global) else f"<{type(function).__name__}>"
