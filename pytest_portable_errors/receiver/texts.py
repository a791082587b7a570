"""Texts of foreign values: what ``str`` and ``repr`` say, bounded and fit to be compared."""

import hashlib
import re
from typing import Any, Callable

from . import fields
from .described import Value

TEXT_KEPT = 2_000  # characters of a text or repr; of the rest length and SHA-256 are kept
# An object's own text often shows where it lies in memory, which says nothing about the object.
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
# the latter in unittest.mock's
PLACE = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b|(?<=\bid=['\"])\d{9,20}(?=['\"])")
# characters of a text whose words are compared in any order; of a longer one only the length is
_WORDS_COMPARED = 1_000_000
_TOKEN = re.compile(r"\w+|\W")


def int_text(value: int) -> Value:
    # repr of a huge int is quadratic, and refused from 3.11 on (CVE-2020-10735); hex is neither.
    huge = int.bit_length(value) > 4_000
    return cut_text(int.__format__(value, "x"), str) if huge else {"text": int.__repr__(value)}


def comparable_text(shown: Value, unordered: bool) -> Value:
    """A ``str`` or ``repr`` for comparison: without the places of objects, and where a set may show
    in it, its words in any order."""
    if "text" not in shown:
        return shown
    text = shown["text"]
    if " at 0x" in text or "id=" in text:  # far less to ask of a long text
        text = PLACE.sub("0x...", text)
    value = cut_text(text, str)
    if unordered:
        words = "\0".join(sorted(_TOKEN.findall(text)) if len(text) <= _WORDS_COMPARED else ())
        value["words"] = hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest()
    return value


def without_addresses(text: str) -> str:
    """A text without the places of objects in memory, which are chance."""
    return ADDRESS.sub("0x...", text)


def text_of(show: Callable[[object], str], value: object) -> Value:
    """``str`` or ``repr`` of a value, or what it raised; KeyboardInterrupt passes through, because
    it may be the user's."""
    try:
        text = show(value)
        return {"text": str.__getitem__(text, slice(None))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"raises": fields.type_name(type(error))}


def cut_text(content: Any, show: Any) -> Value:
    if len(content) <= TEXT_KEPT:
        return {"text": show(content)}
    whole = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return {
        "text": show(content[:TEXT_KEPT]),
        "length": len(content),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
