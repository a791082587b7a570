"""Hides credentials in what is written of an exception.

``***`` stands wherever the text of a credential turns up, and for any value under the name of one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, cast

from pytest_portable_errors.diagnosis.described_texts import (
    is_secret_value,
    plain_text,
    rewritten,
)
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.loss import Loss
from pytest_portable_errors.diagnosis.secret_names import is_secret_name
from pytest_portable_errors.diagnosis.secret_patterns import MASK, spellings, without_secrets
from pytest_portable_errors.diagnosis.secret_values import is_secret
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import ErrorRecord, Record

# Characters that a secret has at least, to be masked wherever it turns up; a shorter one is masked
# only where its name stands.
_SHORTEST = 4
# Characters that a secret of letters or of digits alone has at least, to be masked within a word,
# too: "test" is shorter, and stays in "latest".
_SHORTEST_INSIDE = 8

# No letter or digit stands before a word, but for the end of an escape: repr writes a line break as
# a backslash and a letter, which is no part of the word.
_NO_WORD_BEFORE = r"(?:(?<!\w)|(?<=\\[abfnrtv])|(?<=\\x[0-9a-f]{2})|(?<=\\u[0-9a-f]{4}))"
_TAIL = 500  # characters at the end of a text in which a key is looked for whose end was cut off
_CUT = re.compile(r"['\"]?\.\.\.")
_CUT_SECRET = re.compile(
    r"(?:(?<![A-Za-z0-9])"
    r"(?:sk-|[sr]k_live_|gh[pousr]_|github_pat_|AKIA|ASIA|eyJ|AIza|xox[abeoprs]-|hf_|glpat-)"
    r"|(?i:bearer|basic) |://[^\s/:@]*:)"
    r"[^\s'\"]*\Z"
)
# Keys of a described text, such as the message of an error that a receiver tells of.
_DESCRIBED_TEXT = {"text", "length", "sha256", "words"}


class Mask:
    """Writes ``***`` in place of credentials."""

    def __init__(self, secrets: Iterable[str] = (), *, harmless: tuple[Record, ...] = ()) -> None:
        """Prepare a mask for these secrets, and for whatever has the name or shape of one.

        Args:
            secrets: Texts that are masked wherever they stand, in each of their ``spellings``. One
                that has less than four characters is masked only where its name stands.
            harmless: Records that were searched and hold no credential: ``record`` does not search
                them again.
        """
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
        """A mask to which one more record is harmless.

        Args:
            record: Equal to a record that was searched; None if there is none.

        Returns:
            This mask itself if it has no harmless records, or ``record`` is one or None.
        """
        if record is not None and self._harmless and not self._is_harmless(record):
            return Mask(self.secrets, harmless=(*self._harmless, record))
        return self

    def _is_harmless(self, record: Record) -> bool:
        return any(record is harmless for harmless in self._harmless)

    def knows(self, text: str) -> bool:
        """Whether one of the mask's secrets stands in the text; shapes are not looked for."""
        return any(spelling in text for spelling in self._anywhere) or (
            self._words is not None and self._words.search(text) is not None
        )

    def text(self, text: str) -> str:
        """The text without the mask's secrets, and without what has the shape of a secret."""
        for spelling in self._anywhere:
            text = text.replace(spelling, MASK)
        return without_secrets(text if self._words is None else self._words.sub(MASK, text))

    def cut_text(self, text: str) -> str:
        """Like ``text``, for a text whose end was cut off, perhaps in the middle of a secret."""
        text = self.text(text)
        start = self._start_of_cut_secret(text, len(text))
        text = text[:start] + MASK if start < len(text) else text
        return text[:-_TAIL] + _CUT_SECRET.sub(MASK, text[-_TAIL:])

    def quoting_text(self, text: str) -> str:
        """Like ``text``, for a text that quotes others.

        A quoted text may have been cut, perhaps in the middle of a secret; it then ends in ``...``.
        """
        text = self.text(text)
        parts, copied = [], 0
        for cut in _CUT.finditer(text) if self._longest_first else ():
            start = self._start_of_cut_secret(text, cut.start())
            if copied <= start < cut.start():
                parts += [text[copied:start], MASK]
                copied = cut.start()
        return "".join((*parts, text[copied:]))

    def _start_of_cut_secret(self, text: str, end: int) -> int:
        """The index at which a secret starts that was cut off at ``end``; ``end`` if none was."""
        for spelling in self._longest_first:
            start = text.find(spelling[:_SHORTEST], max(0, end - len(spelling) + 1), end)
            while start >= 0:
                if spelling.startswith(text[start:end]):
                    return start
                start = text.find(spelling[:_SHORTEST], start + 1, end)
        return end

    def data(self, data: object, name: str = "") -> Any:
        """Plain data without secrets: those of its texts, its keys and its described texts.

        Args:
            data: Texts, lists, tuples and dicts are searched; anything else is returned as it is.
            name: The attribute or key under which ``data`` stands. A text under the name of
                a secret is masked whole, and so are the texts in a list of that name.

        Returns:
            A copy of the same types.
        """
        if isinstance(data, str):
            return MASK if is_secret(name, data) else self.text(data)
        if isinstance(data, (list, tuple)):
            return type(data)(self.data(item, name) for item in data)
        if isinstance(data, dict):
            if isinstance(data.get("text"), str) and data.keys() <= _DESCRIBED_TEXT:
                return self._masked_text(data, name)
            return {
                self.text(key) if isinstance(key, str) else key: self.data(item, str(key))
                for key, item in data.items()
            }
        return data

    def error(self, error: ErrorRecord) -> ErrorRecord:
        """The type and the message of an error without secrets."""
        return cast(ErrorRecord, self.data(error))

    def record(self, record: Record) -> Record:
        """A record without secrets; a harmless one is returned as it is."""
        if self._is_harmless(record):
            return record
        return {
            **record,
            "exceptions": [
                rewritten(node, "", self._masked_name, self._masked_text)
                for node in record["exceptions"]
            ],
        }

    def _masked_name(self, name: str) -> str:
        return (
            self.cut_text(name.removesuffix("...")) + "..."
            if name.endswith("...")
            else self.text(name)
        )

    def _masked_text(self, value: dict[str, Any], name: str) -> dict[str, object]:
        """A described value that has a text, without secrets.

        If anything was masked, digests of the text are left out: a secret could be guessed by them.
        """
        masked = self.cut_text if "length" in value else self.text
        kind, plain = value.get("type"), plain_text(value)
        if is_secret_value(name, value):
            text = repr(MASK) if kind == "builtins.str" else MASK
        elif plain is None:
            text = masked(value["text"])
        else:
            # Masked without repr's escapes, in which a secret may start.
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
        """A loss without secrets; if both sides then look alike, the received one says so."""
        sent, received = self.quoting_text(loss.sent), self.quoting_text(loss.received)
        if is_secret_name(ValuePath.of(loss.path).name):
            sent, received = (
                text if text in ("missing", "None") else MASK for text in (loss.sent, loss.received)
            )
        if sent == received:
            received += " (another)"
        return replace(loss, path=self.text(loss.path), sent=sent, received=received)

    def diagnosis(self, diagnosis: Diagnosis) -> Diagnosis:
        """A diagnosis without secrets in its reason and its evidence."""
        return replace(
            diagnosis,
            why=self.quoting_text(diagnosis.why),
            evidence=tuple(map(self.quoting_text, diagnosis.evidence)),
        )


def _is_short_word(spelling: str) -> bool:
    return len(spelling) < _SHORTEST_INSIDE and (spelling.isalpha() or spelling.isdigit())
