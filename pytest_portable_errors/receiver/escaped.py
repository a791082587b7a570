"""Writes foreign text so that it is one line, and shows what it is: controls become escapes."""

import re

# C0 and C1 controls, line separators; characters that reverse, hide or join the text around them
# (Unicode's Bidi_Control and Default_Ignorable_Code_Point, annotation marks, tags); and
# non-characters (The Unicode Standard, section 23.7).
_UNPRINTABLE = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ufdd0-\ufdef\U000e0000-\U000e007f{}]".format(
        "".join(chr((plane << 16) + last) for plane in range(17) for last in (0xFFFE, 0xFFFF))
    )
)


def escaped(text: str) -> str:
    """The text on one line; control characters and lone surrogates are written as escapes.

    A lone surrogate cannot be encoded as UTF-8, and in a report it ends a pytest-xdist session.
    """
    if text.isascii() and text.isprintable():  # nearly all texts, at a tenth of the cost
        return text
    shown = _UNPRINTABLE.sub(
        lambda match: match.group().encode("unicode_escape").decode("ascii"), text
    )
    return shown.encode("utf-8", "backslashreplace").decode("utf-8")
