"""What the code of today expects of a payload of an earlier release, told by the receiver.

Beside the record of what arrives a reader needs to know the bases that ``except`` clauses name, and
the attributes that today's methods read.
"""

import contextlib
import dataclasses
import dis
import enum
import functools
import inspect
import sys
from collections import deque
from types import CodeType, FunctionType
from typing import Any, Dict, Iterator, List, Set, Tuple

from . import fields
from .described import About, Name, Today
from .moved_classes import look_up, moved_to

_MOST_OBJECTS = 500  # of one payload, in which attributes are looked for
_CONTAINERS = (list, tuple, set, frozenset)


def expected_today(subject: object, names: List[Name], bases: List[str]) -> Today:
    """What today's code expects of an object that loads has made.

    Foreign code runs here, such as a ``__getattr__``; whatever it raises, there is an answer.

    Args:
        subject: The exception, or the value.
        names: The payload's names.
        bases: Full names of the bases that its class had then: one that stands for a base of today,
            which has another name, is among the bases of today as well.
    """
    today: Today = {
        "bases": [fields.type_name(cls) for cls in fields.mro_of(type(subject))[1:-1]],
        "lacks": [],
        "sets": [],
        "setstate": _owner_of_setstate(type(subject)),
    }
    with contextlib.suppress(BaseException):
        own = fields.mro_of(type(subject))[1:-1]
        still = [name for name in bases if any(_named(name) is cls for cls in own)]
        today["bases"] = list(dict.fromkeys([*today["bases"], *still]))
        today["aliases"] = dict(_aliases(names))
    with contextlib.suppress(BaseException):
        sets, lacks = list(_set_by_constructors(type(subject))), list(_lacking(subject))
        if lacks:
            today["classes"] = {fields.type_name(cls): _about(cls) for _, cls in lacks}
            today["owners"] = [fields.type_name(cls) for _, cls in lacks]
        today["sets"], today["lacks"] = sets, [path for path, _ in lacks]
    return today


def _aliases(names: List[Name]) -> Iterator[Tuple[str, str]]:
    """Names of a payload under which today's code has a class of another name, with that name."""
    for module, qualname in names:
        with contextlib.suppress(Exception):  # a module's __getattr__ is foreign code
            known = look_up(module, qualname)
            name = "{}.{}".format(module, qualname)
            if issubclass(type(known), type) and fields.type_name(known) != name:
                yield name, fields.type_name(known)


def _named(name: str) -> object:
    """What a full name stands for in the modules that are loaded; None if it stands for nothing."""
    module, _, last = name.rpartition(".")
    while module and module not in sys.modules:
        module, _, outer = module.rpartition(".")
        last = "{}.{}".format(outer, last)
    try:
        return look_up(module, last)
    except Exception:  # a module's __getattr__ is foreign code
        return None


def known_today(names: List[Name]) -> Today:
    """What today's code has under the names of a payload that loads cannot rebuild.

    Args:
        names: The payload's names.
    """
    classes: Dict[str, About] = {}
    found: Dict[str, List[str]] = {}
    for module, qualname in names:
        name = "{}.{}".format(module, qualname)
        with contextlib.suppress(BaseException):
            try:
                known = look_up(module, qualname)
            except BaseException:
                found[name] = moved_to(module, qualname)
            else:
                if issubclass(type(known), type):
                    classes[name] = _about(known)
    return {
        "bases": [],
        "lacks": [],
        "sets": [],
        "setstate": "",
        "classes": classes,
        "found": found,
    }


def _about(cls: type) -> About:
    about: About = {
        "sets": list(_set_by_constructors(cls)),
        "setstate": _owner_of_setstate(cls),
        "parameters": "",
        "defaults": dict(_defaults(cls)),
    }
    with contextlib.suppress(Exception):  # what signature() raises for classes of C
        signature = inspect.signature(_constructor(cls))
        about["parameters"] = str(_as_written(signature))
        about["required"] = [
            (parameter.name, parameter.kind is parameter.KEYWORD_ONLY)
            for parameter in list(signature.parameters.values())[1:]
            if parameter.default is parameter.empty
            and parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        ]
    if issubclass(cls, enum.Enum):
        about["members"] = list(cls.__members__)
    return about


def _constructor(cls: Any) -> Any:
    """The constructor of a class; by ``Any``, as a type's own ``__init__`` is unsound to mypy."""
    return cls.__init__


def _owner_of_setstate(cls: type) -> str:
    """Full name of the class whose ``__setstate__`` it has; empty if none has one."""
    for owner in fields.mro_of(cls):
        if "__setstate__" in fields.class_dict(owner):
            return fields.type_name(owner)
    return ""


