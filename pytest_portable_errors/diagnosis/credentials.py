"""Credentials that an exception carries: which, where, and how to write of the exception without them.

Found by the name that a value has (``api_key``, ``Authorization``) and by the shape of known keys (``sk-...``, a JWT, a URL with a
password). What is found is masked wherever its text turns up; a value is never part of a finding.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.contents import places
from pytest_portable_errors.diagnosis.findings import Credential, Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.diagnosis.payload import Call, Global, Reading
from pytest_portable_errors.receiver.record import Record

MASK = "***"
_SHORTEST = 4  # characters of a value that is masked wherever it turns up; a shorter one only where its name stands
_SHORTEST_INSIDE = 8  # ... also in the middle of a word

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_NAMES = frozenset(
    [
        "authorization",
        "apikey",
        "token",
        "secret",
        "password",
        "passwd",
        "pwd",
        "passphrase",
        "cookie",
        "cookies",
        "credential",
        "credentials",
        "jwt",
        "userinfo",
    ]
)
_PAIRS_OF_WORDS = frozenset(("api key", "access key", "secret key", "private key", "signing key", "auth key", "secret value", "pass word"))
# Tokens that open nothing: a parser's, a tokenizer's, a page's.
_HARMLESS = frozenset(
    [
        "next",
        "page",
        "continuation",
        "cancel",
        "cancellation",
        "stop",
        "start",
        "eos",
        "bos",
        "pad",
        "unk",
        "mask",
        "sep",
        "cls",
        "end",
        "begin",
        "unexpected",
        "expected",
        "current",
        "last",
        "max",
        "min",
    ]
)

_SHAPES: tuple[tuple[str, str], ...] = (
    (
        "API key (sk-...)",
        r"\bsk-(?:[A-Za-z]+\d*-){0,3}(?:(?=[A-Za-z_-]*\d)[A-Za-z0-9_-]{20,}|[A-Za-z0-9]{16,}|(?=[A-Za-z_]*\d)[A-Za-z0-9_]{8,}|\d{4,})",
    ),
    ("API key (sk_live_...)", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{8,}"),
    ("GitHub token", r"\b(?:gh[pousr]_[A-Za-z0-9]{16,}|github_pat_[A-Za-z0-9_]{20,})"),
    ("GitLab token", r"\bglpat-[A-Za-z0-9_-]{16,}"),
    ("AWS access key", r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}\b"),
    ("Google API key", r"\bAIza[A-Za-z0-9_-]{30,}"),
    ("Slack token", r"\bxox[abeoprs]-[A-Za-z0-9-]{10,}"),
    ("Hugging Face token", r"\bhf_[A-Za-z0-9]{20,}"),
    ("JWT", r"\beyJ[A-Za-z0-9_-]{5,}\.[A-Za-z0-9_-]{5,}(?:\.[A-Za-z0-9_-]*)?"),
    ("private key", r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?:.|\n)*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"),
    ("authorization", r"(?i:\b(?:Bearer|Basic|Token)\s+)(?P<scheme>(?=[A-Za-z._~+/-]*[\d=])[A-Za-z0-9._~+/-]{8,}=*)"),
    ("URL with password", r"\b[A-Za-z][A-Za-z0-9+.-]{0,20}://[^\s/:@?#'\"]*:(?P<password>[^\s/'\"]+)@"),
    (
        "in a text",
        (
            r"(?i:(?<![A-Za-z0-9])(?P<name>(?:[a-z0-9]+[_-]){0,4}(?:password|passwd|pwd|secret|api[_-]?key|access[_-]?key|secret[_-]?key|token"
            r"|authorization|cookie|credentials?))(?:=|['\"]\s*[:=]\s*(?=['\"b]))(?:b?['\"])?(?:(?:bearer|basic|token)\s+)?)"
            r"(?P<value>[^\s'\"&,;<>(){}\[\]]+)"
        ),
    ),
)
_SHAPE = re.compile("|".join(f"(?P<shape{number}>{pattern})" for number, (_, pattern) in enumerate(_SHAPES)))
_INNER = ("scheme", "password", "value")  # groups that are the secret, where the shape is more than that
_NO_VALUE = re.compile(r"\*+|\.+|None|True|False|null|true|false|\d{1,3}|")
_SCHEME = re.compile(r"^(?i:bearer|basic|token) +")
_CUT_START = re.compile(r"(?:sk-|gh[pousr]_|github_pat_|AKIA|ASIA|eyJ|AIza|xox[abeoprs]-|hf_|glpat-)\S*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in one exception."""

    credentials: tuple[Credential, ...]
    """Those that its payload carries."""
    mask: Mask


