"""Credentials that an exception carries: which, where, and how to write of the exception without them.

Found by the name that a value has and by the shape of known keys (``secrets.py``). What is found is masked wherever its text turns up; a
value is never part of a finding.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.contents import places
from pytest_portable_errors.diagnosis.findings import Credential, Diagnosis
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.diagnosis.payload import Call, Global, Reading
from pytest_portable_errors.diagnosis.secrets import (
    MASK,
    NO_VALUE,
    SCHEME,
    is_secret_name,
    kind_of,
    may_hold,
    secrets_in,
    spellings,
    without_secrets,
)
from pytest_portable_errors.receiver.record import Record
from pytest_portable_errors.receiver.values import canonical

_SHORTEST = 4  # characters of a value that is masked wherever it turns up; a shorter one only where its name stands
_SHORTEST_INSIDE = 8  # ... of letters or digits alone, that is masked in the middle of a word, too: "test" is not, in "latest"

# repr writes a line break before a word as a letter, which is no part of the word.
_NO_WORD_BEFORE = r"(?:(?<!\w)|(?<=\\[abfnrtv])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_TAIL = 500  # characters in which a key is looked for whose end was cut off
_CUT = re.compile(r"['\"]?\.\.\.")
_CUT_SECRET = re.compile(
    r"(?:(?<![A-Za-z0-9])(?:sk-|[sr]k_live_|gh[pousr]_|github_pat_|AKIA|ASIA|eyJ|AIza|xox[abeoprs]-|hf_|glpat-)|(?i:bearer|basic) |://[^\s/:@]*:)"
    r"[^\s'\"]*\Z"
)
_DESCRIBED_TEXT = {"text", "length", "sha256", "words"}  # the message of an error that a receiver tells of
_NO_TEXTS = ("builtins.NoneType", "builtins.bool", "builtins.float", "builtins.type")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What was found in one exception."""

    credentials: tuple[Credential, ...]
    """Those that its payload carries."""
    mask: Mask


