"""Makes text that quotes foreign exceptions printable: one line, no control characters, bounded.

It goes through terminals, JUnit files and pytest-xdist, whose session a lone surrogate ends.
"""

from __future__ import annotations

import re
from typing import Any

WIDTH = 160
"""Characters of one quoted value."""

# C0 and C1 controls, line separators, and characters that reverse or hide the text around them.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """The text on one line; control characters and lone surrogates are written as escapes.

    A lone surrogate cannot be encoded as UTF-8, and in a report it ends a pytest-xdist session.
    """
    escaped = _UNPRINTABLE.sub(
        lambda match: match.group().encode("unicode_escape").decode("ascii"), text
    )
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(data: object) -> Any:
    """Plain data with all of its texts cleaned, those of keys included.

    Line breaks are kept: code and reasons have several lines. Tuples become lists.
    """
    if isinstance(data, str):
        return "\n".join(map(clean, data.split("\n")))
    if isinstance(data, dict):
        return {plain(key): plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def start_of(text: str, length: int, ending: str = "...") -> str:
    """The first ``length`` characters of a text, and ``ending`` if that is not all of it."""
    return text if len(text) <= length else text[:length] + ending


def brief(text: str, width: int = WIDTH) -> str:
    """The text cleaned, and cut in its middle to at most ``width`` characters.

    Its end is kept, because errors often differ there.
    """
    text = clean(text)
    tail = width // 4
    return text if len(text) <= width else f"{text[: width - tail - 5]} ... {text[-tail:]}"
