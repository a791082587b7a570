"""Texts of foreign values: what ``str`` and ``repr`` return, bounded and fit to be compared."""

import hashlib
import re
from typing import Callable, Union

from . import fields
from .described import Value

TEXT_KEPT = 2_000  # characters of a text; of a longer one length and SHA-256 are kept as well
# An object's own text often shows where it lies in memory, which says nothing about the object.
ADDRESS = re.compile(r"\b0x[0-9a-fA-F]{6,16}\b")
# As reprs show where an object lies: " at 0x...", and "id='...'" of unittest.mock.
PLACE = re.compile(r"(?<= at )0x[0-9a-fA-F]{6,16}\b|(?<=\bid=['\"])\d{9,20}(?=['\"])")
# Characters of a text whose words are compared in any order; of a longer one only the length is.
_WORDS_COMPARED = 1_000_000
_TOKEN = re.compile(r"\w+|\W")


def int_text(value: int) -> Value:
    """Describe an integer: its ``repr``, or past 4,000 bits its hexadecimal digits.

    ``repr`` of a huge int takes quadratic time, and is refused from Python 3.11 on
    (CVE-2020-10735); hexadecimal is neither.
    """
    is_huge = int.bit_length(value) > 4_000
    return cut_text(int.__format__(value, "x"), str) if is_huge else {"text": int.__repr__(value)}


def comparable_text(shown: Value, unordered: bool) -> Value:
    """A text for comparison: without the places of objects in memory, and cut.

    Args:
        shown: What ``text_of`` returned; without a ``text`` it is returned as it is.
        unordered: Whether a set may show in the text. Its words in any order are then added, as
            ``words``.

    Returns:
        The text; and of a long one, length and digest of the whole.
    """
    if "text" not in shown:
        return shown
    text = shown["text"]
    if " at 0x" in text or "id=" in text:  # far cheaper on a long text than the pattern
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
    """What ``str`` or ``repr`` returns, as an exact ``str``; or the type of what it raised.

    Args:
        show: ``str`` or ``repr``.
        value: An object: its text is made by foreign code.

    Returns:
        ``text`` in full length, or ``raises``.

    Raises:
        KeyboardInterrupt: It may be the user's.
    """
    try:
        text = show(value)
        return {"text": str.__getitem__(text, slice(None))}
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        return {"raises": fields.type_name(type(error))}


def cut_text(content: Union[str, bytes], show: Callable[[Union[str, bytes]], str]) -> Value:
    """Describe a text or bytes: whole, or the beginning with length and SHA-256 of the whole.

    Args:
        content: A ``str`` or ``bytes``.
        show: What makes a text of it: ``str`` or ``repr``.
    """
    if len(content) <= TEXT_KEPT:
        return {"text": show(content)}
    whole = content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass")
    return {
        "text": show(content[:TEXT_KEPT]),
        "length": len(content),
        "sha256": hashlib.sha256(whole).hexdigest(),
    }
