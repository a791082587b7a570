"""What objects store, read past whatever their classes override.

No ``__eq__``, ``__getattribute__``, property or metaclass of a user's is called: the descriptors of
C types are called directly.
"""

import sys
import types
import warnings
from typing import Any, Dict, Iterator, List, Optional, Tuple

from .escaped import escaped

NAME_KEPT = 2_000  # characters of a name; a class can be called anything
# Descriptors that keep what they computed in the instance's __dict__: functools', and those of
# Django, werkzeug, Pyramid...
_CACHES = frozenset({"cached_property", "cachedproperty", "reify", "lazyproperty", "lazy_property"})
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)
# Protocols of these modules pickle plain content, so content is what is compared.
_PLAIN_MODULES = frozenset({"builtins", "collections", "types"})
# CPython drops the first two on purpose, because they may hold anything (gh-103333). The third, of
# Python 3.14, is what the compiler tells the traceback's printer.
_DROPPED_BY_PYTHON = frozenset(
    {("AttributeError", "obj"), ("NameError", "obj"), ("SyntaxError", "_metadata")}
)
_GROUPS = (
    "builtins.BaseExceptionGroup",
    "exceptiongroup.BaseExceptionGroup",
    "exceptiongroup._exceptions.BaseExceptionGroup",
)
_BASE_FIELDS = frozenset(vars(BaseException))
# This interpreter's name of a class -> what the sender of the current check calls it.
_called: Dict[str, str] = {}
_WITHOUT_DICT = 2  # parts of what BaseException.__reduce__ gives, while there is no __dict__


def type_name(cls: type) -> str:
    """The name of a class, ``module.qualname``, at most ``NAME_KEPT`` characters and ``...`` of it.

    It is read past any metaclass; ``?`` stands for a module that is no text. In a receiver a class
    is called as the sender calls it: see ``call_as_sent``.
    """
    name = cut_name(
        "{}.{}".format(module_of(cls) or "?", type.__dict__["__qualname__"].__get__(cls))
    )
    return _called.get(name, name)


def call_as_sent(classes: Dict[str, object]) -> None:
    """Call classes from now on as the sender calls them, whose version may have them elsewhere.

    ``pathlib.Path`` is ``pathlib._local.Path`` in Python 3.13 alone, ``re.error`` is
    ``re.PatternError`` since then, and ``asyncio.TimeoutError`` is the built-in one since 3.11. A
    class that the sender names by both names keeps its own.

    Args:
        classes: By the names that the payload has, what is found here; some are no classes.
    """
    _called.clear()
    own_names = {
        asked: type_name(found)  # type: ignore[arg-type]  # it was just asked whether it is a class
        for asked, found in classes.items()
        if issubclass(type(found), type)
    }
    _called.update(
        (own, asked) for asked, own in own_names.items() if own != asked and own not in classes
    )


def module_of(cls: type) -> Optional[str]:
    """A class's ``__module__``, read past any metaclass; None if that is no text."""
    try:
        module = type.__dict__["__module__"].__get__(cls)
    except AttributeError:
        return None
    return module if type(module) is str else None


def is_importable(cls: type) -> bool:
    """Whether the class is what its module holds under its name.

    Only then can an ``except`` clause name it. A module that is not imported holds nothing.
    """
    module = sys.modules.get(module_of(cls) or "?")
    first, *others = type.__dict__["__qualname__"].__get__(cls).split(".")
    try:
        holder: object = (own_dict(module) or {}).get(first)
        if holder is None:
            holder = _exported_lazily(module, first)
        for name in others:
            holder = getattr(holder, name)
    except BaseException:  # foreign code
        return False
    return holder is cls