class Mask:
    """Writes ``***`` in place of credentials."""

    def __init__(self, secrets: Iterable[str] = (), *, harmless: tuple[Record, ...] = ()) -> None:
        """``harmless`` are records that were searched already, and hold nothing."""
        self.secrets = frozenset(secrets)
        self._harmless = harmless
        spelled = {spelling for secret in self.secrets if len(secret) >= _SHORTEST for spelling in spellings(secret)}
        self._longest_first = sorted(spelled, key=lambda text: (-len(text), text))
        # Replaced one by one: a pattern of keys that are thousands of characters long takes seconds to compile.
        self._anywhere = [spelling for spelling in self._longest_first if not _is_short_word(spelling)]
        words = "|".join(re.escape(spelling) for spelling in self._longest_first if _is_short_word(spelling))
        self._words = re.compile(rf"{_NO_WORD_BEFORE}(?:{words})(?!\w)") if words else None

    def knows(self, text: str) -> bool:
        """Whether something that is known to be secret stands in the text."""
        return any(spelling in text for spelling in self._anywhere) or (self._words is not None and self._words.search(text) is not None)

    def text(self, text: str) -> str:
        """The text without what is known to be secret, and without what has the shape of it."""
        for spelling in self._anywhere:
            text = text.replace(spelling, MASK)
        return without_secrets(text if self._words is None else self._words.sub(MASK, text))

    def cut_text(self, text: str) -> str:
        """The same for a text whose end was cut off, perhaps in the middle of a secret."""
        text = self.text(text)
        start = self._cut_secret(text, len(text))
        text = text[:start] + MASK if start < len(text) else text
        return text[:-_TAIL] + _CUT_SECRET.sub(MASK, text[-_TAIL:])

    def quoting_text(self, text: str) -> str:
        """The same for a text of ours, that quotes others: these may have been cut, and then end in ``...``."""
        text = self.text(text)
        parts, done = [], 0
        for cut in _CUT.finditer(text) if self._longest_first else ():
            start = self._cut_secret(text, cut.start())
            if done <= start < cut.start():
                parts += [text[done:start], MASK]
                done = cut.start()
        return "".join((*parts, text[done:]))

    def _cut_secret(self, text: str, end: int) -> int:
        """Where a secret starts whose rest was cut off at ``end``; ``end`` if there is none."""
        for spelling in self._longest_first:
            start = text.find(spelling[:_SHORTEST], max(0, end - len(spelling) + 1), end)
            while start >= 0:
                if spelling.startswith(text[start:end]):
                    return start
                start = text.find(spelling[:_SHORTEST], start + 1, end)
        return end

    def data(self, data: Any, name: str = "") -> Any:
        """Plain data without secrets; ``name`` is what it is called where it stands."""
        if isinstance(data, str):
            return MASK if is_secret_name(name) and not NO_VALUE.fullmatch(data) else self.text(data)
        if isinstance(data, (list, tuple)):
            return type(data)(self.data(item, name) for item in data)
        if isinstance(data, dict):
            if isinstance(data.get("text"), str) and data.keys() <= _DESCRIBED_TEXT:
                return self._shown(data, name)
            return {self.text(key) if isinstance(key, str) else key: self.data(item, str(key)) for key, item in data.items()}
        return data

    def record(self, record: Record) -> Record:
        """A record without secrets."""
        if any(record is known for known in self._harmless):
            return record
        return {**record, "exceptions": [_rewritten(node, "", self._name, self._shown) for node in record["exceptions"]]}

    def _name(self, name: str) -> str:
        return self.cut_text(name.removesuffix("...")) + "..." if name.endswith("...") else self.text(name)

    def _shown(self, value: dict[str, Any], name: str) -> dict[str, Any]:
        """A described value that is a text. What was computed from the text would let one guess it."""
        masked = self.cut_text if "length" in value else self.text
        kind, plain = value.get("type"), _plain(value)
        if _is_secret_value(name, value):
            text = repr(MASK) if kind == "builtins.str" else MASK
        elif plain is None:
            text = masked(value["text"])
        else:  # without repr's escapes, in which a secret may start
            hidden = masked(plain)
            written = repr(hidden) if kind == "builtins.str" else repr(hidden.encode("latin-1"))
            text = self.quoting_text(value["text"] if hidden == plain else written)
        if text == value["text"]:
            return value
        return {**{key: item for key, item in value.items() if key not in ("words", "sha256")}, "text": text}

    def loss(self, loss: Loss) -> Loss:
        """A loss without secrets; that there is a difference can still be seen."""
        sent, received = self.quoting_text(loss.sent), self.quoting_text(loss.received)
        if is_secret_name(re.sub(r"(?:\[\d+\])+$", "", loss.path).rpartition(".")[2].rpartition("[")[2]):
            sent, received = (text if text in ("missing", "None") else MASK for text in (loss.sent, loss.received))
        if sent == received:
            received += " (another)"
        return replace(loss, path=self.text(loss.path), sent=sent, received=received)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis without secrets."""
        return replace(diagnosis, why=self.quoting_text(diagnosis.why), evidence=tuple(map(self.quoting_text, diagnosis.evidence)))


_BY_SHAPE = Mask()


def find_credentials(reading: Reading, *records: Record | None) -> Found:
    """The credentials of a payload by their paths, and a mask that also covers what only the records show."""
    described: list[Record] = []
    for record in records:  # what arrived whole needs no second look
        if record is not None and not (described and record == described[0]):
            described.append(record)
    # Nearly all exceptions have nothing that even looks like it: seen at once, without asking what lies where.
    if not may_hold(_all_texts(reading.root)) and not any(may_hold(canonical(record)) for record in described):
        return Found(credentials=(), mask=Mask(harmless=tuple(record for record in records if record is not None)))
    credentials, secrets = _of_payload(reading)
    secrets = secrets.union(*map(_secrets_of, described))
    return Found(credentials=credentials, mask=Mask(secrets) if secrets else _BY_SHAPE)


def is_secret_header(path: str) -> bool:
    """Whether a path ends in a header: no error needs its credentials to be understood."""
    return re.search(r"\.headers\['[\w-]+'\]$", path) is not None


def _all_texts(root: object) -> str:
    """Everything that a payload says, names included."""
    texts: list[str] = []
    waiting, seen = [root], set[int]()
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            texts.append(value)
        elif isinstance(value, (bytes, bytearray)):
            texts.append(value.decode("latin-1"))
        elif isinstance(value, Global):
            texts.append(value.qualname)
        elif isinstance(value, (Call, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            parts = (value.function, value.args, value.state, value.items, value.pairs) if isinstance(value, Call) else value
            waiting.extend(parts)
    return "\n".join(texts)


def _of_payload(reading: Reading) -> tuple[tuple[Credential, ...], frozenset[str]]:
    """By name and by shape; then every other place where the same text stands."""
    texts = list(_texts(reading))
    found: dict[str, str] = {}
    secrets: set[str] = set()
    for path, name, text in texts:
        shapes = list(secrets_in(text))
        if is_secret_name(name) and not NO_VALUE.fullmatch(text):
            found.setdefault(path, kind_of(name))
            secrets.update((text, SCHEME.sub("", text, count=1) if SCHEME.match(text) else text))
        elif shapes:
            found.setdefault(path, shapes[0].kind)
        secrets.update(text[secret.start : secret.end] for secret in shapes)
    known = Mask(secrets)
    for path, _, text in texts if secrets else ():
        if path not in found and known.knows(text):
            found[path] = "a credential that stands elsewhere, too"
    return tuple(Credential(path=known.text(path), kind=kind) for path, kind in found.items()), frozenset(secrets)


def _texts(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Texts of the payload with their paths and what they are called: by themselves, or as a part of what is called so."""
    named: dict[str, str] = {}
    wrapped: dict[str, str] = {}
    for place in places(reading.root):
        path, name, value = place.path, place.name or "", place.value
        if place.name is not None and path.endswith(f".{name}"):
            yield path, "", name
        if not is_secret_name(name):
            name = (wrapped.get(path) if place.name is None else None) or _name_above(path, named) or name
        if isinstance(value, (list, tuple)) and is_secret_name(name):
            named[path] = name
        elif isinstance(value, (bytes, bytearray)):
            yield path, name, value.decode("latin-1")
        elif isinstance(value, str):
            yield path, name, value
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 999:
            yield path, name, str(value)
        elif isinstance(value, Call):
            if value.by == "new" and is_secret_name(name):  # a subclass of str: what it is made from is the text
                wrapped[path] = name
            yield from _user_info(path, value)


