"""Rebuilds payloads of earlier releases: as they are, or as the code would that was repaired.

A repair is tried here, where the classes are: nothing of the sender is changed for that.
"""

import ast
import enum
import io
import json
import pickle
from typing import Any, Dict, List, Tuple

from . import fields
from .moved_classes import look_up

_HEAD = 8  # bytes of the length of the head


def with_repair(payload: bytes, repair: Dict[str, Any]) -> bytes:
    """Join a payload and a repair, as ``loads`` takes them apart."""
    head = json.dumps(repair).encode()
    return len(head).to_bytes(_HEAD, "big") + head + payload


def loads(joined: bytes) -> object:
    """Rebuild a payload as the code would that was repaired.

    Args:
        joined: What ``with_repair`` gave. The repair has ``names``: pairs of a module and a
            qualified name as the payload has them, and as they are today; ``methods``: module and
            qualified name of a class, the method's name and its source, a ``def``; ``defaults``:
            module, class, parameters that get None as their default; ``attributes``: module, class,
            attributes that the class gets, with their values as texts.

    Returns:
        What loads gives.

    Raises:
        BaseException: What loads raises, or the repair.
    """
    size = int.from_bytes(joined[:_HEAD], "big")
    repair = json.loads(joined[_HEAD : _HEAD + size])
    names = {tuple(old): tuple(new) for old, new in repair.get("names", ())}
    for module, qualname, name, source in repair.get("methods", ()):
        _add_method(look_up(module, qualname), name, source)
    for module, qualname, attributes in repair.get("attributes", ()):
        for attribute, value in attributes.items():
            setattr(look_up(module, qualname), attribute, ast.literal_eval(value))
    for module, qualname, parameters in repair.get("defaults", ()):
        _add_defaults(look_up(module, qualname), parameters)

    return _Guarded(io.BytesIO(joined[_HEAD + size :]), names).load()


class _Guarded(pickle.Unpickler):
    """An unpickler that gives no class under the name of another package.

    The sender has read the payload: all that it names is called as classes and reconstructors are.
    But a module may have a name of another one's, ``shop.util.subprocess.Popen``.
    """

    def __init__(self, file: io.BytesIO, names: Dict[Tuple[str, str], Tuple[str, str]]) -> None:
        super().__init__(file)
        self._names = names

    def find_class(self, module: str, name: str) -> Any:
        """See ``pickle.Unpickler``.

        Raises:
            UnpicklingError: What the module has there is another package's, and no error.
        """
        module, name = self._names.get((module, name), (module, name))
        found = super().find_class(module, name)
        is_type = issubclass(type(found), type)
        own = fields.module_of(found) if is_type else getattr(found, "__module__", None)
        tops = [module.partition(".")[0], *(["builtins"] if is_type else [])]
        # A module of C has an underscore before the name of that which gives it out.
        is_own = str(own or module).partition(".")[0].lstrip("_") in (
            top.lstrip("_") for top in tops
        )
        if is_own or (is_type and issubclass(found, _VALUES)):
            return found
        raise pickle.UnpicklingError(
            "{}.{} is of another package ({}), and no error: a golden loads no such thing".format(
                module, name, own
            )
        )


_VALUES = (BaseException, enum.Enum, tuple, dict, list, set, str, bytes, int, float)


def _add_method(cls: Any, name: str, source: str) -> None:
    """Compile a method as if it stood in the class, and put it there."""
    space: Dict[str, Any] = {}
    lines = "".join("    {}\n".format(line) for line in source.splitlines())
    # __class__ is a parameter, so that super() without arguments finds the class.
    exec("def make(__class__):\n{}    return {}".format(lines, name), space)  # our own code
    setattr(cls, name, space["make"](cls))


def _add_defaults(cls: Any, parameters: List[str]) -> None:
    init = cls.__init__
    code, keyword = init.__code__, dict(init.__kwdefaults__ or {})
    positional = code.co_varnames[: code.co_argcount]
    defaults = dict(zip(reversed(positional), reversed(init.__defaults__ or ())))
    for name in parameters:
        (defaults if name in positional else keyword).setdefault(name, None)
    init.__defaults__ = tuple(defaults[name] for name in positional if name in defaults)
    init.__kwdefaults__ = keyword
