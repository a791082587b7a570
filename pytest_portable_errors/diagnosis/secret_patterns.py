"""Finds secrets in texts: by the name before a value, or by a shape that only keys have."""

from __future__ import annotations

import base64
import binascii
import functools
import json
import re
import urllib.parse
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pytest_portable_errors.diagnosis import secret_shapes
from pytest_portable_errors.diagnosis.secret_names import is_secret_name, kind_of
from pytest_portable_errors.diagnosis.secret_texts import secrets_by_name
from pytest_portable_errors.diagnosis.secret_values import NO_VALUE, SCHEME, looks_random

MASK = "***"
_SMALL_NUMBER = re.compile(r"\d{1,3}")  # token=5: a position, a count


class Secret(NamedTuple):
    """The position of a secret in a text."""

    start: int
    """Index of its first character."""
    end: int
    """Index past its last character."""
    kind: str
    """How a finding calls it: ``GitHub token``, ``x_api_key``."""


def _is_key(text: str) -> bool:
    """Whether what begins with ``sk-`` is a key, and no name such as ``sk-learn-contrib``.

    A key is random as a whole, or has a part that is long, shorter with a digit, or a number.
    """
    key = text[3:]
    return _is_random(key) or any(_is_part_of_key(part) for part in key.split("-"))


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


def _is_any(_: str) -> bool:
    return True


_BY_NAME = "named in a text"
_BARE = r"[^\s'\"&,;<>(){}\[\]=\\][^\s'\"&,;<>(){}\[\]]{0,100}"
# What follows a bare value that is a secret. No part of the pattern of names: each name in a text
# would then run over all that follows it.
_TAIL = re.compile(r"[^\s'\"&,;<>(){}\[\]]*")
# The kind of secret, a pattern, and a function that decides whether a match is a secret. Patterns
# do not decide that themselves, so that each runs over a text only once.
_SHAPES: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    ("API key (sk-...)", r"(?<![A-Za-z0-9])sk-[A-Za-z0-9_-]+", _is_key),
    ("API key (sk_live_...)", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}", _is_any),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})", _is_any),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{16,}", _is_any),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b", _is_aws_key),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{30,}", _is_any),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}", _is_any),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{20,}", _is_any),
    ("JWT", r"\beyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*){0,2}", _is_jwt),
    (
        "private key",
        (
            r"-----BEGIN [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----[\s\S]*?"
            r"(?:-----END [A-Z ]{0,40}PRIVATE KEY(?: BLOCK)?-----|\Z)"
        ),
        _is_any,
    ),
    ("authorization", r"(?i:\bbearer\s{1,9})(?P<bearer>[A-Za-z0-9._~+/-]{8,}=*)", _is_bearer),
    ("authorization", r"(?i:\bbasic\s{1,9})(?P<basic>[A-Za-z0-9+/]{4,}=*)", _is_user_and_password),
    ("authorization", r"(?i:\btoken\s{1,9})(?P<scheme>[A-Za-z0-9]{16,})", _is_long_token),
    (
        "URL with password",
        r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@?#'\"]*:(?!\d{1,5}[?#])(?P<password>[^\s/'\"]+)@",
        _is_any,
    ),
    (
        "URL with token",
        r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://(?P<user>[^\s/:@?#'\"]{16,200})@",
        looks_random,
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
        _is_any,
    ),
)
_ALTERNATIVES = "|".join(
    f"(?P<shape{number}>{pattern})" for number, (_, pattern, _) in enumerate(_SHAPES)
)
_SHAPE = re.compile(rf"(?=[A-Za-z0-9_-])(?:{_ALTERNATIVES})")
# Groups that hold the secret where the shape is more than the secret.
_SECRET_GROUPS = (
    "bearer",
    "basic",
    "scheme",
    "password",
    "user",
    "single",
    "double",
    "escaped",
    "bare",
)
# Texts in small letters of which each shape and each name of a secret has one; cheap to look for.
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
    *("jwt", "userinfo", "parseresult", "splitresult"),  # results: URLs that urllib took apart
    *("auth", "dsn", "signature", "sig=", "connection", "webhook"),
    *("session", "sessid", "assertion", "verifier", "identified by", "curl", "mysql", "redis-cli"),
    "docker",
)
_SHORT_HINT = re.compile(r"(?:sid|pw|pin.?code)['\"]?\s{0,3}[:=\n>]")
# Tokens of services have a long run with a digit in it; few texts have, so that these many hints
# are seldom looked for.
_RUN = re.compile(r"[a-z0-9_-]+")
_HINTS_OF_SHAPES = secret_shapes.hints()
# A name that ends in "key", or a part of one, before what may be its value.
_HINT_OF_KEY = re.compile(
    r"(?:api|access|secret|private|signing|auth|account|shared|subscription|functions)[\W_]*key"
    r"|key\d{0,3}['\"]?\s{0,3}[:=\n>]"
)

_HINT_OF_USERINFO = re.compile(r":[^\s/@:]+@")


