"""Text that quotes foreign exceptions: on one line, free of control characters, bounded.

It goes through terminals, JUnit files and pytest-xdist, whose session a lone surrogate ends.
"""

from __future__ import annotations

import re
from typing import Any

WIDTH = 160  # characters of one quoted value


# C0 and C1 controls, and what moves or hides the text around it.
_UNPRINTABLE = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
)


def clean(text: str) -> str:
    """One line, without control characters, and encodable: a lone surrogate in a report ends a
    pytest-xdist session."""
    escaped = _UNPRINTABLE.sub(
        lambda match: match.group().encode("unicode_escape").decode("ascii"), text
    )
    return escaped.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(data: object) -> Any:
    """Plain data with all of its texts cleaned, line by line: programs' code and reasons have
    several."""
    if isinstance(data, str):
        return "\n".join(map(clean, data.split("\n")))
    if isinstance(data, dict):
        return {plain(key): plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, (list, tuple)) else data


def brief(text: str, width: int = WIDTH) -> str:
    """Cleaned and cut to so many characters, its end kept: errors often differ there."""
    text = clean(text)
    tail = width // 4
    return text if len(text) <= width else f"{text[: width - tail - 5]} ... {text[-tail:]}"
