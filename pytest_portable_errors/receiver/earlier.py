"""What becomes of a payload of an earlier release in the code of today, told by the receiver.

Beside the record of what arrives a reader needs to know what the code of today expects of it: the
bases that ``except`` clauses name, and attributes that today's methods read. And a repair is tried
here, where the classes are: nothing of the sender is changed for that.
"""

import contextlib
import dataclasses
import difflib
import dis
import enum
import importlib
import inspect
import io
import itertools
import json
import pickle
import pkgutil
import re
import sys
from collections import deque
from types import FunctionType
from typing import Any, Dict, Iterator, List, Set, Tuple

from . import fields
from .described import About, Name, Today

_MOST_FOUND = 5  # classes that may be the one of a name
_ALIKE = 0.6  # how alike two names have to be, from 0 to 1, for one to be the other, renamed
_MOST_MODULES = 500  # of one package, in which they are looked for
_MOST_OBJECTS = 500  # of one payload, in which attributes are looked for
_CONTAINERS = (list, tuple, set, frozenset)
_HEAD = 8  # bytes of the length of the head


def expected_today(subject: object, names: List[Name], bases: List[str]) -> Today:
    """What today's code expects of an object that loads has made.

    Args:
        subject: The exception, or the value.
        names: The payload's names.
        bases: Full names of the bases that its class had then: one that stands for a base of today,
            which has another name, is among the bases of today as well.
    """
    lacks = list(_lacking(subject))
    own = fields.mro_of(type(subject))[1:-1]
    still = [name for name in bases if any(_named(name) is cls for cls in own)]
    today: Today = {
        "bases": list(dict.fromkeys([*map(fields.type_name, own), *still])),
        "lacks": [path for path, _ in lacks],
    }
    aliases = dict(_aliases(names))
    if aliases:
        today["aliases"] = aliases
    if lacks:
        today["owners"] = [fields.type_name(cls) for _, cls in lacks]
        today["classes"] = {fields.type_name(cls): _about(cls) for _, cls in lacks}
    return today


def _aliases(names: List[Name]) -> Iterator[Tuple[str, str]]:
    """Names of a payload under which today's code has a class of another name, with that name."""
    for module, qualname in names:
        with contextlib.suppress(Exception):  # a module's __getattr__ is foreign code
            known = _class(module, qualname)
            name = "{}.{}".format(module, qualname)
            if isinstance(known, type) and fields.type_name(known) != name:
                yield name, fields.type_name(known)


def _named(name: str) -> object:
    """What a full name stands for in the modules that are loaded; None if it stands for nothing."""
    module, _, last = name.rpartition(".")
    while module and module not in sys.modules:
        module, _, outer = module.rpartition(".")
        last = "{}.{}".format(outer, last)
    try:
        return _class(module, last)
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
        try:
            known = _class(module, qualname)
        except BaseException:  # foreign code, too
            found[name] = list(itertools.islice(_elsewhere(module, qualname), _MOST_FOUND))
        else:
            if isinstance(known, type):
                classes[name] = _about(known)
    return {"bases": [], "lacks": [], "classes": classes, "found": found}


def _about(cls: type) -> About:
    about: About = {"sets": list(_set_by_constructors(cls)), "setstate": "", "parameters": ""}
    for owner in fields.mro_of(cls):
        if "__setstate__" in fields.class_dict(owner):
            about["setstate"] = fields.type_name(owner)
            break
    with contextlib.suppress(Exception):  # what signature() raises for classes of C
        signature = inspect.signature(cls.__init__)  # type: ignore[misc]
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


def _elsewhere(module: str, qualname: str) -> Iterator[str]:
    """Where today's package has a class that may be the one of a name: ``module:qualname``.

    First those of the same name, in any of its modules; then exception classes of its own module,
    or where that is gone of all, with a name like it.
    """
    last = qualname.rpartition(".")[2]
    modules = [name for name in _modules_of(module.partition(".")[0]) if name in sys.modules]
    others: Dict[str, None] = {}
    for name in modules:
        for key, value in list(fields.dict_of(sys.modules[name]).items()):
            if not isinstance(value, type) or value.__module__ != name:
                continue
            if key == last:
                yield "{}:{}".format(name, key)
            elif issubclass(value, BaseException) and (name == module or module not in modules):
                others["{}:{}".format(name, key)] = None
    by_stem = {_stem(place.rpartition(":")[2]): place for place in others}
    for stem in difflib.get_close_matches(_stem(last), by_stem, n=_MOST_FOUND, cutoff=_ALIKE):
        yield by_stem[stem]


