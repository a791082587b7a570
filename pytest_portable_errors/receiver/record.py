"""A plain-data description of an exception, made by the same code in the sender and in the receiver.

Two records are equal when the two exceptions are, for all that a reader of the error can see: whatever the process, the hash seed or
the order of a set. Records are JSON, bounded in size, and total: an exception whose ``__str__`` raises has a record too. No user
``__eq__`` and no property is called; ``str`` and ``repr`` are.

A record is ``{"exceptions": [node, ...]}``, the subject first. A node names the others that it refers to by their index, so that chains
of any length and cycles need no recursion. A value is a dict with its ``type`` and one of ``text``, ``items``, ``pairs``, ``attributes``.
"""

import copyreg
import enum
import hashlib
import json
import re
import sys
import types
from collections import deque
from typing import Any, Dict, Iterator, List, Optional, Tuple

TEXT_KEPT = 2_000  # characters of a text or repr; of the rest length and SHA-256 are kept
ITEMS_KEPT = 200  # items of a container, likewise
LINKS_KEPT = 1_000  # exceptions of a chain or group, likewise
DEPTH = 8  # how deep values are described; below that, their types
VALUES = 50_000  # described values in one exception; after that, their types

Record = Dict[str, Any]
Value = Dict[str, Any]
_Memory = Dict[int, Tuple[int, BaseException]]

# An object's own text often shows where it lies in memory, which says nothing about the object.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_MISSING = object()
_METHODS = (types.FunctionType, staticmethod, classmethod, type)
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)
_DESCRIPTORS = (types.MemberDescriptorType, types.GetSetDescriptorType)
# Protocols of these modules pickle plain content, so content is what is compared.
_PLAIN_MODULES = frozenset({"builtins", "collections"})
# CPython drops them on purpose, because they may hold anything (gh-103333).
_DROPPED_BY_PYTHON = frozenset({("AttributeError", "obj"), ("NameError", "obj")})
_GROUPS = ("builtins.BaseExceptionGroup", "exceptiongroup.BaseExceptionGroup", "exceptiongroup._exceptions.BaseExceptionGroup")
_BASE_FIELDS = frozenset(vars(BaseException))


def describe(subject: object, traceback: bool = False) -> Record:
    """Describe an exception, those it is chained to and, for a group, its members.

    ``subject`` may be any object: what a payload turns into need not be an exception. ``traceback`` adds the frames.
    """
    if not issubclass(type(subject), BaseException):
        whole = _Describer()
        return {
            "exceptions": [
                {
                    "type": type_name(type(subject)),
                    "importable": is_importable(type(subject)),
                    "message": _text(_shown(repr, subject), whole.unordered),
                }
            ]
        }
    memory: _Memory = {}
    waiting: "deque[BaseException]" = deque()

    def index(exc: Optional[BaseException]) -> Optional[int]:
        if exc is None:
            return None
        if id(exc) not in memory:
            memory[id(exc)] = (len(memory), exc)  # the reference keeps the id from being used again
            waiting.append(exc)
        return memory[id(exc)][0]

    index(subject)  # type: ignore[arg-type]  # issubclass above
    nodes: List[Record] = []
    rest, digest = 0, hashlib.sha256()
    while waiting:
        node = _describe_one(waiting.popleft(), index, traceback)
        if len(nodes) < LINKS_KEPT:
            nodes.append(node)
        else:
            rest += 1
            digest.update(canonical(node).encode())
    record: Record = {"exceptions": nodes}
    if rest:
        record["more"] = {"length": rest, "sha256": digest.hexdigest()}
    return record


def describe_value(value: object) -> Value:
    """Describe any value, as it is described where it stands in an exception."""
    return _Describer().value(value)


def canonical(record: object) -> str:
    """One text for equal records."""
    return json.dumps(record, sort_keys=True, separators=(",", ":"))


def type_name(cls: type) -> str:
    """Where a class says that it lives: ``module.qualname``. A metaclass has no say in it."""
    module = type.__getattribute__(cls, "__module__")
    qualname = type.__dict__["__qualname__"].__get__(cls)
    return _printable("{}.{}".format(module if type(module) is str else "?", qualname))


