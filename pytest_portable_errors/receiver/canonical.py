"""The canonical text of a description, and digests of what is too long to keep."""

import hashlib
import json
from typing import Any, List, Sequence

from .described import Value

_HUGE = 10**18  # repr of an int of thousands of digits is refused (CVE-2020-10735)
# Made once: tests replace json's functions.
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


def canonical(record: object) -> str:
    """JSON with sorted keys: equal records, or equal parts of them, have the same text."""
    return _ENCODER.encode(record)


def digest(described: object) -> str:
    """SHA-256, in hexadecimal, of a description; the order in which a set was printed has no part.

    So equal descriptions have equal digests.
    """
    return hashlib.sha256(canonical(in_any_order(described)).encode()).hexdigest()


def in_order(described: List[Value]) -> List[Value]:
    """Sort the descriptions of a set's elements: their order must not depend on the hash seed."""
    return sorted(described, key=_text if _have_own_texts(described) else canonical)


def by_key(pairs: List[List[Value]]) -> List[List[Value]]:
    """Sort the descriptions of a dict's keys and values by the keys.

    The order in which the dict was filled has no part in it.
    """
    if _have_own_texts([key for key, _ in pairs]):
        return sorted(pairs, key=lambda pair: _text(pair[0]))
    return sorted(pairs, key=canonical)


def _have_own_texts(described: List[Value]) -> bool:
    """Whether each has a text of its own: sorting by the texts is then enough, and cheaper."""
    return len({value.get("text") for value in described} - {None}) == len(described)


def _text(described: Value) -> str:
    text: str = described["text"]
    return text


def are_plain(elements: Sequence[Any]) -> bool:
    """Whether all elements can be digested as they are, without describing each.

    They are texts, floats, booleans, None, or integers below 10**18 either way.
    """
    for value in elements:
        # By identity: a metaclass may have an __eq__ and a __hash__ of its own.
        cls = type(value)
        if cls is int:
            if not -_HUGE < value < _HUGE:
                return False
        elif not (cls is str or cls is float or cls is bool or value is None):
            return False
    return True


def digest_of_plain(elements: Sequence[object]) -> str:
    """SHA-256, in hexadecimal, of plain values: a hundred times faster than of their descriptions.

    ``elements`` are those that ``are_plain`` accepts.
    """
    return hashlib.sha256(canonical(elements).encode()).hexdigest()


def in_any_order(described: object) -> object:
    """A copy of a description without the texts in which a set may have been printed.

    The digest of their words in any order stays.
    """
    if isinstance(described, list):
        return [in_any_order(item) for item in described]
    if not isinstance(described, dict):
        return described
    left_out = ("text", "sha256") if "words" in described else ()
    return {key: in_any_order(item) for key, item in described.items() if key not in left_out}