class Mask:
    """Writes ``***`` in place of credentials."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self.secrets = frozenset(secrets)
        spelled = {spelling for secret in self.secrets if len(secret) >= _SHORTEST for spelling in _spellings(secret)}
        longest_first = sorted(spelled, key=lambda text: (-len(text), text))
        self._known = re.compile("|".join(map(_anywhere, longest_first))) if longest_first else None

    def knows(self, text: str) -> bool:
        """Whether something that is known to be secret stands in the text."""
        return self._known is not None and self._known.search(text) is not None

    def text(self, text: str) -> str:
        """The text without what is known to be secret, and without what has the shape of it."""
        if self._known is not None:
            text = self._known.sub(MASK, text)
        return _SHAPE.sub(_without_secret, text) if _may_hold(text) else text

    def cut_text(self, text: str) -> str:
        """The same for a text whose end was cut off, perhaps in the middle of a secret."""
        text = self.text(text)
        for secret in self.secrets:
            start = next((n for n in range(min(len(secret) - 1, len(text)), _SHORTEST - 1, -1) if text.endswith(secret[:n])), 0)
            text = text[: len(text) - start] + MASK if start else text
        return _CUT_START.sub(MASK, text)

    def data(self, data: Any, name: str = "") -> Any:
        """Plain data without secrets; ``name`` is what it is called where it stands."""
        if isinstance(data, str):
            return MASK if is_secret_name(name) and not _NO_VALUE.fullmatch(data) else self.text(data)
        if isinstance(data, (list, tuple)):
            return type(data)(self.data(item, name) for item in data)
        if isinstance(data, dict):
            return {self.text(key) if isinstance(key, str) else key: self.data(item, str(key)) for key, item in data.items()}
        return data

    def record(self, record: Record) -> Record:
        """A record without secrets."""
        return {**record, "exceptions": [self._described(node, "") for node in record["exceptions"]]}

    def _described(self, part: Any, name: str) -> Any:
        if isinstance(part, str):
            return self.text(part)
        if isinstance(part, list):
            return [self._described(item, name) for item in part]
        if not isinstance(part, dict):
            return part
        if "text" in part:
            return self._shown(part, name)
        described: dict[str, Any] = {}
        for key, item in part.items():
            if key == "attributes":
                described[key] = {self.text(attribute): self._described(value, attribute) for attribute, value in item.items()}
            elif key == "pairs":
                described[key] = [[self._described(one, ""), self._described(other, _plain(one) or name)] for one, other in item]
            else:
                described[key] = self._described(item, name) if key in ("items", "args", "message", "notes", "type", "traceback") else item
        return described

    def _shown(self, value: dict[str, Any], name: str) -> dict[str, Any]:
        """A described value that is a text. What was computed from the text would let one guess it."""
        if _is_secret_value(name, value):
            text = repr(MASK) if value["type"] == "builtins.str" else MASK
        else:
            text = (self.cut_text if "length" in value else self.text)(value["text"])
        if text == value["text"]:
            return value
        kept = {key: item for key, item in value.items() if key not in ("words", "sha256", "text")}
        return {**self._described(kept, name), "text": text}

    def loss(self, loss: Loss) -> Loss:
        """A loss without secrets; that there is a difference can still be seen."""
        sent, received = self.cut_text(loss.sent), self.cut_text(loss.received)
        if is_secret_name(loss.path.rpartition(".")[2].rpartition("[")[2]):
            sent, received = (text if text in ("missing", "None") else MASK for text in (loss.sent, loss.received))
        if sent == received:
            received += " (another)"
        return replace(loss, path=self.text(loss.path), sent=sent, received=received)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis without secrets."""
        return replace(diagnosis, why=self.text(diagnosis.why), evidence=tuple(map(self.text, diagnosis.evidence)))