def is_importable(cls: type) -> bool:
    """Whether the class is what its module holds under its name, so that an ``except`` clause can name it."""
    found: object = sys.modules.get(type.__getattribute__(cls, "__module__"))
    try:
        for name in type.__dict__["__qualname__"].__get__(cls).split("."):
            found = getattr(found, name)
    except BaseException:  # a module's __getattr__ is foreign code
        return False
    return found is cls


def base_fields(cls: type) -> List[str]:
    """Names of the fields that built-in bases keep in C for this class, whether set or not: ``errno``, ``value``, ``code``."""
    return sorted({name for owner, name, _ in _c_fields(cls) if owner.__module__ == "builtins"})


def attributes_of(exc: BaseException) -> Dict[str, object]:
    """What an exception stores: its ``__dict__``, its slots and the fields of C types. Properties are derived, and not read."""
    stored: Dict[str, object] = {}
    for _, name, descriptor in _c_fields(type(exc)):
        if name not in stored:
            try:
                stored[name] = descriptor.__get__(exc)
            except AttributeError:
                continue  # not set
            except BaseException as error:
                stored[name] = _Raised(error)
    stored.update((key, value) for key, value in _dict_of(exc).items() if key != "__notes__" and not _is_cache(type(exc), key))
    return stored


def members_of(exc: BaseException) -> Optional[Tuple[BaseException, ...]]:
    """The members of an ExceptionGroup, also of the ``exceptiongroup`` package on Python 3.10; None for any other exception."""
    for cls in type(exc).__mro__:
        if type_name(cls) in _GROUPS:
            native = _class_dict(cls).get("exceptions")
            held = native.__get__(exc) if type(native) is types.MemberDescriptorType else _dict_of(exc).get("_exceptions", ())
            return tuple(member for member in held if issubclass(type(member), BaseException))
    return None


class _Raised:
    """Stands for a value that could not be read."""

    def __init__(self, error: BaseException) -> None:
        self.error = type_name(type(error))


def _describe_one(exc: BaseException, index: Any, traceback: bool) -> Record:
    describer = _Describer()
    # First, because asking for the text may fill caches (pyparsing's do), and on both sides the values are described after that.
    message = _shown(str, exc)
    args, members = _field(exc, "args"), members_of(exc)
    attributes = attributes_of(exc)
    for name in ("exceptions", "_exceptions") if members is not None else ():
        attributes.pop(name, None)
    cause, context, suppressed = (_field(exc, name) for name in ("__cause__", "__context__", "__suppress_context__"))
    printed = None if cause is not None or suppressed else context
    notes = _dict_of(exc).get("__notes__")
    node: Record = {
        "type": type_name(type(exc)),
        "importable": is_importable(type(exc)),
        # A group passes its members to __new__, so they stand in args too; they are compared as members.
        "args": describer.value(args[:1] + args[2:] if members is not None else args),
        "attributes": describer.named(attributes),
        "base_fields": base_fields(type(exc)),
        "notes": None if notes is None else describer.value(notes),
        "members": None if members is None else [index(member) for member in members],
        "cause": index(cause),
        "context": index(printed),
        "hides_context": context is not None and printed is None and cause is None,
    }
    # Only after the values is it known whether the text may show a set, whose order is chance.
    node["message"] = _text(message, describer.unordered)
    if traceback:
        node["traceback"] = list(_frames(_field(exc, "__traceback__")))
    return node


def _frames(step: Optional[types.TracebackType]) -> Iterator[List[Any]]:
    kept: "deque[List[Any]]" = deque(maxlen=ITEMS_KEPT)  # the innermost say most
    while step is not None:
        code = step.tb_frame.f_code
        kept.append([code.co_filename, step.tb_lineno, code.co_name])
        step = step.tb_next
    return iter(kept)


