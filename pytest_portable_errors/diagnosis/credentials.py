"""Credentials that an exception carries: which, and where.

They are found by the name of a value, and by the shape of known keys (``secret_patterns.py``).
A value is never part of a finding; ``masking.py`` hides it wherever its text turns up.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.described_texts import (
    is_secret_value,
    plain_text,
    rewritten,
)
from pytest_portable_errors.diagnosis.findings import Credential
from pytest_portable_errors.diagnosis.item_names import fields_of
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import payload_values, text_of_value
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.diagnosis.secret_names import kind_of, may_name_secret
from pytest_portable_errors.diagnosis.secret_patterns import may_hold, secrets_in
from pytest_portable_errors.diagnosis.secret_values import SCHEME, is_secret
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.described import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScan:
    """What was found in one exception."""

    credentials: tuple[Credential, ...]
    """Those that its payload carries; empty if there are none."""
    mask: Mask
    """Hides them, and those that only the records show."""
    is_cut: bool = False
    """Whether the payload has more text than is searched (``SEARCHED``)."""


_BY_SHAPE = Mask()
_HUGE = 10**100  # no credential has so many digits, and str() of thousands is refused
_KIND = re.compile(r'"type":"(?!builtins\.)([^"]+)"')
_URL_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,20}")  # RFC 3986, section 3.1
_CONTAINERS = tuple(
    Global(module, name)
    for name in ("set", "frozenset", "list", "tuple")
    for module in ("builtins", "__builtin__")
)
SEARCHED = 1_000_000
"""Characters of a payload's texts that are searched."""


def find_credentials(reading: Reading, *records: Record | None) -> CredentialScan:
    """Find the credentials of a payload, and make a mask for all that is written of it.

    Args:
        reading: The payload.
        records: What was sent and what was received, each None where there is none. Their secrets
            are masked, too, and are not among the credentials.
    """
    distinct: list[Record] = []
    for record in records:  # a record that arrived whole is searched once
        if record is not None and not (distinct and record == distinct[0]):
            distinct.append(record)
    # Nearly all exceptions have no text that could be a credential: that is seen at once, without
    # asking what lies where.
    harmless = Mask(harmless=tuple(record for record in records if record is not None))
    texts, is_cut = _all_texts(reading.root)
    if not may_hold(texts) and not any(map(may_hold, map(_text_of, distinct))):
        return CredentialScan(credentials=(), mask=harmless, is_cut=is_cut)
    credentials, secrets = _payload_credentials(reading)
    secrets = secrets.union(*map(_record_secrets, distinct))
    if not secrets and not any(map(_is_cut, map(canonical, distinct))):
        return CredentialScan(credentials=(), mask=harmless, is_cut=is_cut)
    return CredentialScan(
        credentials=credentials, mask=Mask(secrets) if secrets else _BY_SHAPE, is_cut=is_cut
    )


def is_secret_header(path: str) -> bool:
    """Whether a credential lies in an HTTP header, which nobody needs to understand the error."""
    return ValuePath.of(path).header is not None


def _text_of(record: Record) -> str:
    """A record as text, with the names of fields that it does not have: those of named tuples."""
    text = canonical(record)
    kinds = dict.fromkeys(_KIND.findall(text))
    return "\n".join((text, *(field for kind in kinds for field in fields_of(kind))))


def _is_cut(record_text: str) -> bool:
    """Whether a text or a name of a record was cut, perhaps within a credential.

    What is left of that has neither name nor shape.
    """
    return '"length":' in record_text or '..."' in record_text


def _all_texts(root: object) -> tuple[str, bool]:
    """All texts of a payload, names included, each once; and whether there is more than that.

    The texts end with the one that exceeds ``SEARCHED``.
    """
    texts: dict[str, None] = {}
    waiting, visited = [root], set[int]()
    characters_left = SEARCHED
    while waiting:
        value = waiting.pop()
        if isinstance(value, (str, bytes, bytearray)):
            text = _searchable(value)
            if text not in texts:
                texts[text] = None
                characters_left -= len(value)
                if characters_left < 0:
                    return "\n".join(texts), True
        elif isinstance(value, Global):
            texts[value.qualname] = None
            texts.update(dict.fromkeys(fields_of(f"{value.module}.{value.qualname}")))
        elif isinstance(value, (Call, list, tuple)) and id(value) not in visited:
            visited.add(id(value))
            parts = (
                (value.function, value.args, value.state, value.items, value.pairs)
                if isinstance(value, Call)
                else value
            )
            waiting.extend(parts)
    return "\n".join(texts), False


def _searchable(text: str | bytes | bytearray) -> str:
    """As much of a text as is searched."""
    start = text[:SEARCHED]
    return start if isinstance(start, str) else start.decode("latin-1")


