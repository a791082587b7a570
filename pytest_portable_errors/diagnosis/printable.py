"""Makes text that quotes foreign exceptions printable: one line, no control characters, bounded.

It goes through terminals, JUnit files and pytest-xdist, whose session a lone surrogate ends.
"""

from __future__ import annotations

import re
from typing import Any

from pytest_portable_errors.receiver.escaped import escaped

WIDTH = 160
"""Characters of one quoted value."""

# What a log of CI takes for a command where a line begins with it, or has it: GitHub's workflow
# commands of both kinds, Azure's, TeamCity's.
_COMMAND = re.compile(r"^(\s*):(?=:[a-z-]+(?: [^\n]*)?::)|#(?=#\w*\[)")


def clean(text: str) -> str:
    """The text on one line; control characters and lone surrogates are written as escapes.

    So is what would make the line a command of CI.
    """
    text = escaped(text)
    if "::" in text or "##" in text:
        return _COMMAND.sub(lambda match: (match[1] or "") + f"\\x{ord(match[0][-1]):x}", text)
    return text


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