class _Describer:
    """Describes the values of one exception within its budget, and notices whether a text of theirs may depend on the hash seed."""

    def __init__(self) -> None:
        self.unordered = False
        self._left = VALUES
        self._above: List[int] = []

    def named(self, values: Dict[Any, object]) -> Dict[str, Value]:
        # Sorted, because the budget must end at the same value whatever order the attributes were set in.
        return {name: self.value(item) for name, item in sorted(((_attribute_name(key), item) for key, item in values.items()), key=_first)}

    def value(self, value: object) -> Value:
        cls = type(value)
        described: Value = {"type": type_name(cls)}
        self._left -= 1
        if id(value) in self._above:
            described["again"] = len(self._above) - self._above.index(id(value))
            return described
        if len(self._above) >= DEPTH or self._left < 0:
            described["deeper"] = True
            return described
        self._above.append(id(value))
        try:
            described.update(self._content(value, cls))
        except BaseException as error:  # foreign code: whatever it raises is what is known of the value
            described["raises"] = type_name(type(error))
        finally:
            self._above.pop()
        return described

    def _content(self, value: Any, cls: type) -> Value:
        if cls is _Raised:
            return {"raises": value.error}
        if value is None or cls in (bool, type(Ellipsis), type(NotImplemented)):
            return {"text": repr(value)}
        if issubclass(cls, type):
            return {"text": type_name(value)}
        if cls in _FUNCTIONS:
            return {"text": "{}.{}".format(value.__module__, value.__qualname__)}
        if cls is types.ModuleType:
            return {"text": value.__name__}
        if issubclass(cls, BaseException):
            return self._exception(value)
        if issubclass(cls, enum.Enum):
            return {"text": type_name(cls) + "." + str(object.__getattribute__(value, "_name_")), "items": [self.value(value._value_)]}
        if _has_own_protocol(cls):
            return self._own_text(value)
        content = self._builtin_content(value, cls)
        stored = _dict_of(value)
        stored.update((name, item) for name, item in _slots(value, cls) if item is not _MISSING)
        if stored:
            content["attributes"] = self.named(stored)
        elif not content and not _keeps_attributes(cls):
            content = self._own_text(value)
        return content

    def _exception(self, exc: BaseException) -> Value:
        """An exception as a value: what it says and stores. What it is chained to is not the value's content."""
        message = _shown(str, exc)
        content = {"args": self.value(_field(exc, "args")), "attributes": self.named(attributes_of(exc))}
        return dict(content, message=_text(message, self.unordered))

    def _own_text(self, value: object) -> Value:
        shown = _shown(repr, value)
        if "text" in shown and _ADDRESS.search(shown["text"]):
            return {}
        return _text(shown, self.unordered or "{" in shown.get("text", ""))

    def _builtin_content(self, value: Any, cls: type) -> Value:
        """The content that a subclass of a built-in type inherits, read past whatever the subclass overrides."""
        if issubclass(cls, str):
            return _cut_text(str.__str__(value) if cls is str else str.__getitem__(value, slice(None)), repr)
        if issubclass(cls, (bytes, bytearray)):
            return _cut_text(bytes(memoryview(value)), repr)
        if issubclass(cls, int):
            # repr of a huge int is quadratic, and refused from 3.11 on (CVE-2020-10735); hex is neither.
            huge = int.bit_length(value) > 4_000
            return _cut_text(int.__format__(value, "x"), str) if huge else {"text": int.__repr__(value)}
        if issubclass(cls, float):
            return {"text": float.__repr__(value)}
        if issubclass(cls, complex):
            return {"text": complex.__repr__(value)}
        if issubclass(cls, (list, tuple)):
            elements = (list if issubclass(cls, list) else tuple).__iter__(value)
            return self._cut_items([self.value(item) for item in elements], "items")
        if issubclass(cls, (set, frozenset)):
            self.unordered = self.unordered or len(value) > 1
            if len(value) > self._left:
                return {"length": len(value)}  # which elements the budget would reach depends on the hash seed
            elements = (set if issubclass(cls, set) else frozenset).__iter__(value)
            return self._cut_items(sorted((self.value(item) for item in elements), key=canonical), "items")
        if issubclass(cls, dict):
            pairs = [[self.value(key), self.value(item)] for key, item in dict.items(value)]
            return self._cut_items(sorted(pairs, key=canonical), "pairs")
        return {}

    def _cut_items(self, items: List[Any], kind: str) -> Value:
        if len(items) <= ITEMS_KEPT:
            return {kind: items}
        return {kind: items[:ITEMS_KEPT], "length": len(items), "sha256": hashlib.sha256(canonical(items).encode()).hexdigest()}


