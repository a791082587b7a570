"""Credentials that an exception carries: which, and where.

CredentialScan by the name that a value has and by the shape of known keys (``secret_patterns.py``).
A value is never part of a finding; ``masking.py`` hides it wherever its text turns up.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.described_texts import (
    is_secret_value,
    plain_text,
    rewritten,
)
from pytest_portable_errors.diagnosis.findings import Credential
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import places
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.diagnosis.secret_names import is_secret_name, kind_of
from pytest_portable_errors.diagnosis.secret_patterns import NO_VALUE, SCHEME, may_hold, secrets_in
from pytest_portable_errors.receiver.canonical import canonical
from pytest_portable_errors.receiver.described import Record


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialScan:
    """What was found in one exception."""

    credentials: tuple[Credential, ...]
    """Those that its payload carries."""
    mask: Mask
    is_cut: bool = False
    """Whether there was more text than is searched."""


_BY_SHAPE = Mask()
SEARCHED = 1_000_000
"""Characters of a payload's texts that are searched."""


def find_credentials(reading: Reading, *records: Record | None) -> CredentialScan:
    """The credentials of a payload by their paths, and a mask that also covers what only the
    records show."""
    described: list[Record] = []
    for record in records:  # what arrived whole needs no second look
        if record is not None and not (described and record == described[0]):
            described.append(record)
    # Nearly all exceptions have nothing that even looks like it: seen at once, without asking what
    # lies where.
    harmless = Mask(harmless=tuple(record for record in records if record is not None))
    texts, is_cut = _all_texts(reading.root)
    if not may_hold(texts) and not any(may_hold(canonical(record)) for record in described):
        return CredentialScan(credentials=(), mask=harmless, is_cut=is_cut)
    credentials, secrets = _of_payload(reading)
    secrets = secrets.union(*map(_secrets_of, described))
    if not secrets and not any(map(_is_cut, map(canonical, described))):
        return CredentialScan(credentials=(), mask=harmless, is_cut=is_cut)
    return CredentialScan(
        credentials=credentials, mask=Mask(secrets) if secrets else _BY_SHAPE, is_cut=is_cut
    )


def is_secret_header(path: str) -> bool:
    """Whether a path ends in a header: no error needs its credentials to be understood."""
    return re.search(r"\.headers\['[\w-]+'\]$", path) is not None


def _is_cut(written: str) -> bool:
    """Whether a text or a name of a record was cut, perhaps within a credential: what is left of
    that has neither name nor shape."""
    return '"length":' in written or '..."' in written


def _all_texts(root: object) -> tuple[str, bool]:
    """What a payload says, names included, each text once; and whether that is more than is
    searched."""
    texts: dict[str, None] = {}
    waiting, seen = [root], set[int]()
    left = SEARCHED
    while waiting:
        value = waiting.pop()
        if isinstance(value, (str, bytes, bytearray)):
            text = _searchable(value)
            if text not in texts:
                texts[text] = None
                left -= len(value)
                if left < 0:
                    return "\n".join(texts), True
        elif isinstance(value, Global):
            texts[value.qualname] = None
        elif isinstance(value, (Call, list, tuple)) and id(value) not in seen:
            seen.add(id(value))
            parts = (
                (value.function, value.args, value.state, value.items, value.pairs)
                if isinstance(value, Call)
                else value
            )
            waiting.extend(parts)
    return "\n".join(texts), False


def _searchable(text: str | bytes | bytearray) -> str:
    """As much of a text as is searched."""
    kept = text[:SEARCHED]
    return kept if isinstance(kept, str) else kept.decode("latin-1")


def _of_payload(reading: Reading) -> tuple[tuple[Credential, ...], frozenset[str]]:
    """By name and by shape; then every other place where the same text stands."""
    texts = list(_within(SEARCHED, _texts(reading)))
    found: dict[str, str] = {}
    secrets: set[str] = set()
    # one text may stand in a thousand places
    shapes_of = functools.cache(lambda text: tuple(secrets_in(text)))
    for path, name, text in texts:
        shapes = shapes_of(text)
        if is_secret_name(name) and not NO_VALUE.fullmatch(text):
            found.setdefault(path, kind_of(name))
            secrets.update((text, SCHEME.sub("", text, count=1) if SCHEME.match(text) else text))
        elif shapes:
            found.setdefault(path, shapes[0].kind)
        secrets.update(text[secret.start : secret.end] for secret in shapes)
    known = Mask(secrets)
    knows = functools.cache(known.knows)
    for path, _, text in texts if secrets else ():
        if path not in found and knows(text):
            found[path] = "a credential that stands elsewhere, too"
    return tuple(
        Credential(path=known.text(path), kind=kind) for path, kind in found.items()
    ), frozenset(secrets)


def _within(
    characters: int, texts: Iterable[tuple[str, str, str]]
) -> Iterator[tuple[str, str, str]]:
    """The texts until so many characters are used up. A text that stands in several places counts
    once."""
    seen: set[str] = set()
    for path, name, text in texts:
        if text not in seen:
            seen.add(text)
            characters -= len(text)
        if characters < 0:
            return
        yield path, name, text


def _texts(reading: Reading) -> Iterator[tuple[str, str, str]]:
    """Texts of the payload with their paths and what they are called: by themselves, or as a part
    of what is called so."""
    named: dict[str, str] = {}
    wrapped: dict[str, str] = {}
    for place in places(reading.root):
        path, name, value = place.path, place.name or "", place.value
        if place.name is not None and path.endswith(f".{name}"):
            yield path, "", name
        if not is_secret_name(name):
            name = (
                (wrapped.get(path) if place.name is None else None)
                or _name_above(path, named)
                or name
            )
        if isinstance(value, (list, tuple)) and is_secret_name(name):
            named[path] = name
        elif isinstance(value, (str, bytes, bytearray)):
            yield path, name, _searchable(value)
        elif isinstance(value, int) and not isinstance(value, bool) and abs(value) > 999:
            yield path, name, str(value)
        elif isinstance(value, Call):
            # a subclass of str: what it is made from is the text
            if value.by == "new" and is_secret_name(name):
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
    if not (
        isinstance(call.function, Global)
        and call.function.qualname.endswith(("ParseResult", "SplitResult"))
    ):
        return
    # as the second field; urllib has all that stands before the path in one
    keeps_user = "httpx" in call.function.module
    for position, part in enumerate(call.args if isinstance(call.args, tuple) else ()):
        if isinstance(part, str) and "/" not in part:
            user = part.rpartition("@")[0] or (part if keeps_user and position == 1 else "")
            if user.partition(":")[2]:
                yield path, "userinfo", user.partition(":")[2]


def _secrets_of(record: Record) -> set[str]:
    """Texts that a record shows under the name of a secret, and those that have the shape of
    one."""
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
        note_shapes(text)
        return value

    for node in record["exceptions"]:
        rewritten(node, "", note_shapes, note)
    return secrets
