"""How one writes of an exception without its credentials: ``***`` wherever their text turns up, and
where the name of one stands."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any, cast

from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.secret_names import is_secret_name, kind_of
from pytest_portable_errors.diagnosis.secret_patterns import (
    MASK,
    NO_VALUE,
    spellings,
    without_secrets,
)
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import ErrorRecord, Record

# characters of a value that is masked wherever it turns up; a shorter one only where its name
# stands
_SHORTEST = 4
# ... of letters or digits alone, that is masked in the middle of a word, too: "test" is not, in
# "latest"
_SHORTEST_INSIDE = 8

# repr writes a line break before a word as a letter, which is no part of the word.
_NO_WORD_BEFORE = r"(?:(?<!\w)|(?<=\\[abfnrtv])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_TAIL = 500  # characters in which a key is looked for whose end was cut off
_CUT = re.compile(r"['\"]?\.\.\.")
_CUT_SECRET = re.compile(
    r"(?:(?<![A-Za-z0-9])"
    r"(?:sk-|[sr]k_live_|gh[pousr]_|github_pat_|AKIA|ASIA|eyJ|AIza|xox[abeoprs]-|hf_|glpat-)"
    r"|(?i:bearer|basic) |://[^\s/:@]*:)"
    r"[^\s'\"]*\Z"
)
# the message of an error that a receiver tells of
_DESCRIBED_TEXT = {"text", "length", "sha256", "words"}
_NO_TEXTS = ("builtins.NoneType", "builtins.bool", "builtins.float", "builtins.type")


class Mask:
    """Writes ``***`` in place of credentials."""

    def __init__(self, secrets: Iterable[str] = (), *, harmless: tuple[Record, ...] = ()) -> None:
        """``harmless`` are records that were searched already, and hold nothing."""
        self.secrets = frozenset(secrets)
        self._harmless = harmless
        spelled = {
            spelling
            for secret in self.secrets
            if len(secret) >= _SHORTEST
            for spelling in spellings(secret)
        }
        self._longest_first = sorted(spelled, key=lambda text: (-len(text), text))
        # Replaced one by one: a pattern of keys that are thousands of characters long takes seconds
        # to compile.
        self._anywhere = [
            spelling for spelling in self._longest_first if not _is_short_word(spelling)
        ]
        words = "|".join(
            re.escape(spelling) for spelling in self._longest_first if _is_short_word(spelling)
        )
        self._words = re.compile(rf"{_NO_WORD_BEFORE}(?:{words})(?!\w)") if words else None

    def also_for(self, record: Record | None) -> Mask:
        """The same, for a record that is equal to one of those that were searched."""
        if (
            record is not None
            and self._harmless
            and not any(record is known for known in self._harmless)
        ):
            return Mask(self.secrets, harmless=(*self._harmless, record))
        return self

    def knows(self, text: str) -> bool:
        """Whether something that is known to be secret stands in the text."""
        return any(spelling in text for spelling in self._anywhere) or (
            self._words is not None and self._words.search(text) is not None
        )

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
        """The same for a text of ours, that quotes others: these may have been cut, and then end in
        ``...``."""
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

    def data(self, data: object, name: str = "") -> Any:
        """Plain data without secrets; ``name`` is what it is called where it stands."""
        if isinstance(data, str):
            return (
                MASK if is_secret_name(name) and not NO_VALUE.fullmatch(data) else self.text(data)
            )
        if isinstance(data, (list, tuple)):
            return type(data)(self.data(item, name) for item in data)
        if isinstance(data, dict):
            if isinstance(data.get("text"), str) and data.keys() <= _DESCRIBED_TEXT:
                return self._shown(data, name)
            return {
                self.text(key) if isinstance(key, str) else key: self.data(item, str(key))
                for key, item in data.items()
            }
        return data

    def error(self, error: ErrorRecord) -> ErrorRecord:
        """An error's type and message without secrets."""
        return cast(ErrorRecord, self.data(error))

    def record(self, record: Record) -> Record:
        """A record without secrets."""
        if any(record is known for known in self._harmless):
            return record
        return {
            **record,
            "exceptions": [
                rewritten(node, "", self._name, self._shown) for node in record["exceptions"]
            ],
        }

    def _name(self, name: str) -> str:
        return (
            self.cut_text(name.removesuffix("...")) + "..."
            if name.endswith("...")
            else self.text(name)
        )

    def _shown(self, value: dict[str, Any], name: str) -> dict[str, object]:
        """A described value that is a text. What was computed from the text would let one guess
        it."""
        masked = self.cut_text if "length" in value else self.text
        kind, plain = value.get("type"), plain_text(value)
        if is_secret_value(name, value):
            text = repr(MASK) if kind == "builtins.str" else MASK
        elif plain is None:
            text = masked(value["text"])
        else:  # without repr's escapes, in which a secret may start
            hidden = masked(plain)
            written = repr(hidden) if kind == "builtins.str" else repr(hidden.encode("latin-1"))
            text = self.quoting_text(value["text"] if hidden == plain else written)
        if text == value["text"]:
            return value
        return {
            **{key: item for key, item in value.items() if key not in ("words", "sha256")},
            "text": text,
        }

    def loss(self, loss: Loss) -> Loss:
        """A loss without secrets; that there is a difference can still be seen."""
        sent, received = self.quoting_text(loss.sent), self.quoting_text(loss.received)
        if is_secret_name(ValuePath.of(loss.path).name):
            sent, received = (
                text if text in ("missing", "None") else MASK for text in (loss.sent, loss.received)
            )
        if sent == received:
            received += " (another)"
        return replace(loss, path=self.text(loss.path), sent=sent, received=received)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis without secrets."""
        return replace(
            diagnosis,
            why=self.quoting_text(diagnosis.why),
            evidence=tuple(map(self.quoting_text, diagnosis.evidence)),
        )


def rewritten(
    part: object,
    name: str,
    of_name: Callable[[str], str],
    of_text: Callable[[dict[str, object], str], dict[str, object]],
) -> Any:
    """A part of a record, with ``of_name`` applied to types and attributes, and ``of_text`` to
    values that are texts, with their names."""
    if isinstance(part, str):
        return of_name(part)
    if isinstance(part, list):
        return [rewritten(item, name, of_name, of_text) for item in part]
    if not isinstance(part, dict):
        return part
    result: dict[str, Any] = {}
    for key, item in part.items():
        if key == "type":  # that is all there is to most values, beside their text
            result[key] = of_name(item)
        elif key == "attributes":
            result[key] = {
                of_name(attribute): rewritten(value, attribute, of_name, of_text)
                for attribute, value in item.items()
            }
        elif key == "pairs":
            result[key] = [
                [
                    rewritten(one, "", of_name, of_text),
                    rewritten(other, _called(one, name), of_name, of_text),
                ]
                for one, other in item
            ]
        elif key == "items" and _is_named_pair(part, name):
            result[key] = [*(rewritten(one, "", of_name, of_text) for one in item[:-1])]
            result[key].append(rewritten(item[-1], _called(item[0], name), of_name, of_text))
        elif key in ("items", "args", "message", "notes", "traceback", "raises", "value"):
            result[key] = rewritten(item, name, of_name, of_text)
        else:
            result[key] = item
    return of_text(result, name) if isinstance(part.get("text"), str) else result


def _called(key: dict[str, object], name: str) -> str:
    """What a value under a key is called; under any key of ``cookies`` it is one."""
    return name if is_secret_name(name) else plain_text(key) or name


def _is_named_pair(value: dict[str, Any], name: str) -> bool:
    """``(name, value)``, as headers are kept: in a list of an attribute that is nobody's
    business."""
    return (
        name.startswith("_")
        and value.get("type") == "builtins.tuple"
        and len(value["items"]) in (2, 3)
    )


def is_secret_value(name: str, value: dict[str, Any]) -> bool:
    """Whether a described text of that name is a credential."""
    if not is_secret_name(name) or value.get("type") in _NO_TEXTS:
        return False
    text, plain = value["text"], plain_text(value)
    if plain is None and kind_of(name) == "token" and value.get("type") != "builtins.int":
        return False  # a parser's or a tokenizer's: the very thing that the error is about
    return not (
        NO_VALUE.fullmatch(text if plain is None else plain) or re.fullmatch(r"-?\d{1,3}", text)
    )


def plain_text(value: dict[str, Any]) -> str | None:
    """The text that a described ``str`` or ``bytes`` shows, without quotes; None for anything
    else."""
    if value.get("type") not in ("builtins.str", "builtins.bytes") or "text" not in value:
        return None
    text = value["text"]
    if (
        text[:1] == "'"
        and text[-1:] == "'"
        and len(text) > 1
        and "\\" not in text
        and "'" not in text[1:-1]
    ):
        return str(text[1:-1])  # nearly all of them, and a parser takes fifty times as long
    try:
        plain = ast.literal_eval(value["text"])
    except (ValueError, SyntaxError):  # it was masked already
        return str(value["text"])
    return plain.decode("latin-1") if isinstance(plain, bytes) else str(plain)


def _is_short_word(spelling: str) -> bool:
    return len(spelling) < _SHORTEST_INSIDE and (spelling.isalpha() or spelling.isdigit())
