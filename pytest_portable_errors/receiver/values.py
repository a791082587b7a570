"""Plain-data descriptions of values: canonical, bounded and total.

A value is a dict with its ``type`` and one of ``text``, ``items``, ``pairs``, ``attributes``; ``raises`` where its own code raised;
``again`` for a cycle and ``deeper`` for what lies too deep.
"""

import enum
import hashlib
import json
import re
import types
from typing import Any, Dict, List, Tuple

from . import fields

TEXT_KEPT = 2_000  # characters of a text or repr; of the rest length and SHA-256 are kept
ITEMS_KEPT = 200  # items of a container, likewise
DEPTH = 8  # how deep values are described; below that, their types
VALUES = 50_000  # described values in one exception; after that, their types

Value = Dict[str, Any]

# An object's own text often shows where it lies in memory, which says nothing about the object.
_ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
_PLACE = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b|(?<=\bid=['\"])\d{9,20}(?=['\"])")  # the latter in unittest.mock's
# A set's elements come in an order that depends on the hash seed; a dict's do not.
_SHOWN_SET = re.compile(r"\{[^{}:]+\}|\b(?:frozen)?set\(")
_TOKEN = re.compile(r"\w+|\W")
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


def describe_value(value: object) -> Value:
    """Describe any value, as it is described where it stands in an exception."""
    return Describer().value(value)


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))  # made once: tests replace json's functions


def canonical(record: object) -> str:
    """One text for equal records."""
    return _ENCODER.encode(record)


class Describer:
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
        described: Value = {"type": fields.type_name(object if cls is fields.Raised else cls)}  # our own modules have two names
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
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # foreign code: whatever it raises is what is known of the value
            described["raises"] = fields.type_name(type(error))
        finally:
            self._above.pop()
        return described

    def _content(self, value: Any, cls: type) -> Value:
        if cls is fields.Raised:
            return {"raises": value.error}
        if value is None or cls in (bool, type(Ellipsis), type(NotImplemented)):
            return {"text": repr(value)}
        if issubclass(cls, type):
            return {"text": fields.type_name(value)}
        if cls in _FUNCTIONS:
            return {"text": "{}.{}".format(value.__module__, value.__qualname__)}
        if cls is types.ModuleType:
            return {"text": value.__name__}
        if issubclass(cls, BaseException):
            return self._exception(value)
        if issubclass(cls, enum.Enum):
            return {
                "text": fields.type_name(cls) + "." + str(object.__getattribute__(value, "_name_")),
                "items": [self.value(value._value_)],
            }
        if fields.has_own_protocol(cls):
            return self._own_text(value)
        content = self._builtin_content(value, cls)
        stored = fields.dict_of(value)
        stored.update((name, item) for name, item in fields.slots_of(value, cls) if item is not fields.MISSING)
        if stored:
            content["attributes"] = self.named(stored)
        elif not content and not fields.keeps_attributes(cls):
            content = self._own_text(value)
        return content

    def _exception(self, exc: BaseException) -> Value:
        """An exception as a value: what it says and stores. What it is chained to is not the value's content."""
        message = text_of(str, exc)
        content = {"args": self.value(fields.base_field(exc, "args")), "attributes": self.named(fields.attributes_of(exc))}
        return dict(content, message=comparable_text(message, self.unordered))

    def _own_text(self, value: object) -> Value:
        shown = text_of(repr, value)
        if "text" in shown and (_ADDRESS.search(shown["text"]) or _PLACE.search(shown["text"])):
            return {}
        return comparable_text(shown, self.unordered or bool(_SHOWN_SET.search(shown.get("text", ""))))

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
        return {kind: items[:ITEMS_KEPT], "length": len(items), "sha256": digest(items)}


def comparable_text(shown: Value, unordered: bool) -> Value:
    """A ``str`` or ``repr`` for comparison: without the places of objects, and where a set may show in it, its words in any order."""
    if "text" not in shown:
        return shown
    text = _PLACE.sub("0x...", shown["text"])
    value = _cut_text(text, str)
    if unordered:
        words = "\0".join(sorted(_TOKEN.findall(text)))
        value["words"] = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return value


def digest(described: object) -> str:
    """A SHA-256 that equal descriptions share, whatever the order in which sets were printed in them."""
    return hashlib.sha256(canonical(in_any_order(described)).encode()).hexdigest()


def in_any_order(described: Any) -> Any:
    """The description with the words of a text in place of the text, wherever a set may have been printed in it."""
    if isinstance(described, list):
        return [in_any_order(item) for item in described]
    if not isinstance(described, dict):
        return described
    left_out = ("text", "sha256") if "words" in described else ()
    return {key: in_any_order(item) for key, item in described.items() if key not in left_out}


def text_of(show: Any, value: object) -> Value:
    """``str`` or ``repr`` of a value, or what it raised; KeyboardInterrupt passes through, because it may be the user's."""
    try:
        text = show(value)
        return {"text": str.__getitem__(text, slice(None))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"raises": fields.type_name(type(error))}


def _cut_text(content: Any, show: Any) -> Value:
    if len(content) <= TEXT_KEPT:
        return {"text": show(content)}
    whole = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return {"text": show(content[:TEXT_KEPT]), "length": len(content), "sha256": hashlib.sha256(whole).hexdigest()}


def _attribute_name(key: object) -> str:
    return fields.cut_name(str.__str__(key)) if isinstance(key, str) else "<{}>".format(fields.type_name(type(key)))


def _first(pair: Tuple[str, object]) -> str:
    return pair[0]