def _exported_lazily(module: object, name: str) -> object:
    """What a module's ``__getattr__`` gives.

    It may warn that the name is deprecated; nobody uses it here.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(module, name)


def base_fields(cls: type) -> List[str]:
    """Sorted names of the fields that built-in bases keep in C for this class, set or not.

    Such are ``errno``, ``value`` and ``code``; they depend on the version of Python.
    """
    return sorted({name for owner, name, _ in _c_fields(cls) if module_of(owner) == "builtins"})


def attributes_of(exc: BaseException) -> Dict[str, object]:
    """What an exception stores: its ``__dict__``, its slots and the fields of C types.

    Properties are derived, and not read; nor are cached ones. Notes are left out.

    Returns:
        Values by their names, or by other keys that its ``__dict__`` has. ``Raised`` stands for a
        field that could not be read.
    """
    stored: Dict[str, object] = {}
    for _, name, descriptor in _c_fields(type(exc)):
        if name not in stored:
            try:
                stored[name] = descriptor.__get__(exc)
            except AttributeError:
                continue  # not set
            except BaseException as error:
                stored[name] = Raised(error)
    in_classes = {name for owner in mro_of(type(exc)) for name in class_dict(owner)}
    stored.update(
        (key, value)
        for key, value in dict_of(exc).items()
        if key != "__notes__" and not (key in in_classes and _is_cache(type(exc), key))
    )
    return stored


def slot_names(cls: type) -> List[str]:
    """Names of the slots that a class itself declares, and none of its bases."""
    return [name for name, _ in _own_slots(cls)]


def slots_in(cls: type) -> List[str]:
    """Sorted names of the slots of an exception class and of its bases, set or not."""
    return sorted({name for owner, name, _ in _c_fields(cls) if module_of(owner) != "builtins"})


def set_fields(exc: BaseException) -> Iterator[Tuple[Any, object]]:
    """The slots and C fields of an exception that hold something.

    A field of a built-in type that holds None does not count: setting ``OSError.filename`` to None
    is not the same as leaving it unset.

    Yields:
        Pairs of a descriptor, whose ``__set__`` sets the field, and the value.
    """
    for owner, _, descriptor in _c_fields(type(exc)):
        try:
            value = descriptor.__get__(exc)
        except AttributeError:
            continue
        if value is not None or module_of(owner) != "builtins":
            yield descriptor, value


def members_of(exc: BaseException) -> Optional[Tuple[BaseException, ...]]:
    """The members of an exception group; None for any other exception.

    Groups are those of PEP 654, and of the ``exceptiongroup`` package before Python 3.11.
    """
    for cls in mro_of(type(exc)):
        if type_name(cls) in _GROUPS:
            native = class_dict(cls).get("exceptions")
            members = (
                native.__get__(exc)
                if type(native) in _DESCRIPTORS  # a getset in PyPy
                else dict_of(exc).get("_exceptions", ())
            )
            return tuple(member for member in members if issubclass(type(member), BaseException))
    return None


class Raised:
    """Stands for a value that could not be read; ``error`` is the type of what was raised."""

    def __init__(self, error: BaseException) -> None:
        self.error = type_name(type(error))


def base_field(exc: BaseException, name: str) -> Any:
    """A field of BaseException itself, such as ``args``, though the class may shadow its name.

    Raises:
        KeyError: BaseException has no such field.
    """
    return class_dict(BaseException)[name].__get__(exc)


def mro_of(cls: type) -> Tuple[type, ...]:
    """A class's ``__mro__``, read past any metaclass."""
    return type.__dict__["__mro__"].__get__(cls)  # type: ignore[no-any-return]  # a C descriptor


def class_dict(cls: type) -> Any:
    """A class's ``__dict__``, a ``mappingproxy``, read past any metaclass."""
    return type.__dict__["__dict__"].__get__(cls)


def dict_of(value: object) -> Dict[Any, Any]:
    """A copy of an object's ``__dict__``; empty if it has none.

    It is read past ``__getattribute__`` and properties of that name.
    """
    return dict(own_dict(value) or {})


def own_dict(value: object) -> Optional[Dict[object, object]]:
    """An object's ``__dict__`` itself, read as by ``dict_of``; None if it has none.

    An exception gets its ``__dict__`` when that is first asked for, and from then on pickle sends
    it, even empty: ``__setstate__`` is called that otherwise is not. So it is not asked for where
    ``BaseException.__reduce__`` says that there is none yet.
    """
    cls = type(value)
    if issubclass(cls, BaseException) and len(BaseException.__reduce__(value)) == _WITHOUT_DICT:
        return None
    return dict_by(dict_descriptor(cls), value)