def find_credentials(reading: Reading, *records: Record | None) -> Found:
    """The credentials of a payload by their paths, and a mask that also covers what only the records show."""
    credentials, secrets = _of_payload(reading)
    secrets = secrets.union(*(_secrets_of(record) for record in records if record is not None))
    return Found(credentials=credentials, mask=Mask(secrets) if secrets else _BY_SHAPE)


_BY_SHAPE = Mask()


def is_secret_name(name: str) -> bool:
    """Whether a value of this name is a credential: ``x-api-key``, ``dbPassword``; not ``token_count``."""
    return len(name) <= 200 and _is_secret_name(name)


def is_secret_header(path: str) -> bool:
    """Whether a path ends in a header: no error needs its credentials to be understood."""
    return re.search(r"\.headers\['[\w-]+'\]$", path) is not None


@functools.lru_cache(maxsize=4096)
def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORD.findall(name)]
    if not words or (words[-1] == "token" and len(words) > 1 and words[-2] in _HARMLESS):
        return False
    return words[-1] in _NAMES or " ".join(words[-2:]) in _PAIRS_OF_WORDS


def _of_payload(reading: Reading) -> tuple[tuple[Credential, ...], frozenset[str]]:
    """By name and by shape; then every other place where the same text stands."""
    texts = list(_texts(reading))
    found: dict[str, str] = {}
    secrets: set[str] = set()
    for path, name, text in texts:
        shapes = [(match, kind) for match, kind in _shapes_in(text)]
        if is_secret_name(name) and not _NO_VALUE.fullmatch(text):
            found.setdefault(path, _kind_of(name))
            secrets.update((text, _SCHEME.sub("", text)))
        elif shapes:
            found.setdefault(path, shapes[0][1])
        secrets.update(secret for secret, _ in shapes)
    known = Mask(secrets)
    for path, _, text in texts if secrets else ():
        if path not in found and known.knows(text):
            found[path] = "a credential that stands elsewhere, too"
    return tuple(Credential(path=_BY_SHAPE.text(path), kind=kind) for path, kind in found.items()), frozenset(secrets)


