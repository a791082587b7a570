"""What is a secret: by the name that a value has, or by a shape of its own."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator
from typing import NamedTuple

from pytest_portable_errors.diagnosis.secret_names import is_secret_name, kind_of

MASK = "***"
NO_VALUE = re.compile(r"\*+|\.+|None|True|False|null|true|false|")
"""What stands where a secret would, and is none."""
_SMALL_NUMBER = re.compile(r"\d{1,3}")  # token=5: a position, a count


class Secret(NamedTuple):
    """What has the shape of a secret, in a text."""

    start: int
    end: int
    kind: str


def _is_key(text: str) -> bool:
    """Not ``sk-learn-contrib``: one part is long, or shorter with a digit, or a number."""
    rest = text[3:]
    return _is_random(rest) or any(_is_part_of_key(part) for part in rest.split("-"))


def _is_random(text: str) -> bool:
    return len(text) >= 20 and all(
        any(map(is_such, text)) for is_such in (str.isdigit, str.isupper, str.islower)
    )


def _is_part_of_key(part: str) -> bool:
    has_digit = any(map(str.isdigit, part))
    return (
        (len(part) >= 16 and part.isalnum())
        or (len(part) >= 8 and has_digit)
        or (len(part) >= 4 and part.isdigit())
    )


def _is_jwt(text: str) -> bool:
    head, _, claims = text.partition(".")
    return len(head) >= 8 and len(claims.partition(".")[0]) >= 5


def _is_aws_key(text: str) -> bool:
    return len(text) == 20 or any(c.isdigit() for c in text)


def _is_bearer(text: str) -> bool:
    return any(c.isdigit() or c == "=" for c in text)


def _is_long_token(text: str) -> bool:
    return any(c.isdigit() for c in text)


def _is_user_and_password(text: str) -> bool:
    try:
        return b":" in base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False


def _any(_: str) -> bool:
    return True


_BY_NAME = "named in a text"
_BARE = r"[^\s'\"&,;<>(){}\[\]=\\][^\s'\"&,;<>(){}\[\]]{0,100}"
# ... and further, once it is known to be a secret: else each name would run over it all
_GOES_ON = re.compile(r"[^\s'\"&,;<>(){}\[\]]*")
# Each pattern runs over what it looks at once: what is not sure is decided afterwards, by a
# function, on what was found.
_SHAPES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("API key (sk-...)", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]+", _is_key),
    ("API key (sk_live_...)", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}", _any),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})", _any),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{16,}", _any),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", _is_aws_key),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{30,}", _any),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", _any),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{20,}", _any),
    ("JWT", r"\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,2}", _is_jwt),
    (
        "private key",
        (
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]{0,40}PRIVATE "
            r"KEY-----|\Z)"
        ),
        _any,
    ),
    ("authorization", r"(?i:\bbearer\s{1,9})(?P<bearer>[A-Za-z0-9._~+/-]{8,}=*)", _is_bearer),
    ("authorization", r"(?i:\bbasic\s{1,9})(?P<basic>[A-Za-z0-9+/]{4,}=*)", _is_user_and_password),
    ("authorization", r"(?i:\btoken\s{1,9})(?P<scheme>[A-Za-z0-9]{16,})", _is_long_token),
    (
        "URL with password",
        r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@?#'\"]*:(?!\d{1,5}[?#])(?P<password>[^\s/'\"]+)@",
        _any,
    ),
    (
        _BY_NAME,
        (
            r"(?<![\w-])(?:(?<=\\)[abfnrtv])?(?P<name>[A-Za-z0-9_-]{0,80}"
            r"(?i:pass(?:word|wd|phrase)s?|pwd|secrets?|token|jwt|keys?"
            r"|authorization|cookies?|credentials?)\d{0,3})"
            r"(?:=|\s{1,3}=\s{1,3}(?=b?['\"])|\\{0,3}['\"]\s{0,3}[:=]\s{0,3}(?=\\{0,3}b?['\"]|\d))"
            r"(?:b?'(?P<single>(?:[^'\\\n]|\\.)*)(?:'|\\?(?m:$))"
            r"|b?\"(?P<double>(?:[^\"\\\n]|\\.)*)(?:\"|\\?(?m:$))"
            r"|b?\\{1,3}['\"](?P<escaped>[^'\"\\\n]+)"
            rf"|(?P<bare>{_BARE}))"
        ),
        _any,
    ),
)
_ALTERNATIVES = "|".join(
    f"(?P<shape{number}>{pattern})" for number, (_, pattern, _) in enumerate(_SHAPES)
)
_SHAPE = re.compile(rf"(?=[A-Za-z0-9_-])(?:{_ALTERNATIVES})")
# the secret, where the shape is more than that
_INNER = ("bearer", "basic", "scheme", "password", "single", "double", "escaped", "bare")
SCHEME = re.compile(r"(?i:bearer|basic|token) +")

# Cheaper than shapes and names, and there in each of them, in small letters.
_HINTS = (
    *(
        "sk-",
        "k_live_",
        "k_test_",
        "ghp_",
        "gho_",
        "ghu_",
        "ghs_",
        "ghr_",
        "github_pat_",
        "glpat-",
        "akia",
        "asia",
        "aiza",
        "xox",
    ),
    *(
        "hf_",
        "eyj",
        "://",
        "bearer",
        "basic",
        "token",
        "pass",
        "pwd",
        "secret",
        "authorization",
        "cookie",
        "credential",
    ),
    *("jwt", "userinfo", "parseresult", "splitresult"),  # the last two: a URL that was taken apart
)
_HINT_OF_KEY = re.compile(r"(?:api|access|secret|private|signing|auth)[\W_]*key")


def may_hold(text: str) -> bool:
    """Whether it is worth while to look for secrets, or for names of them."""
    return _short_may_hold(text) if len(text) < _SHORT else _may_hold(text)


_SHORT = 200  # characters of a text that is asked for again and again: names, words, types


@functools.lru_cache(maxsize=10_000)
def _short_may_hold(text: str) -> bool:
    return _may_hold(text)


def _may_hold(text: str) -> bool:
    text = text.lower()
    # a list is faster than a generator here
    if any([hint in text for hint in _HINTS]):  # noqa: C419
        return True
    return "key" in text and _HINT_OF_KEY.search(text) is not None


def secrets_in(text: str) -> Iterator[Secret]:
    """All that has the shape of one, in order."""
    match = _SHAPE.search(text) if may_hold(text) else None
    while match is not None:
        kind, _, is_real = _SHAPES[int((match.lastgroup or "")[5:])]
        inner = next((group for group in _INNER if match.group(group) is not None), 0)
        start, end = match.span(inner)
        goes_on = match.end()
        secret = text[start:end]
        if kind == _BY_NAME:
            scheme = SCHEME.match(secret)
            start += 0 if scheme is None or scheme.end() == len(secret) else scheme.end()
            is_number = _SMALL_NUMBER.fullmatch(secret) is not None and inner == "bare"
            if is_secret_name(match["name"]) and not NO_VALUE.fullmatch(secret) and not is_number:
                end = goes_on = max(goes_on, _rest_of(text, end)) if inner == "bare" else end
                yield Secret(start, end, kind_of(match["name"]))
            else:
                goes_on = match.end("name")
        elif is_real(secret) and not NO_VALUE.fullmatch(secret):
            yield Secret(start, end, kind)
        elif inner:
            goes_on = start  # what is no secret after Bearer may be one of another shape
        match = _SHAPE.search(text, goes_on)


def _rest_of(text: str, end: int) -> int:
    rest = _GOES_ON.match(text, end)
    return end if rest is None else rest.end()


def without_secrets(text: str) -> str:
    """The text with ``***`` in place of what has the shape of a secret."""
    parts, done = [], 0
    for secret in secrets_in(text):
        parts += [text[done : secret.start], MASK]
        done = secret.end
    return "".join((*parts, text[done:])) if done else text


def spellings(secret: str) -> set[str]:
    """As it stands, and as ``repr``, JSON and URLs write it; what those write of each other,
    too."""
    spelled = {secret}
    try:  # bytes are read as Latin-1 here
        spelled |= {
            secret.encode("latin-1").decode("utf-8"),
            secret.encode("utf-8").decode("latin-1"),
        }
    except UnicodeError:
        spelled.add(secret.encode("utf-8", "surrogatepass").decode("latin-1"))
    written = {text for one in spelled for text in _written(one)}
    return {text for one in spelled | written for text in (one, *_written(one))} | {
        urllib.parse.quote(secret, safe=safe, errors="surrogatepass") for safe in ("", "/")
    }


def _written(text: str) -> Iterator[str]:
    yield repr(text)[1:-1]
    yield repr("\"'" + text)[4:-1]  # in a text that has both kinds of quotes
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.encode("unicode_escape", "surrogatepass").decode("ascii")
    if text.isascii() or all(ord(c) < 256 for c in text):
        yield repr(b"\"'" + text.encode("latin-1"))[5:-1]
        yield repr(text.encode("latin-1"))[2:-1]
