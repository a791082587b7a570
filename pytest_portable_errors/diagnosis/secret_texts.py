"""Finds secrets in configurations, headers and command lines that a text quotes, by their names.

``secret_patterns.py`` finds what a name and ``=`` or quotes stand before; this module what headers,
YAML, INI files, XML, netrc and the options of a command write in another way.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterator

from pytest_portable_errors.diagnosis.secret_names import (
    kind_of,
    may_be_secret_name,
    may_name_secret,
)
from pytest_portable_errors.diagnosis.secret_values import (
    NO_VALUE,
    SCHEME,
    is_secret,
    looks_like_password,
    looks_random,
)

# A name and its separator; the value begins where the match ends.
_PAIR = re.compile(
    r"(?<![\w.-])(?P<open><)?(?P<name>[A-Za-z_][\w.-]{0,79})(?P<quote>\\{0,3}['\"]?)"
    r"[ \t]{0,8}(?P<separator>=>|:=|==|[:=>])[ \t]{0,8}(?=[^\s])"
)
_OPTION = re.compile(
    r"(?<![\w-])--?(?P<name>[A-Za-z][\w-]{0,60})(?:[ \t]{1,3}|['\"],[ \t]{0,3}b?['\"])"
    r"(?P<rest>(?=[^\s'\"-]))"
)
_NETRC = re.compile(
    r"\blogin\s{1,8}\S{1,100}\s{1,8}(?:account\s{1,8}\S{1,100}\s{1,8})?password\s{1,8}(?P<rest>\S+)"
)
# What else stands before a secret, and whether the secret has to look like one.
_CONTEXTS: tuple[tuple[str, str, Callable[[str], bool]], ...] = (
    (
        "password",
        r"\bcurl\b[^\r\n]{0,500}?\s(?:-u|--user)[ =]?['\"]?[^\s:'\"]{1,100}:(?P<rest>[^\s'\"]+)",
        bool,
    ),
    (
        "password",
        (
            r"\b(?:mysql\w*|sshpass|docker\s+login|redis-cli|mongo\w*)\b[^\r\n]{0,500}?"
            r"\s-[pa]\s?(?P<rest>[^\s'\"-][^\s'\"]*)"
        ),
        looks_like_password,
    ),
    ("password", r"(?i)\bpassword (?:is|was) ['\"]?(?P<rest>[^\s'\",;]+)", looks_like_password),
    ("password", r"(?i)\b(?:identified by|password) '(?P<rest>[^'\r\n]+)'", bool),
    ("secret", r"(?i)\b(?:secret|token|key) (?:is |was )?(?P<rest>[^\s'\",;]+)", looks_random),
    ("cookie", r"<Cookie [^=\s]{1,100}=(?P<rest>\S+) for ", bool),
)
# An entry that has its name and its value apart: an environment of Kubernetes, .NET's settings.
_ENTRY = re.compile(
    r"['\"]?\b(?:key|name)['\"]?\s{0,3}[:=]\s{0,3}['\"](?P<name>[\w.-]{1,80})['\"]\s{0,3},?\s{0,8}"
    r"['\"]?value['\"]?\s{0,3}[:=]\s{0,3}['\"](?P<rest>[^'\"\r\n]+)['\"]"
)
# A value without quotes ends at what no value has.
_BARE = re.compile(r"[^\s'\",;<>(){}\[\]&]{1,4000}")
_QUOTED = re.compile(r"(?P<quote>['\"])(?P<value>(?:(?!(?P=quote))[^\\]|\\.){0,4000})(?P=quote)")
# Headers whose whole value is the secret, blanks included.
_HEADERS = frozenset(("authorization", "proxy-authorization", "cookie", "set-cookie", "cookie2"))
_CDATA = "<![CDATA["
_BEFORE = re.compile(r"[ \t>*#-]{0,20}(?:export[ \t]{1,3}|set[ \t]{1,3})?['\"]?")

MOST_NAMES = 20_000
"""Names of secrets in one text whose values are looked at; a configuration has some hundred."""

Span = tuple[int, int, str]
"""Start, end and kind of a secret."""


def secrets_by_name(text: str) -> Iterator[Span]:
    """The secrets of a text that stand after their names, in any order; some may overlap."""
    position = names = 0
    while names < MOST_NAMES and (match := _PAIR.search(text, position)) is not None:
        position = match.end()
        if may_name_secret(match["name"]):
            names += 1
            span = _secret_of(text, match)
            if span is not None:
                yield span
                position = span[1]
    for match in itertools.islice(_OPTION.finditer(text), MOST_NAMES):
        value_span = _value_at(text, match.start("rest"))
        value = "" if value_span is None else text[slice(*value_span)]
        # In a text, what follows an option may be a word about it; in a list it is its value.
        is_value = "," in match[0] or looks_like_password(value)
        if value_span is not None and is_value and is_secret(match["name"], value):
            yield *value_span, kind_of(match["name"])
    for match in _NETRC.finditer(text):
        yield *match.span("rest"), "password"
    for kind, pattern, is_real in _CONTEXTS:
        for match in re.finditer(pattern, text):
            if is_real(match["rest"]) and not NO_VALUE.fullmatch(match["rest"]):
                yield *match.span("rest"), kind
    for match in _ENTRY.finditer(text):
        if is_secret(match["name"], match["rest"]):
            yield *match.span("rest"), kind_of(match["name"])


def _secret_of(text: str, match: re.Match[str]) -> Span | None:
    """The secret after a name and its separator; None if what stands there is none."""
    name, separator, start = match["name"], match["separator"], match.end()
    kind = kind_of(name)
    if separator == "==":
        return None  # a comparison
    if separator == ">" or match["open"]:
        return _of_element(text, match)
    is_line = _BEFORE.fullmatch(text, _line_start(text, match.start()), match.start()) is not None
    if separator == ":" and name.lower() in _HEADERS:
        return _of_header(text, match, is_line=is_line)
    if may_be_secret_name(name):
        # Most of these are none, and a text may have a hundred thousand of them.
        beginning = _BARE.match(text, start, start + 100)
        if beginning is not None and not any(map(str.isdigit, beginning[0])):
            return None
    span = _value_at(text, start)
    if span is None:
        return None
    value = text[slice(*span)]
    scheme = SCHEME.match(value)
    if scheme is not None and scheme.end() < len(value):
        span = span[0] + scheme.end(), span[1]
    if NO_VALUE.fullmatch(value) or value.startswith("=") or re.fullmatch(r"\d{1,3}", value):
        return None
    if may_be_secret_name(name):
        return (*span, kind) if is_secret(name, value) else None
    is_alone = not text[span[1] : _line_end(text, start)].strip(" \t'\",;")
    is_bare = text[span[0] - 1 : span[0]] not in ("'", '"')
    if not is_bare or (separator == "=" and start == match.end("separator")):
        return (*span, kind) if value else None
    if looks_like_password(value) and "=" not in value.rstrip("="):
        return *span, kind
    return (*span, kind) if is_line and is_alone and _is_in_configuration(text) else None


def _of_element(text: str, match: re.Match[str]) -> Span | None:
    """The content of an XML element: ``<password>...</password>``."""
    if match["separator"] != ">" or not match["open"]:
        return None
    start = match.end()
    start += len(_CDATA) if text.startswith(_CDATA, start) else 0
    end = text.find("]]>" if text.startswith(_CDATA, match.end()) else "<", start, start + 1_000)
    value = text[start:end] if end > start else ""
    if not value.strip() or not is_secret(match["name"], value.strip()):
        return None
    return start, end, kind_of(match["name"])


def _of_header(text: str, match: re.Match[str], *, is_line: bool) -> Span | None:
    """The value of a header, if that looks like one: the whole, without the scheme.

    In the middle of a line, where no ``=`` tells a cookie, it ends with its first word.
    """
    start, end = match.end(), _line_end(text, match.end())
    quote = text[match.start() - 1 : match.start()]
    if quote in ("'", '"') and (closing := text.find(quote, start, end)) > 0:
        end = closing
    value = text[start:end].strip().strip("'\"")
    start += text[start:end].index(value)
    scheme = SCHEME.match(value)
    if scheme is not None:
        start, value = start + scheme.end(), value[scheme.end() :]
    if not is_line and " " in value and "=" not in value:
        value = value.partition(" ")[0].rstrip(",;")
    looks_real = any(map(str.isdigit, value)) or "=" in value or "%" in value
    if not looks_real or len(value) < 6:
        return None
    return start, start + len(value), kind_of(match["name"])


def _value_at(text: str, start: int) -> tuple[int, int] | None:
    """Start and end of the value that begins there, without quotes."""
    quoted = _QUOTED.match(text, start)
    if quoted is not None:
        return quoted.span("value")
    bare = _BARE.match(text, start)
    if bare is None:
        return None
    value = bare[0].rstrip(".:")
    return bare.start(), bare.start() + len(value)


@functools.lru_cache(maxsize=4)
def _is_in_configuration(text: str) -> bool:
    """Whether the line stands among others that each have a name and a value."""
    lines = text.splitlines()
    pairs = [line for line in lines if _PAIR.match(line.strip())]
    return len(pairs) >= 2 and 2 * len(pairs) >= len(lines)


def _line_end(text: str, position: int) -> int:
    """The end of a line, or of its next 4,000 characters."""
    ends = (text.find(character, position, position + 4_000) for character in "\r\n")
    return min((end for end in ends if end >= 0), default=min(len(text), position + 4_000))


def _line_start(text: str, position: int) -> int:
    begin = max(0, position - 200)
    return max(text.rfind("\n", begin, position), text.rfind("\r", begin, position), begin - 1) + 1
