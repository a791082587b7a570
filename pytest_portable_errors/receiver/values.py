"""Plain-data descriptions of values: canonical, bounded and total.

A described value is a dict with its ``type`` and its content: ``text``, ``items``, ``pairs`` or
``attributes``; ``raises`` where its own code raised, ``again`` for a cycle, ``deeper`` for what
lies too deep. ``described.Value`` says what each is.
"""

import builtins
import enum
import heapq
import itertools
import re
import types
import typing
from collections import defaultdict
from typing import Any, Callable, Dict, List, NamedTuple, Sequence, Tuple

from . import fields
from .budget import Budget, TooMuch
from .canonical import are_plain, by_key, canonical, digest, digest_of_plain, in_order
from .described import Value
from .texts import ADDRESS, PLACE, comparable_text, cut_text, int_text, text_of

ITEMS_KEPT = 200  # items of a container; of a longer one length and SHA-256 are kept as well
# Items of a container of texts and numbers that are digested; of a longer one, only how many there
# are is kept.
PLAIN_ITEMS = 1_000_000
# Entries of such a dict, likewise: each is written by itself, so that they can be sorted.
PLAIN_PAIRS = 50_000
_TEXT_OF_A_VALUE = 200  # characters of a text that count as one value

# A set's elements come in an order that depends on the hash seed; a dict's do not.
_SHOWN_SET = re.compile(r"\{[^{}:]+\}|\b(?:frozen)?set\(")
# Python 3.15 has frozendict (PEP 814), which is no dict.
_MAPPINGS: Tuple[Any, ...] = (
    dict,
    *(vars(builtins)[name] for name in ("frozendict",) if name in vars(builtins)),
)
_DEFAULT_FACTORY: Any = vars(defaultdict)["default_factory"]
_UNION = "typing.Union"
# What has another type in another version of Python: `int | str` and `Union[int, str]` have one
# since 3.14, Any has been a class since 3.11, and some aliases had none of their own in 3.8.
_OTHER_NAMES = {
    "types.UnionType": _UNION,
    "typing._UnionGenericAlias": _UNION,
    "typing._AnyMeta": "typing._SpecialForm",
    "typing._LiteralSpecialForm": "typing._SpecialForm",
    "typing._TypedCacheSpecialForm": "typing._SpecialForm",
    "typing._LiteralGenericAlias": "typing._GenericAlias",
    "typing._CallableGenericAlias": "typing._GenericAlias",
}
_GENERICS = frozenset({"types.GenericAlias", "typing._GenericAlias"})
_FUNCTIONS = (types.FunctionType, types.BuiltinFunctionType)


def describe_value(value: object) -> Value:
    """Describe any value by itself, as it is described where it stands in an exception."""
    return Describer(Budget()).value(value)


class _ClassFacts(NamedTuple):
    """What is read of a class once, for all of its instances."""

    cls: type
    """Kept, so that its id is not used again."""
    name: str
    has_own_protocol: bool
    keeps_attributes: bool
    dict_descriptor: object
    slot_descriptors: List[Tuple[str, object]]


