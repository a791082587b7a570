"""A golden: a payload of one release, with what became of it then, as one small file."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.budget import DEPTH
from pytest_portable_errors.receiver.described import Record, subject_of

FORMAT = 1
RELEASE = re.compile(r"\w[\w.!-]*")
"""What a release may be called: its goldens lie in a folder of that name."""
LARGEST = 1_000_000  # bytes of a file; an error of openai's with its request takes 30,000
RAISED, BUILT = "raised", "built"
VALUE = "value"
"""The way of what is no exception."""
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7}|\|{7})", re.MULTILINE)
_AGAIN = (
    "take it from version control again; only of the release that is being made "
    "--portable-errors-update-goldens writes it anew"
)


class BrokenGolden(PortableErrorsError):
    """A file is no golden that can be read; the text says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Golden:
    """What one release has pickled of one class, and how it read that itself."""

    name: str
    """Dotted name of the class; of a value the name that its test gave it."""
    project: str
    """Name of the project's distribution; empty if it has none."""
    release: str
    """The project's version."""
    serializer: str
    way: str
    """``RAISED``, ``BUILT`` or ``VALUE``."""
    python: str
    """``3.12``: of what pickled it."""
    libraries: Mapping[str, str] = field(default_factory=dict)
    """Versions of the distributions that the payload names, by their names."""
    payload: bytes
    record: Record
    """What that release made of the payload itself: what the way loses with any release is no
    matter of releases."""
    bases: tuple[str, ...] = ()
    """Full names of the bases of its class, nearest first."""
    lacks: tuple[str, ...] = ()
    """Paths of attributes that constructors set, and that were not there then either."""
    sets: tuple[str, ...] = ()
    """Names of the attributes that the constructors of its class set then."""

    @property
    def key(self) -> tuple[str, str, str]:
        """By what goldens of several releases are of the same thing."""
        return self.name, self.serializer, self.way

    @property
    def id(self) -> str:
        """``shop.errors.PaymentError[pickle 1.4.0]``, as in the IDs of tests."""
        way = "" if self.way == RAISED else f" {self.way}"
        return f"{self.name}[{self.serializer} {self.release}{way}]"

    @property
    def file_name(self) -> str:
        """The name of its file, which is the same on every system; its content says the same."""
        plain = re.sub(r"[^\w.-]", "_", "-".join(self.key))
        if len(plain) <= _LONGEST_NAME:
            return f"{plain}.json"
        digest = hashlib.sha256("-".join(self.key).encode()).hexdigest()[:16]
        return f"{plain[:_LONGEST_NAME]}-{digest}.json"

    def text(self) -> str:
        """The content of its file: sorted JSON, ending in a line feed."""
        content = {
            **{name: getattr(self, name) for name in (*_PLAIN, *_TUPLES)},
            "format": FORMAT,
            "libraries": dict(self.libraries),
            "payload": base64.b64encode(self.payload).decode(),
        }
        digest = _digest(json.dumps(content, **_STYLE) + "\n")
        return json.dumps({**content, "digest": digest}, **_STYLE) + "\n"

    @property
    def has_exception(self) -> bool:
        """Whether it is of an exception, and not of a value."""
        return self.way != VALUE

    @property
    def shape(self) -> str:
        """Its names and types without its values: two of one shape need not both be kept."""
        return json.dumps(_types(subject_of(self.record)), sort_keys=True)


_LONGEST_NAME = 120  # characters; file systems allow 255 bytes
_STYLE: dict[str, Any] = {"indent": 1, "sort_keys": True, "ensure_ascii": True}