def may_hold(text: str) -> bool:
    """Whether a text may hold a secret or the name of one.

    Cheap, and True too often: False says that ``secrets_in`` finds nothing.
    """
    return _cached_may_hold(text) if len(text) < _LONGEST_CACHED else _may_hold(text)


_LONGEST_CACHED = 200  # characters; names, words and types are asked about again and again


@functools.lru_cache(maxsize=10_000)
def _cached_may_hold(text: str) -> bool:
    return _may_hold(text)


def _may_hold(text: str) -> bool:
    text = text.lower()
    if _has_any(_HINTS, text):
        return True
    return (
        ("key" in text and _HINT_OF_KEY.search(text) is not None)
        or ("@" in text and _HINT_OF_USERINFO.search(text) is not None)
        or (("sid" in text or "pw" in text or "pin" in text) and _has_short_hint(text))
        or (_has_long_run(text) and _has_any(_HINTS_OF_SHAPES, text))
    )


def _has_any(hints: Iterable[str], text: str) -> bool:
    return any([hint in text for hint in hints])  # noqa: C419  # faster than a generator here


def _has_short_hint(text: str) -> bool:
    return _SHORT_HINT.search(text) is not None


def _has_long_run(text: str) -> bool:
    return any(len(run) >= 16 and not run.isalpha() for run in _RUN.findall(text))


def secrets_in(text: str) -> Iterator[Secret]:
    """All secrets of a text, in order; none overlaps another."""
    if not may_hold(text):
        return
    spans = sorted(
        [
            *_shaped_or_named(text),
            *(Secret(*span) for span in secret_shapes.tokens_in(text)),
            *(Secret(*span) for span in secrets_by_name(text)),
        ],
        key=lambda secret: (secret.start, -secret.end),
    )
    end = 0
    for secret in spans:
        if secret.start >= end:
            yield secret
        elif secret.end > end:
            # What one rule has found in part, another has found whole.
            yield Secret(end, secret.end, secret.kind)
        end = max(end, secret.end)


def _shaped_or_named(text: str) -> Iterator[Secret]:
    match = _SHAPE.search(text)
    while match is not None:
        kind, _, is_real = _SHAPES[int((match.lastgroup or "")[5:])]
        secret_group = next(
            (group for group in _SECRET_GROUPS if match.group(group) is not None), 0
        )
        start, end = match.span(secret_group)
        next_start = match.end()
        secret = text[start:end]
        if kind == _BY_NAME:
            scheme = SCHEME.match(secret)
            start += 0 if scheme is None or scheme.end() == len(secret) else scheme.end()
            is_bare = secret_group == "bare"
            is_number = _SMALL_NUMBER.fullmatch(secret) is not None and is_bare
            if is_secret_name(match["name"]) and not NO_VALUE.fullmatch(secret) and not is_number:
                end = next_start = max(next_start, _end_of_bare(text, end)) if is_bare else end
                yield Secret(start, end, kind_of(match["name"]))
            else:
                next_start = match.end("name")
        elif is_real(secret) and not NO_VALUE.fullmatch(secret):
            yield Secret(start, end, kind)
        elif secret_group:
            next_start = start  # what is no secret after Bearer may be one of another shape
        match = _SHAPE.search(text, next_start)


def _end_of_bare(text: str, end: int) -> int:
    """The index at which a bare value ends of which a pattern matched the characters to ``end``."""
    tail = _TAIL.match(text, end)
    return end if tail is None else tail.end()


def without_secrets(text: str) -> str:
    """The text with ``***`` in place of each secret that ``secrets_in`` finds."""
    parts, copied = [], 0
    for secret in secrets_in(text):
        parts += [text[copied : secret.start], MASK]
        copied = secret.end
    return "".join((*parts, text[copied:])) if copied else text


def spellings(secret: str) -> set[str]:
    """The ways in which a secret is written in reprs, JSON and URLs, and the secret itself.

    Also what ``repr`` and JSON write of each other's texts, and the same as UTF-8 and Latin-1.
    """
    spelled = {secret}
    try:  # this package reads bytes as Latin-1
        spelled |= {
            secret.encode("latin-1").decode("utf-8"),
            secret.encode("utf-8").decode("latin-1"),
        }
    except UnicodeError:
        spelled.add(secret.encode("utf-8", "surrogatepass").decode("latin-1"))
    written = {text for spelling in spelled for text in _escaped(spelling)}
    return {text for spelling in spelled | written for text in (spelling, *_escaped(spelling))} | {
        urllib.parse.quote(secret, safe=safe, errors="surrogatepass") for safe in ("", "/")
    }


def _escaped(text: str) -> Iterator[str]:
    """A text as ``repr`` and JSON write it, without quotes; of bytes, if Latin-1 has it all."""
    yield repr(text)[1:-1]
    yield repr("\"'" + text)[4:-1]  # within a text that has both kinds of quotes
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    yield text.encode("unicode_escape", "surrogatepass").decode("ascii")
    if text.isascii() or all(ord(c) < 256 for c in text):
        yield repr(b"\"'" + text.encode("latin-1"))[5:-1]
        yield repr(text.encode("latin-1"))[2:-1]