def _texts(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Texts of the payload with their paths and what they are called: by themselves, or as an element of what is called so."""
    named: dict[str, str] = {}
    for place in places(reading.root):
        name, value = place.name or "", place.value
        if not is_secret_name(name):
            name = named.get(_above(place.path), name)
        if isinstance(value, (list, tuple)) and is_secret_name(name):
            named[place.path] = name
        elif isinstance(value, (bytes, bytearray)):
            yield place.path, name, value.decode("latin-1")
        elif isinstance(value, str):
            yield place.path, name, value
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 999:
            yield place.path, name, str(value)
        elif isinstance(value, Call):
            yield from _user_info(place.path, value)


def _user_info(path: str, call: Call) -> Iterator[tuple[str, str, str]]:
    """User and password of a URL that was taken apart, as httpx and ``urllib.parse`` keep it."""
    if not (isinstance(call.function, Global) and call.function.qualname.endswith(("ParseResult", "SplitResult"))):
        return
    for part in call.args if isinstance(call.args, tuple) else ():
        if isinstance(part, str) and ":" in part and "/" not in part:
            user = part.rpartition("@")[0] or (part if "httpx" in call.function.module else "")
            if user.partition(":")[2] and not user.startswith("["):
                yield path, "userinfo", user.partition(":")[2]


def _above(path: str) -> str:
    return path[: max(path.rfind("["), 0)] if path.endswith("]") else ""


def _kind_of(name: str) -> str:
    return "_".join(word.lower() for word in _WORD.findall(name))


def _shapes_in(text: str) -> Iterator[tuple[str, str]]:
    """``(secret, kind)`` for all that has the shape of one."""
    for match in _SHAPE.finditer(text) if _may_hold(text) else ():
        secret = _secret_of(match)
        if not _NO_VALUE.fullmatch(secret):
            kind = _SHAPES[next(number for number in range(len(_SHAPES)) if match.group(f"shape{number}") is not None)][0]
            yield secret, _kind_of(match.group("name")) if kind == "in a text" else kind


def _secret_of(match: re.Match[str]) -> str:
    return next((match.group(group) for group in _INNER if match.group(group) is not None), match.group())


def _without_secret(match: re.Match[str]) -> str:
    secret = _secret_of(match)
    if _NO_VALUE.fullmatch(secret):
        return match.group()
    start = next((match.start(group) for group in _INNER if match.group(group) is not None), match.start())
    before = start - match.start()
    return match.group()[:before] + MASK + match.group()[before + len(secret) :]


# Cheaper than the shapes, and there in each of them.
_HINT = re.compile(
    r"sk[-_]|rk_|gh[pousr]_|github_pat|glpat|AKIA|ASIA|AIza|xox|hf_|eyJ|PRIVATE KEY|://|(?i:bearer|basic|token|passw|pwd|secret|key|authorization|cookie|credential)"
)


def _may_hold(text: str) -> bool:
    return _HINT.search(text) is not None


def _secrets_of(record: Record) -> set[str]:
    """Texts that a record shows under the name of a secret, and those that have the shape of one."""
    secrets: set[str] = set()
    waiting: list[tuple[Any, str]] = [(node, "") for node in record["exceptions"]]
    while waiting:
        part, name = waiting.pop()
        if isinstance(part, list):
            waiting.extend((item, name) for item in part)
        elif isinstance(part, dict) and "text" in part:
            plain = _plain(part)
            text = part["text"] if plain is None else plain
            if _is_secret_value(name, part):
                secrets.add(text)
            secrets.update(secret for secret, _ in _shapes_in(text))
            waiting.extend((part.get(key), name) for key in ("attributes", "items") if key in part)
        elif isinstance(part, dict):
            for key, item in part.items():
                if key == "pairs":
                    waiting.extend((pair[0], "") for pair in item)
                    waiting.extend((pair[1], _plain(pair[0]) or name) for pair in item)
                elif key == "attributes":
                    waiting.extend((value, attribute) for attribute, value in item.items())
                elif isinstance(item, (dict, list)):
                    waiting.append((item, name if key == "items" else ""))
    return secrets


def _is_secret_value(name: str, value: dict[str, Any]) -> bool:
    kind = value.get("type")
    if not is_secret_name(name) or kind in ("builtins.NoneType", "builtins.bool", "builtins.float", "builtins.type"):
        return False
    return not _NO_VALUE.fullmatch(_plain(value) or value["text"])


def _plain(value: Any) -> str | None:
    """The text that a described ``str`` or ``bytes`` shows, without quotes; None for anything else."""
    if not isinstance(value, dict) or value.get("type") not in ("builtins.str", "builtins.bytes") or "text" not in value:
        return None
    try:
        plain = ast.literal_eval(value["text"])
    except (ValueError, SyntaxError):
        return str(value["text"])
    return plain.decode("latin-1") if isinstance(plain, bytes) else str(plain)


def _spellings(secret: str) -> set[str]:
    """As it stands, and as ``repr`` writes it in text and bytes."""
    spelled = {secret, repr(secret)[1:-1], secret.encode("unicode_escape", "surrogatepass").decode("ascii")}
    try:
        spelled.add(repr(secret.encode("latin-1"))[2:-1])
    except UnicodeEncodeError:
        spelled.add(repr(secret.encode("utf-8", "surrogatepass"))[2:-1])
    return spelled


def _anywhere(secret: str) -> str:
    escaped = re.escape(secret)
    return escaped if len(secret) >= _SHORTEST_INSIDE else rf"(?<!\w){escaped}(?!\w)"