def _name_above(path: str, named: dict[str, str]) -> str | None:
    """What the list or dict is called that a value lies in."""
    above = path.rfind("[") if named else -1
    while above > 0:
        if path[:above] in named:
            return named[path[:above]]
        above = path.rfind("[", 0, above)  # a key may have brackets
    return None


def _user_info(path: str, call: Call) -> Iterator[tuple[str, str, str]]:
    """User and password of a URL that was taken apart, as httpx and ``urllib.parse`` keep it."""
    if not (isinstance(call.function, Global) and call.function.qualname.endswith(("ParseResult", "SplitResult"))):
        return
    for part in call.args if isinstance(call.args, tuple) else ():
        if isinstance(part, str) and ":" in part and "/" not in part:
            user = part.rpartition("@")[0] or (part if "httpx" in call.function.module else "")
            if user.partition(":")[2] and not user.startswith("["):
                yield path, "userinfo", user.partition(":")[2]


def _secrets_of(record: Record) -> set[str]:
    """Texts that a record shows under the name of a secret, and those that have the shape of one."""
    secrets: set[str] = set()

    def note_shapes(text: str) -> str:
        secrets.update(text[secret.start : secret.end] for secret in secrets_in(text))
        return text

    def note(value: dict[str, Any], name: str) -> dict[str, Any]:
        plain = _plain(value)
        text = value["text"] if plain is None else plain
        if _is_secret_value(name, value):
            secrets.add(text)
        note_shapes(text)
        return value

    for node in record["exceptions"]:
        _rewritten(node, "", note_shapes, note)
    return secrets


def _rewritten(part: Any, name: str, of_name: Callable[[str], str], of_text: Callable[[dict[str, Any], str], dict[str, Any]]) -> Any:
    """A part of a record, with ``of_name`` applied to types and attributes, and ``of_text`` to values that are texts, with their names."""
    if isinstance(part, str):
        return of_name(part)
    if isinstance(part, list):
        return [_rewritten(item, name, of_name, of_text) for item in part]
    if not isinstance(part, dict):
        return part
    result: dict[str, Any] = {}
    for key, item in part.items():
        if key == "attributes":
            result[key] = {of_name(attribute): _rewritten(value, attribute, of_name, of_text) for attribute, value in item.items()}
        elif key == "pairs":
            result[key] = [
                [_rewritten(one, "", of_name, of_text), _rewritten(other, _called(one, name), of_name, of_text)] for one, other in item
            ]
        elif key == "items" and _is_named_pair(part, name):
            result[key] = [*(_rewritten(one, "", of_name, of_text) for one in item[:-1])]
            result[key].append(_rewritten(item[-1], _called(item[0], name), of_name, of_text))
        elif key in ("items", "args", "message", "notes", "type", "traceback", "raises"):
            result[key] = _rewritten(item, name, of_name, of_text)
        else:
            result[key] = item
    return of_text(result, name) if isinstance(part.get("text"), str) else result


def _called(key: dict[str, Any], name: str) -> str:
    """What a value under a key is called; under any key of ``cookies`` it is one."""
    return name if is_secret_name(name) else _plain(key) or name


def _is_named_pair(value: dict[str, Any], name: str) -> bool:
    """``(name, value)``, as headers are kept: in a list of an attribute that is nobody's business."""
    return name.startswith("_") and value.get("type") == "builtins.tuple" and len(value["items"]) in (2, 3)


def _is_secret_value(name: str, value: dict[str, Any]) -> bool:
    if not is_secret_name(name) or value.get("type") in _NO_TEXTS:
        return False
    text, plain = value["text"], _plain(value)
    if plain is None and kind_of(name) == "token" and value.get("type") != "builtins.int":
        return False  # a parser's or a tokenizer's: the very thing that the error is about
    return not (NO_VALUE.fullmatch(text if plain is None else plain) or re.fullmatch(r"-?\d{1,3}", text))


def _plain(value: dict[str, Any]) -> str | None:
    """The text that a described ``str`` or ``bytes`` shows, without quotes; None for anything else."""
    if value.get("type") not in ("builtins.str", "builtins.bytes") or "text" not in value:
        return None
    try:
        plain = ast.literal_eval(value["text"])
    except (ValueError, SyntaxError):  # it was masked already
        return str(value["text"])
    return plain.decode("latin-1") if isinstance(plain, bytes) else str(plain)


def _is_short_word(spelling: str) -> bool:
    return len(spelling) < _SHORTEST_INSIDE and (spelling.isalpha() or spelling.isdigit())