def _text(shown: Value, unordered: bool) -> Value:
    """A ``str`` or ``repr`` for comparison: addresses out, and where a set may show in it, its letters in any order."""
    if "text" not in shown:
        return shown
    text = _ADDRESS.sub("0x...", shown["text"])
    value = _cut_text(text, str)
    if unordered:
        value["letters"] = hashlib.sha256("".join(sorted(text)).encode("utf-8", "surrogatepass")).hexdigest()
    return value


def _shown(show: Any, value: object) -> Value:
    try:
        text = show(value)
        return {"text": str.__getitem__(text, slice(None))}
    except BaseException as error:
        return {"raises": type_name(type(error))}


def _cut_text(content: Any, show: Any) -> Value:
    if len(content) <= TEXT_KEPT:
        return {"text": show(content)}
    whole = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return {"text": show(content[:TEXT_KEPT]), "length": len(content), "sha256": hashlib.sha256(whole).hexdigest()}


def _printable(text: str) -> str:
    return text if len(text) <= TEXT_KEPT else text[:TEXT_KEPT] + "..."


def _field(exc: BaseException, name: str) -> Any:
    """A field of BaseException itself; the class may shadow the name."""
    return _class_dict(BaseException)[name].__get__(exc)


def _attribute_name(key: object) -> str:
    return _printable(str.__str__(key)) if isinstance(key, str) else "<{}>".format(type_name(type(key)))


def _first(pair: Tuple[str, object]) -> str:
    return pair[0]


def _mro(cls: type) -> Tuple[type, ...]:
    return type.__dict__["__mro__"].__get__(cls)  # type: ignore[no-any-return]  # a C descriptor


def _class_dict(cls: type) -> Any:
    return type.__dict__["__dict__"].__get__(cls)  # past any metaclass


def _dict_of(value: object) -> Dict[Any, Any]:
    """A copy of the instance's ``__dict__``, read past ``__getattribute__`` and properties of that name."""
    for cls in _mro(type(value)):
        descriptor = _class_dict(cls).get("__dict__")
        if type(descriptor) is types.GetSetDescriptorType:
            return dict(descriptor.__get__(value))
    return {}


def _c_fields(cls: type) -> Iterator[Tuple[type, str, Any]]:
    """Slots and C fields of an exception class, by MRO: ``(owner, name, descriptor)``."""
    for owner in _mro(cls):
        if owner in (BaseException, object):
            continue
        for name, descriptor in _class_dict(owner).items():
            if type(descriptor) in _DESCRIPTORS and not (name.startswith("__") and name.endswith("__")) and name not in _BASE_FIELDS:
                if (owner.__name__, name) not in _DROPPED_BY_PYTHON or owner.__module__ != "builtins":
                    yield owner, name, descriptor


def _is_cache(cls: type, name: object) -> bool:
    """Whether an entry of ``__dict__`` is what ``functools.cached_property`` or its like has put there: derived, as a property is."""
    for owner in _mro(cls):
        if name in _class_dict(owner):
            kind = type(_class_dict(owner)[name])
            return hasattr(kind, "__get__") and not hasattr(kind, "__set__") and kind not in _METHODS
    return False


def _slots(value: object, cls: type) -> Iterator[Tuple[str, object]]:
    for owner in _mro(cls):
        if "__slots__" in _class_dict(owner):
            for name, descriptor in _class_dict(owner).items():
                if type(descriptor) is types.MemberDescriptorType:
                    try:
                        yield name, descriptor.__get__(value)
                    except AttributeError:
                        yield name, _MISSING


def _keeps_attributes(cls: type) -> bool:
    return any(
        "__slots__" in _class_dict(owner) or type(_class_dict(owner).get("__dict__")) is types.GetSetDescriptorType for owner in _mro(cls)
    )


def _has_own_protocol(cls: type) -> bool:
    """Whether a class says itself how it is pickled. What it leaves out is then its author's choice, and not compared."""
    if cls in copyreg.dispatch_table:
        return True
    for owner in _mro(cls)[:-1]:
        if not _class_dict(owner).keys().isdisjoint(("__reduce__", "__reduce_ex__", "__getstate__")):
            return owner.__module__ not in _PLAIN_MODULES
    return False