def _payload_credentials(reading: Reading) -> tuple[tuple[Credential, ...], frozenset[str]]:
    """The credentials of a payload, and their texts.

    They are found by name and by shape; then every other place is, where the same text stands.
    """
    texts = list(_limited(_named_texts(reading), characters=SEARCHED))
    kind_by_path: dict[str, str] = {}
    secrets: set[str] = set()
    # Cached, because one text may stand in a thousand places.
    shapes_of = functools.cache(lambda text: tuple(secrets_in(text)))
    for path, name, text in texts:
        shapes = shapes_of(text)
        if is_secret(name, text):
            kind_by_path.setdefault(path, kind_of(name))
            secrets.update((text, SCHEME.sub("", text, count=1) if SCHEME.match(text) else text))
        elif shapes:
            kind_by_path.setdefault(path, shapes[0].kind)
        secrets.update(text[secret.start : secret.end] for secret in shapes)
    mask = Mask(secrets)
    holds_secret = functools.cache(mask.knows)
    for path, _, text in texts if secrets else ():
        if path not in kind_by_path and holds_secret(text):
            kind_by_path[path] = "a credential that stands elsewhere, too"
    return tuple(
        Credential(path=mask.text(path), kind=kind) for path, kind in kind_by_path.items()
    ), frozenset(secrets)


def _limited(
    texts: Iterable[tuple[str, str, str]], *, characters: int
) -> Iterator[tuple[str, str, str]]:
    """The texts until so many characters are used up; a text counts once, wherever it stands."""
    counted: set[str] = set()
    for path, name, text in texts:
        if text not in counted:
            counted.add(text)
            characters -= len(text)
        if characters < 0:
            return
        yield path, name, text


def _named_texts(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """The texts of a payload as path, name and text; ``""`` for one without a name.

    A text without a secret's name has that of the list, dict or call that it is a part of, if that
    is a secret's.
    """
    secret_containers: dict[str, str] = {}
    secret_calls: dict[str, str] = {}
    for place in payload_values(reading.root):
        path, name, value = place.path, place.name or "", place.value
        if place.name is not None and path.endswith(f".{name}"):
            yield path, "", name
        if not may_name_secret(name):
            name = (
                (secret_calls.get(path) if place.name is None else None)
                or _name_above(path, secret_containers)
                or name
            )
        if isinstance(value, (list, tuple)):
            if may_name_secret(name):
                secret_containers[path] = name
            yield from _netloc_password(path, value)
        elif isinstance(value, (str, bytes, bytearray)):
            yield path, name, _searchable(value)
        elif isinstance(value, int) and not isinstance(value, bool) and 999 < abs(value) < _HUGE:
            yield path, name, str(value)
        elif (text := text_of_value(value)) is not None:
            yield path, name, _searchable(text)
        elif isinstance(value, Call):
            # An instance of a subclass of str is made from its text, and a set from a list.
            if may_name_secret(name):
                if value.by == "new" or value.function in _CONTAINERS:
                    secret_calls[path] = name
                if value.items:
                    secret_containers[path] = name
            yield from _url_password(path, value)


def _netloc_password(path: str, parts: Sequence[object]) -> Iterator[tuple[str, str, str]]:
    """The password of a URL that is kept as a tuple of its five parts, as yarl pickles it."""
    scheme, netloc = (parts[0], parts[1]) if len(parts) == 5 else (None, None)
    if isinstance(scheme, str) and isinstance(netloc, str) and _URL_SCHEME.fullmatch(scheme):
        password = _password_in(netloc)
        if password:
            yield f"{path}[1]", "userinfo", password


def _password_in(netloc: str) -> str:
    """The password of ``user:password@host``; empty if there is none (RFC 3986, section 3.2.1)."""
    return netloc.rpartition("@")[0].partition(":")[2]


def _name_above(path: str, name_by_path: dict[str, str]) -> str | None:
    """The name of the nearest list or dict that a value lies in; None if none has a name."""
    end = path.rfind("[") if name_by_path else -1
    while end > 0:
        if path[:end] in name_by_path:
            return name_by_path[path[:end]]
        end = path.rfind("[", 0, end)  # a key may have brackets
    return None


def _url_password(path: str, call: Call) -> Iterator[tuple[str, str, str]]:
    """The password of a URL that was taken apart, as httpx and ``urllib.parse`` keep it."""
    if not (
        isinstance(call.function, Global)
        and call.function.qualname.endswith(("ParseResult", "SplitResult"))
    ):
        return
    # httpx has "user:password" as the second field; urllib has it in one text with the host.
    has_field = "httpx" in call.function.module
    fields = fields_of(f"{call.function.module}.{call.function.qualname}")
    for position, part in enumerate(call.args if isinstance(call.args, tuple) else ()):
        if isinstance(part, str) and "/" not in part:
            userinfo = part.rpartition("@")[0] or (part if has_field and position == 1 else "")
            password = userinfo.partition(":")[2]
            if password:
                has_name = position < len(fields)
                yield f"{path}.{fields[position]}" if has_name else path, "userinfo", password


def _record_secrets(record: Record) -> set[str]:
    """Texts that a record shows under the name of a secret, or that have the shape of one."""
    secrets: set[str] = set()
    searched: set[str] = set()

    def note_shapes(text: str) -> str:
        if text not in searched:
            searched.add(text)
            secrets.update(text[secret.start : secret.end] for secret in secrets_in(text))
        return text

    def note(value: dict[str, Any], name: str) -> dict[str, object]:
        plain = plain_text(value)
        text = value["text"] if plain is None else plain
        if is_secret_value(name, value):
            secrets.add(text)
        if name == "netloc":  # of a URL that urllib took apart
            secrets.update(filter(None, [_password_in(text)]))
        note_shapes(text)
        return value

    for node in record["exceptions"]:
        rewritten(node, "", note_shapes, note)
    return secrets
