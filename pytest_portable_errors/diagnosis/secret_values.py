"""Tells by a text itself whether it may be a password or a key, and no word, path or number."""

from __future__ import annotations

import re

from pytest_portable_errors.diagnosis.secret_names import is_secret_name, may_be_secret_name

NO_VALUE = re.compile(r"\*+|\.+|None|True|False|null|true|false|")
"""Texts that stand in the place of a secret and are none: masks, ellipses, constants, nothing."""
SCHEME = re.compile(r"(?i:bearer|basic|token) +")
"""The scheme before the credentials of an Authorization header (RFC 9110, section 11.4)."""
_LONG_RUN = re.compile(r"[A-Za-z0-9+/=]{16,}")
_PARTS = re.compile(r"[^A-Za-z0-9]+")
_JUDGED = 200  # characters of a text by which it is judged
_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_PATH = re.compile(r"(?:[A-Za-z]:)?[\\/~.]|.*\.(?:pem|key|json|ya?ml|ini|cfg|toml|txt|py)\Z")
_SPECIAL = frozenset("!@#$%^&*+?=~|")
# What stands in place of a value in messages, and in examples.
_WORDS = frozenset(
    (
        *("required", "missing", "invalid", "expected", "unexpected", "empty", "unset", "expired"),
        *("wrong", "incorrect", "denied", "unknown", "redacted", "hidden", "masked", "changed"),
        *("revoked", "rejected", "malformed", "forbidden", "none", "null", "nil", "undefined"),
        *("string", "str", "bytes", "object", "value", "not", "must", "should", "is", "was", "has"),
        *("cannot", "could", "no", "the", "a", "an", "too", "may", "yes", "on", "off", "default"),
    )
)


def is_secret(name: str, text: str) -> bool:
    """Whether a text under this name is a credential.

    Args:
        name: Of an attribute, a key, a header or an option, in any spelling.
        text: The whole value. One that only repeats the name is none: requests keeps a header as
            ``{"authorization": ("Authorization", "Bearer ...")}``.
    """
    if NO_VALUE.fullmatch(text) or text.lower() == name.lower():
        return False
    return is_secret_name(name) or (may_be_secret_name(name) and _fits(name, text))


def _fits(name: str, text: str) -> bool:
    """Whether a text is what such a name says, and not a cache's key or a parser's tokens."""
    last = name.lower()
    if last.endswith(("pass", "pwd", "pw")):
        return looks_like_password(text) and not _PATH.match(text)
    if last.endswith(("dsn", "string", "url")):
        return re.search(r"(?i)pass|pwd|secret|key=|token|sig=|://[^/@\s]+@", text) is not None
    if last.endswith("tokens"):
        return looks_random(text) or (len(text) >= 8 and text.isalnum() and _is_mixed(text))
    return looks_random(text)


def looks_like_password(text: str) -> bool:
    """Whether a single word is no word of prose: it has a digit or a special character, or is long
    and of mixed case."""
    text = text[:_JUDGED]
    if len(text) < 5 or text.lower() in _WORDS or any(map(str.isspace, text)):
        return False
    has_letter = any(map(str.isalpha, text))
    if not has_letter:
        return text.isdigit() and len(text) >= 6
    return (
        any(map(str.isdigit, text))
        or not _SPECIAL.isdisjoint(text)
        or (len(text) >= 16 and not text.islower() and not text.istitle() and text.isalnum())
    )


def looks_random(text: str) -> bool:
    """Whether a text has a long run in which letters and digits are mixed, as keys have it.

    No path, UUID, or name made of words and numbers (``user:17``) has one.
    """
    text = text[:_JUDGED]
    if len(text) < 16 or any(map(str.isspace, text)) or _UUID.fullmatch(text) or _PATH.match(text):
        return False
    return any(
        any(map(str.isdigit, run))
        and any(map(str.isalpha, run))
        and max(map(len, _PARTS.split(run))) >= 8
        for run in _LONG_RUN.findall(text)
    ) or _has_mixed_part(text)


def _has_mixed_part(text: str) -> bool:
    parts = _PARTS.split(text)
    mixed = [part for part in parts if _is_mixed(part)]
    return any(len(part) >= 12 for part in mixed) or sum(map(len, mixed)) >= 20


def _is_mixed(part: str) -> bool:
    """Whether digits stand among letters, and not only before or after them."""
    return re.search(r"[A-Za-z][0-9]+[A-Za-z]", part) is not None