class Describer:
    """Describes the values of one exception.

    Args:
        budget: How much of them is described. Those of a whole record share it.
    """

    def __init__(self, budget: Budget) -> None:
        self.unordered = False
        """Whether a set of several elements was described: texts may depend on the hash seed."""
        self._budget = budget
        self._above: List[int] = []
        self._classes: Dict[int, _ClassFacts] = {}

    def named(self, values: Dict[Any, object]) -> Dict[str, Value]:
        """Describe values that have names, such as attributes; the result is sorted by the names.

        Of more than a whole record may have, the first by name are described.

        Raises:
            TooMuch: There are more than the budget has, and it does not cut.
        """
        # Sorted, because the budget must end at the same value whatever order the attributes were
        # set in.
        named = ((_attribute_name(key), item) for key, item in values.items())
        if len(values) <= self._budget.values:
            return {name: self.value(item) for name, item in sorted(named, key=_name_of)}
        self._budget.has(len(values))
        self._budget.is_cut = True
        first = heapq.nsmallest(self._budget.values, named, key=_name_of)
        return {name: self.value(item) for name, item in first}

    def value(self, value: object) -> Value:
        """Describe a value, and within the budget what it holds.

        Raises:
            TooMuch: There are more values than the budget has, and it does not cut.
            KeyboardInterrupt: It may be the user's; whatever else foreign code raises is described.
        """
        cls = type(value)
        may_go_on = self._budget.take()
        describe_plain = _PLAIN_DESCRIBERS.get(id(cls))
        if describe_plain is not None and may_go_on and len(self._above) < self._budget.depth:
            return self._weighed(describe_plain(value))
        facts = self._classes.get(id(cls)) or self._facts(cls)
        described: Value = {"type": facts.name}
        if id(value) in self._above:
            described["again"] = len(self._above) - self._above.index(id(value))
            return described
        if len(self._above) >= self._budget.depth or not may_go_on:
            described["deeper"] = True
            return described
        self._above.append(id(value))
        try:
            described.update(self._content(value, cls, facts))
        except (KeyboardInterrupt, TooMuch):
            raise
        # Foreign code: what it raises is all that is known of the value.
        except BaseException as error:
            described["raises"] = fields.type_name(type(error))
        finally:
            self._above.pop()
        return self._weighed(described)

    def _weighed(self, described: Value) -> Value:
        """The same description; a long text in it counts as many values."""
        for _ in range(len(described.get("text", "")) // _TEXT_OF_A_VALUE):
            self._budget.take()
        return described

    def _facts(self, cls: type) -> _ClassFacts:
        # Raised stands in a module that has another name in the receiver.
        name = fields.type_name(object if cls is fields.Raised else cls)
        name = _OTHER_NAMES.get(name, name)
        facts = self._classes[id(cls)] = _ClassFacts(
            cls=cls,
            name=name,
            has_own_protocol=fields.has_own_protocol(cls),
            keeps_attributes=fields.keeps_attributes(cls),
            dict_descriptor=fields.dict_descriptor(cls),
            slot_descriptors=fields.slots_of(cls),
        )
        return facts

    def _content(self, value: Any, cls: type, facts: _ClassFacts) -> Value:
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
            name = object.__getattribute__(value, "_name_")
            # Several flags together have a name since Python 3.11, and had none.
            is_member = name in type.__getattribute__(cls, "_member_map_")
            return {
                "text": "{}.{}".format(fields.type_name(cls), name if is_member else "..."),
                "items": [self.value(value._value_)],
            }
        if facts.name in _GENERICS:
            # Python 3.14 writes another text for them, and so for those that hold them.
            items = [self.value(part) for part in (value.__origin__, *value.__args__)]
            # Python 3.8 has no type of its own for unions.
            is_union = value.__origin__ is typing.Union
            return {"type": _UNION, "items": items[1:]} if is_union else {"items": items}
        if facts.name == _UNION:
            return {"items": [self.value(member) for member in value.__args__]}
        if facts.has_own_protocol:
            # That of a tuple comes and goes between versions (urllib.parse); its items stay.
            is_tuple = issubclass(cls, tuple)
            return self._builtin_content(value, cls) if is_tuple else self._own_text(value)
        content = self._builtin_content(value, cls)
        stored = dict(fields.dict_by(facts.dict_descriptor, value) or {})
        if facts.slot_descriptors:
            stored.update(fields.slot_values(facts.slot_descriptors, value))
        if issubclass(cls, defaultdict):
            stored["default_factory"] = _DEFAULT_FACTORY.__get__(value)  # a slot in PyPy alone
        if stored:
            content["attributes"] = self.named(stored)
        elif not content and not facts.keeps_attributes:
            content = self._own_text(value)
        return content

    def _exception(self, exc: BaseException) -> Value:
        """Describe an exception as a value: what it stores and its text, and no chain."""
        message = text_of(str, exc)
        content: Value = {
            "args": self.value(fields.base_field(exc, "args")),
            "attributes": self.named(fields.attributes_of(exc)),
        }
        return {**content, "message": comparable_text(message, self.unordered)}

    def _own_text(self, value: object) -> Value:
        """Describe a value by its ``repr``, unless that shows where it lies in memory."""
        shown = text_of(repr, value)
        if "text" in shown and (ADDRESS.search(shown["text"]) or PLACE.search(shown["text"])):
            return {}
        return comparable_text(
            shown, self.unordered or bool(_SHOWN_SET.search(shown.get("text", "")))
        )

    def _builtin_content(self, value: Any, cls: type) -> Value:
        """Describe what a built-in type holds, read past whatever a subclass of it overrides."""
        if issubclass(cls, str):
            return cut_text(
                str.__str__(value) if cls is str else str.__getitem__(value, slice(None)), repr
            )
        if issubclass(cls, (bytes, bytearray)):
            return cut_text(bytes(memoryview(value)), repr)
        if issubclass(cls, int):
            return int_text(value)
        if issubclass(cls, float):
            return {"text": float.__repr__(value)}
        if issubclass(cls, complex):
            return {"text": complex.__repr__(value)}
        if issubclass(cls, (list, tuple)):
            base: Any = list if issubclass(cls, list) else tuple
            # A copy: code that runs while an item is described may add to the list.
            return self._sequence(
                list(itertools.islice(base.__iter__(value), PLAIN_ITEMS)), base.__len__(value)
            )
        if issubclass(cls, (set, frozenset)):
            self.unordered = self.unordered or len(value) > 1
            if not self._budget.has(len(value)):
                # Which elements the budget would reach depends on the hash seed.
                return self._length_or_digest([], len(value))
            elements = (set if issubclass(cls, set) else frozenset).__iter__(value)
            return _cut_items(in_order([self.value(item) for item in list(elements)]))
        for kind in _MAPPINGS:
            if issubclass(cls, kind):
                return self._mapping(
                    list(itertools.islice(kind.items(value), PLAIN_PAIRS)), kind.__len__(value)
                )
        return {}

    def _sequence(self, elements: List[object], length: int) -> Value:
        if length <= ITEMS_KEPT:
            return {"items": [self.value(item) for item in elements]}
        if are_plain(elements) or length > self._budget.values:
            beginning = [self.value(item) for item in elements[:ITEMS_KEPT]]
            return {"items": beginning, **self._length_or_digest(elements, length)}
        return _cut_items([self.value(item) for item in elements])

    def _mapping(self, pairs: Sequence[Tuple[object, object]], length: int) -> Value:
        if length <= self._budget.values:
            described = by_key([[self.value(key), self.value(item)] for key, item in pairs])
            cut: Value = {"pairs": described[:ITEMS_KEPT]}
            return cut if length <= ITEMS_KEPT else {**cut, **_length_and_digest(described)}
        # No items: in which order a dict was filled is not compared.
        return self._length_or_digest(
            sorted(map(canonical, pairs))
            if length <= PLAIN_PAIRS and are_plain([part for pair in pairs for part in pair])
            else [pairs],
            length,
        )

    def _length_or_digest(self, elements: Sequence[object], length: int) -> Value:
        """Describe a container whose items are not all described: by its length.

        A digest is added if all items are plain; else the budget notes the cut.
        """
        described: Value = {"length": length}
        if elements and length <= PLAIN_ITEMS and are_plain(elements):
            described["sha256"] = digest_of_plain(elements)
        else:
            self._budget.is_cut = True
        return described


def _cut_items(items: List[Value]) -> Value:
    cut: Value = {"items": items[:ITEMS_KEPT]}
    return cut if len(items) <= ITEMS_KEPT else {**cut, **_length_and_digest(items)}


def _length_and_digest(described: Sequence[object]) -> Value:
    """What is kept of all items, where not each is kept."""
    return {"length": len(described), "sha256": digest(described)}


# Most values by far are of exactly these types, which run no foreign code; so each is described at
# a tenth of the cost. By their ids: a metaclass may have a __hash__ and an __eq__ of its own.
_PLAIN_DESCRIBERS: Dict[int, Callable[[Any], Value]] = {
    id(str): lambda value: {**cut_text(value, repr), "type": "builtins.str"},
    id(int): lambda value: {**int_text(value), "type": "builtins.int"},
    id(bool): lambda value: {"type": "builtins.bool", "text": repr(value)},
    id(type(None)): lambda _: {"type": "builtins.NoneType", "text": "None"},
    id(float): lambda value: {"type": "builtins.float", "text": repr(value)},
}


def _attribute_name(key: object) -> str:
    return (
        fields.cut_name(str.__str__(key))
        if isinstance(key, str)
        else "<{}>".format(fields.type_name(type(key)))
    )


def _name_of(attribute: Tuple[str, object]) -> str:
    return attribute[0]
