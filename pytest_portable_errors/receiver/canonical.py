"""One text for equal descriptions, and digests of what is too long to keep."""

import hashlib
import json
from typing import Any, List, Sequence

from .described import Value

# by id: a metaclass may have a __hash__ and __eq__ of its own
PLAIN_TYPES = frozenset(map(id, (str, int, float, bool, type(None))))
_HUGE = 10**18  # repr of an int of thousands of digits is refused (CVE-2020-10735)
# made once: tests replace json's functions
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(record: object) -> str:
    """One text for equal records."""
    return _ENCODER.encode(record)


def digest(described: object) -> str:
    """A SHA-256 that equal descriptions share, whatever the order in which sets were printed in
    them."""
    return hashlib.sha256(canonical(in_any_order(described)).encode()).hexdigest()


def in_order(described: List[Value]) -> List[Value]:
    """Descriptions of a set's elements, in an order that does not hang on the hash seed."""
    return sorted(described, key=_text if _have_own_texts(described) else canonical)


def by_key(pairs: List[List[Value]]) -> List[List[Value]]:
    """Descriptions of a dict's keys and values, in an order that does not hang on the one in which
    it was filled."""
    if _have_own_texts([key for key, _ in pairs]):
        return sorted(pairs, key=lambda pair: _text(pair[0]))
    return sorted(pairs, key=canonical)


def _have_own_texts(described: List[Value]) -> bool:
    """Whether each is told from the others by its text, which is less to compare than all that is
    said of it."""
    return len({value.get("text") for value in described} - {None}) == len(described)


def _text(described: Value) -> str:
    text: str = described["text"]
    return text


def are_plain(elements: Sequence[Any]) -> bool:
    """Whether all of them are values that can be digested without being described one by one."""
    return {*map(id, map(type, elements))} <= PLAIN_TYPES and all(
        cls is not int or -_HUGE < value < _HUGE
        for cls, value in zip(map(type, elements), elements)
    )


def digest_of_plain(elements: Sequence[object]) -> str:
    """A SHA-256 of plain values, which is a hundred times faster than of their descriptions."""
    return hashlib.sha256(canonical(elements).encode()).hexdigest()


def in_any_order(described: object) -> object:
    """The description with the words of a text in place of the text, wherever a set may have been
    printed in it."""
    if isinstance(described, list):
        return [in_any_order(item) for item in described]
    if not isinstance(described, dict):
        return described
    left_out = ("text", "sha256") if "words" in described else ()
    return {key: in_any_order(item) for key, item in described.items() if key not in left_out}