def _defaults(cls: type) -> Iterator[Tuple[str, str]]:
    """Plain defaults of a class's parameters and fields, as Python writes them."""
    found: Dict[str, object] = {}
    with contextlib.suppress(Exception):  # what signature() raises for classes of C
        for parameter in inspect.signature(_constructor(cls)).parameters.values():
            found[parameter.name] = parameter.default
    for name, field in dict(getattr(cls, "__dataclass_fields__", {})).items():
        factory = getattr(field, "default_factory", None)
        if factory in (list, dict, set):
            found[name] = factory()
    for name, field in dict(getattr(cls, "__pydantic_fields__", {})).items():
        factory = getattr(field, "default_factory", None)
        found[name] = factory() if factory in (list, dict, set) else getattr(field, "default", None)
    for name, value in found.items():
        if type(value) in (str, int, float, bool, bytes) or (
            type(value) in (list, dict) and not value
        ):
            yield name, repr(value)


class _AsText(str):
    """An annotation that is a text (PEP 563), and is written without quotes."""

    def __repr__(self) -> str:
        return str(self)


def _as_written(signature: inspect.Signature) -> inspect.Signature:
    def text(annotation: object) -> object:
        return _AsText(annotation) if type(annotation) is str else annotation

    return signature.replace(
        parameters=[
            parameter.replace(annotation=text(parameter.annotation))
            for parameter in signature.parameters.values()
        ],
        return_annotation=text(signature.return_annotation),
    )


def _lacking(subject: object) -> Iterator[Tuple[str, type]]:
    """Paths of attributes that are not there, each with the class whose constructors set it."""
    root = "exc" if issubclass(type(subject), BaseException) else "value"
    waiting: deque[Tuple[object, str]] = deque([(subject, root)])
    seen: Set[int] = set()
    while waiting and len(seen) < _MOST_OBJECTS:
        value, path = waiting.popleft()
        if id(value) in seen or issubclass(type(value), (type, FunctionType)):
            continue
        seen.add(id(value))
        kind = type(value)
        if kind is dict:
            waiting.extend(
                (item, "{}[{!r}]".format(path, key))
                for key, item in value.items()  # type: ignore[attr-defined]  # a dict
                if type(key) in (str, int)
            )
        elif kind in _CONTAINERS:
            items: List[object] = list(value)  # type: ignore[call-overload]  # a container
            waiting.extend(
                (item, "{}[{}]".format(path, number)) for number, item in enumerate(items)
            )
        else:
            for name in _set_by_constructors(kind):
                if _is_property(kind, name):  # what it reads is its own business
                    continue
                try:
                    getattr(value, name)  # __getattr__ may have a default for old payloads
                except AttributeError:
                    yield "{}.{}".format(path, name), kind
            if issubclass(kind, BaseException):
                args = fields.base_field(value, "args")  # type: ignore[arg-type]  # by its kind
                waiting.append((args, path + ".args"))
            waiting.extend(
                (item, "{}.{}".format(path, name)) for name, item in fields.dict_of(value).items()
            )


def _is_property(cls: type, name: str) -> bool:
    for owner in fields.mro_of(cls):
        if name in fields.class_dict(owner):
            return type(fields.class_dict(owner)[name]) is property
    return False


def _set_by_constructors(cls: type) -> "Dict[str, None]":
    """Names of the attributes that a class's constructor sets, and of its declared fields.

    Those of a base's constructor count as far as constructors call ``super()``.
    """
    names: Dict[str, None] = {}
    for owner in fields.mro_of(cls):
        own = fields.class_dict(owner)
        if type(own.get("__pydantic_fields__")) is dict:  # pydantic 2
            names.update(dict.fromkeys(own["__pydantic_fields__"]))
        if type(own.get("__dataclass_fields__")) is dict:
            names.update((field.name, None) for field in dataclasses.fields(owner))
    for owner in fields.mro_of(cls):
        init = fields.class_dict(owner).get("__init__")
        if init is None:
            continue
        if type(init) is not FunctionType:
            break
        names.update(dict.fromkeys(_assigned(init.__code__)))
        if "super" not in init.__code__.co_names:
            break
    return names


@functools.lru_cache(maxsize=None)  # classes share the constructors of their bases
def _assigned(code: CodeType) -> Tuple[str, ...]:
    """Names of the attributes that a constructor sets in its first argument on every way.

    An assignment below a jump may not be made; so only those before the first one count.
    """
    if not code.co_argcount:
        return ()
    own, before = code.co_varnames[0], None
    names: Dict[str, None] = {}
    for step in dis.get_instructions(code):
        if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            break
        if step.opname in ("STORE_ATTR", "DELETE_ATTR") and before is not None:
            loaded = before.argval  # a pair, where one opcode loads two (Python 3.13)
            if "LOAD_FAST" in before.opname and own in (
                loaded[-1:] if type(loaded) is tuple else (loaded,)
            ):
                if step.opname == "STORE_ATTR":
                    names[step.argval] = None
                else:
                    names.pop(step.argval, None)
        before = step
    return tuple(names)