def parse(text: str, *, origin: str) -> Golden:
    """Read the content of a golden's file.

    Args:
        text: The content.
        origin: The file's name, for messages.

    Raises:
        BrokenGolden: It is no golden of this format, or was changed by hand.
    """
    if _CONFLICT.search(text):
        raise BrokenGolden(f"{origin}: a merge conflict: take the file of one side as it is")
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenGolden(f"{origin}: cut off, or no JSON ({error}): {_AGAIN}") from error
    if not isinstance(content, dict) or not isinstance(content.get("format"), int):
        raise BrokenGolden(f"{origin}: no golden: it has no format: move it to another folder")
    if content["format"] != FORMAT:
        raise BrokenGolden(
            f"{origin}: format {content['format']}, and this version reads format {FORMAT}: "
            "install the version of pytest-portable-errors that wrote it, or a later one"
        )
    digest = content.pop("digest", None)
    written = _DIGEST_LINE.sub("", text.replace("\r\n", "\n"))
    # A formatter may have written it otherwise; to write it as we do takes longer.
    if digest != _digest(written) and digest != _digest(json.dumps(content, **_STYLE) + "\n"):
        raise BrokenGolden(f"{origin}: was changed by hand: its digest is another's: {_AGAIN}")
    wrong = [name for name, is_right in _RIGHT.items() if not is_right(content.get(name))]
    if wrong:
        raise BrokenGolden(f"{origin}: was changed by hand: its {wrong[0]} is none: {_AGAIN}")
    try:
        payload = base64.b64decode(content["payload"], validate=True)
    except ValueError as error:
        raise BrokenGolden(f"{origin}: was changed by hand ({error}): {_AGAIN}") from error
    return Golden(
        payload=payload,
        bases=tuple(content["bases"]),
        lacks=tuple(content["lacks"]),
        sets=tuple(content["sets"]),
        **{name: content[name] for name in _PLAIN},
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and len(value) < _LONGEST_TEXT


def _are_texts(values: object) -> bool:
    return isinstance(values, list) and all(map(_is_text, values))


def _is_record(record: object) -> bool:
    """Whether the nodes of a record have what they are compared by."""
    nodes = record.get("exceptions") if isinstance(record, dict) else None
    return (
        isinstance(nodes, list)
        and bool(nodes)
        and all(
            isinstance(node, dict)
            and _is_text(node.get("type"))
            and isinstance(node.get("message"), dict)
            and ("value" in node or node.keys() >= _NODE)
            for node in nodes
        )
        and isinstance(record, dict)
        and type(record.get("depth", 1)) is int
        and 0 < record.get("depth", 1) <= DEPTH
    )


_NODE = {"importable", "args", "attributes", "base_fields", "notes", "members", "cause", "context"}
_LONGEST_TEXT = 5_000
_RIGHT: Mapping[str, Callable[[object], bool]] = {
    "name": lambda name: _is_text(name) and bool(name),
    "project": _is_text,
    "release": lambda release: _is_text(release) and RELEASE.fullmatch(str(release)) is not None,
    "serializer": _is_text,
    "way": lambda way: way in (RAISED, BUILT, VALUE),
    "python": _is_text,
    "libraries": lambda found: (
        isinstance(found, dict) and all(map(_is_text, (*found, *found.values())))
    ),
    "payload": lambda payload: isinstance(payload, str),
    "bases": _are_texts,
    "lacks": _are_texts,
    "sets": lambda names: (
        isinstance(names, list)
        and all(isinstance(name, str) and name.isidentifier() for name in names)
    ),
    "record": _is_record,
}
"""Key -> whether it has a value that it may have."""


_PLAIN = ("name", "project", "release", "serializer", "way", "python", "libraries", "record")
_TUPLES = ("bases", "lacks", "sets")
_DIGEST_LINE = re.compile(r'^ "digest": "\w*",\n', re.MULTILINE)


def _digest(text: str) -> str:
    """Tells that a file was changed by hand or by a merge; it keeps no attacker out."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def _types(described: object) -> object:
    """A described value without what differs from one exception of a kind to the next."""
    if isinstance(described, dict):
        return {
            key: _types(part)
            for key, part in described.items()
            if key not in ("text", "words", "length", "sha256", "message")
        }
    if isinstance(described, list):
        return [_types(part) for part in described]
    return described