def _stem(name: str) -> str:
    """A class's name without the word that all names of errors end in."""
    return re.sub(r"(?<=.)(Error|Exception|Failed|Failure|Warning)$", "", name)


def _modules_of(top: str) -> Iterator[str]:
    """Names of a package's modules, which are imported."""
    try:
        package = importlib.import_module(top)
    except BaseException:  # foreign code
        return
    yield top
    paths = list(getattr(package, "__path__", ()))
    for info in itertools.islice(
        pkgutil.walk_packages(paths, top + ".", onerror=lambda _: None), _MOST_MODULES
    ):
        try:
            importlib.import_module(info.name)
        except BaseException:  # foreign code
            continue
        yield info.name


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
                try:
                    object.__getattribute__(value, name)
                except Exception:  # an AttributeError; or a property that reads what is not there
                    yield "{}.{}".format(path, name), kind
            if issubclass(kind, BaseException):
                waiting.append((fields.base_field(value, "args"), path + ".args"))  # type: ignore[arg-type]
            waiting.extend(
                (item, "{}.{}".format(path, name)) for name, item in fields.dict_of(value).items()
            )


def _set_by_constructors(cls: type) -> "Dict[str, None]":
    """Names of the attributes that the constructors of a class set, and of its declared fields."""
    names: Dict[str, None] = {}
    for owner in fields.mro_of(cls):
        own = fields.class_dict(owner)
        init = own.get("__init__")
        if type(init) is FunctionType:
            names.update(dict.fromkeys(_assigned(init)))
        if type(own.get("__pydantic_fields__")) is dict:  # pydantic 2
            names.update(dict.fromkeys(own["__pydantic_fields__"]))
    if dataclasses.is_dataclass(cls):
        names.update((field.name, None) for field in dataclasses.fields(cls))
    return names


def _assigned(init: FunctionType) -> Iterator[str]:
    """Names of the attributes that a constructor sets in its first argument on every way.

    An assignment below a jump may not be made; so only those before the first one count.
    """
    code = init.__code__
    if not code.co_argcount:
        return
    own, before = code.co_varnames[0], None
    for step in dis.get_instructions(code):
        if step.opcode in dis.hasjrel or step.opcode in dis.hasjabs:
            return
        if step.opname == "STORE_ATTR" and before is not None:
            loaded = before.argval  # a pair, where one opcode loads two (Python 3.13)
            if "LOAD_FAST" in before.opname and own in (
                loaded[-1:] if type(loaded) is tuple else (loaded,)
            ):
                yield step.argval
        before = step


# --- repairs that are tried


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
            attributes that the class gets, None each.

    Returns:
        What loads gives.

    Raises:
        BaseException: What loads raises, or the repair.
    """
    size = int.from_bytes(joined[:_HEAD], "big")
    repair = json.loads(joined[_HEAD : _HEAD + size])
    names = {tuple(old): tuple(new) for old, new in repair.get("names", ())}
    for module, qualname, name, source in repair.get("methods", ()):
        _add_method(_class(module, qualname), name, source)
    for module, qualname, attributes in repair.get("attributes", ()):
        for attribute in attributes:
            setattr(_class(module, qualname), attribute, None)
    for module, qualname, parameters in repair.get("defaults", ()):
        _add_defaults(_class(module, qualname), parameters)

    class Renaming(pickle.Unpickler):
        def find_class(self, module: str, name: str) -> Any:
            return super().find_class(*names.get((module, name), (module, name)))

    return Renaming(io.BytesIO(joined[_HEAD + size :])).load()


def _class(module: str, qualname: str) -> Any:
    holder: Any = importlib.import_module(module)
    for part in qualname.split("."):
        holder = getattr(holder, part)
    return holder


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