def made_dict(exc: BaseException) -> Optional[Dict[object, object]]:
    """An exception's ``__dict__``, made if it has none yet; None if its class has none at all."""
    return dict_by(dict_descriptor(type(exc)), exc)


def dict_descriptor(cls: type) -> object:
    """The descriptor of the ``__dict__`` of a class's instances; None if they have none."""
    for owner in mro_of(cls):
        descriptor = class_dict(owner).get("__dict__")
        # That of a module is a member, that of any other object a getset.
        if type(descriptor) in _DESCRIPTORS:
            return descriptor
    return None


def dict_by(descriptor: Any, value: object) -> Optional[Dict[object, object]]:
    """An object's ``__dict__``, read by what ``dict_descriptor`` returned for its class.

    For many objects of one class this is faster than ``own_dict``. None if there is none.
    """
    try:
        return None if descriptor is None else descriptor.__get__(value)
    except AttributeError:  # mypyc's is a member as well, and unset while nothing is in it
        return None


def _c_fields(cls: type) -> Iterator[Tuple[type, str, Any]]:
    """Slots and C fields of an exception class, by MRO: ``(owner, name, descriptor)``."""
    for owner in mro_of(cls):
        if owner is BaseException or owner is object:  # a metaclass may refuse to compare
            continue
        for name, descriptor in class_dict(owner).items():
            if (
                type(descriptor) in _DESCRIPTORS
                and name not in _BASE_FIELDS
                and not (name.startswith("__") and name.endswith("__"))
            ):
                is_dropped = (
                    module_of(owner) == "builtins" and (owner.__name__, name) in _DROPPED_BY_PYTHON
                )
                if not is_dropped:
                    yield owner, name, descriptor


def _is_cache(cls: type, name: object) -> bool:
    """Whether ``functools.cached_property`` or its like has put an entry into ``__dict__``.

    Such a value is derived, as that of a property is.
    """
    for owner in mro_of(cls):
        if name in class_dict(owner):
            return any(kind.__name__ in _CACHES for kind in type(class_dict(owner)[name]).__mro__)
    return False


def slots_of(cls: type) -> List[Tuple[str, object]]:
    """The slots of a class's instances, its bases' as well: names and descriptors."""
    return [slot for owner in mro_of(cls) for slot in _own_slots(owner)]


def _own_slots(cls: type) -> List[Tuple[str, object]]:
    """The slots that a class itself declares: names and descriptors."""
    if "__slots__" not in class_dict(cls):
        return []
    return [
        (name, descriptor)
        for name, descriptor in class_dict(cls).items()
        if type(descriptor) is types.MemberDescriptorType
    ]


def slot_values(slots: List[Tuple[str, Any]], value: object) -> Iterator[Tuple[str, object]]:
    """Names and values of an object's slots that are set.

    Args:
        slots: What ``slots_of`` returned for its class.
        value: The object.
    """
    for name, descriptor in slots:
        try:
            yield name, descriptor.__get__(value)
        except AttributeError:
            continue


def keeps_attributes(cls: type) -> bool:
    """Whether a class of the MRO declares slots, even none, or gives instances a ``__dict__``."""
    return any(
        "__slots__" in class_dict(owner)
        or type(class_dict(owner).get("__dict__")) is types.GetSetDescriptorType
        for owner in mro_of(cls)
    )


def has_own_protocol(cls: type) -> bool:
    """Whether a class says itself how it is pickled: by ``__reduce__`` or ``__getstate__``.

    What it leaves out is then its author's choice, and not compared. The protocols of ``builtins``,
    ``collections`` and ``types`` do not count: they pickle plain content. Nor does a reducer in
    ``copyreg``: the receiver may not have it, and both sides must describe alike.
    """
    for owner in mro_of(cls)[:-1]:
        if not class_dict(owner).keys().isdisjoint(("__reduce__", "__reduce_ex__", "__getstate__")):
            return module_of(owner) not in _PLAIN_MODULES
    return False


def cut_name(text: str) -> str:
    """A name, or its first ``NAME_KEPT`` characters and ``...``; on one line, controls escaped.

    A class, a module and an attribute can be called anything (``type("A\\n::error::", ...)``).
    """
    return escaped(text if len(text) <= NAME_KEPT else text[:NAME_KEPT] + "...")
