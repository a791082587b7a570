"""The texts of a record, with the names under which they stand."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

from pytest_portable_errors.diagnosis.item_names import fields_of, names_of_items
from pytest_portable_errors.diagnosis.secret_names import (
    is_secret_name,
    kind_of,
    may_name_secret,
)
from pytest_portable_errors.diagnosis.secret_values import is_secret, looks_like_password
from pytest_portable_errors.diagnosis.value_path import may_be_named_pair

# Types whose values are no credentials, whatever their name is.
_NO_TEXTS = ("builtins.NoneType", "builtins.bool", "builtins.float", "builtins.type")


def rewritten(
    part: object,
    name: str,
    of_name: Callable[[str], str],
    of_text: Callable[[dict[str, object], str], dict[str, object]],
) -> Any:
    """A copy of a part of a record, with its names and its described texts replaced.

    Args:
        part: A node, a described value, or a list of these.
        name: The attribute or key under which ``part`` stands; ``""`` for a node.
        of_name: Returns what replaces the name of a type or attribute, or a text of a traceback.
        of_text: Returns what replaces a described value that has a text. It is given the value,
            with what it holds already replaced, and the value's name.

    Returns:
        The copy; what is neither a text, a list nor a dict is returned as it is.
    """
    if isinstance(part, str):
        return of_name(part)
    if isinstance(part, list):
        return [rewritten(item, name, of_name, of_text) for item in part]
    if not isinstance(part, dict):
        return part
    result: dict[str, Any] = {}
    for key, item in part.items():
        if key == "type":  # first: most values have a type and a text, and nothing else
            result[key] = of_name(item)
        elif key == "attributes":
            result[key] = {
                of_name(attribute): rewritten(value, attribute, of_name, of_text)
                for attribute, value in item.items()
            }
        elif key == "pairs":
            result[key] = [
                [
                    rewritten(entry_key, "", of_name, of_text),
                    rewritten(entry, _name_under(entry_key, name), of_name, of_text),
                ]
                for entry_key, entry in item
            ]
        elif key == "items" and _is_named_pair(part, name):
            result[key] = [*(rewritten(label, "", of_name, of_text) for label in item[:-1])]
            result[key].append(rewritten(item[-1], _name_under(item[0], name), of_name, of_text))
        elif key == "items":
            names = _names_of_items(part, name)
            result[key] = [
                rewritten(entry, names.get(position, name), of_name, of_text)
                for position, entry in enumerate(item)
            ]
        elif key in ("args", "message", "notes", "traceback", "raises", "value"):
            result[key] = rewritten(item, name, of_name, of_text)
        else:
            result[key] = item
    return of_text(result, name) if isinstance(part.get("text"), str) else result


def _name_under(key: dict[str, object], name: str) -> str:
    """The name of the value under this key of ``name``; all values in ``cookies`` are cookies."""
    return name if is_secret_name(name) else plain_text(key) or name


def _names_of_items(value: dict[str, Any], name: str) -> dict[int, str]:
    """What names the items of a described list or tuple, or of a named tuple."""
    kind = value.get("type", "")
    if kind in ("builtins.list", "builtins.tuple"):
        return names_of_items(name, list(map(plain_text, value["items"])))
    return dict(enumerate(fields_of(kind)))


def _is_named_pair(value: dict[str, Any], name: str) -> bool:
    """Whether a described value may be the tuple of a header, as httpx keeps it."""
    return value.get("type") == "builtins.tuple" and may_be_named_pair(name, len(value["items"]))


def is_secret_value(name: str, value: dict[str, Any]) -> bool:
    """Whether a described text is a credential, by the name under which it stands.

    Args:
        name: The attribute or key under which the value stands.
        value: A described value that has a ``text``.

    Returns:
        False for None, booleans, floats and classes, for numbers of at most three digits, and for
        masks (``***``). A ``token`` is a credential only as a str, bytes or int: an object of that
        name is a parser's or a tokenizer's, and the very thing that the error is about.
    """
    if value.get("type") in _NO_TEXTS:
        return False
    if not may_name_secret(name):
        return False
    text, plain = value["text"], plain_text(value)
    if plain is None and not is_secret_name(name):
        return False
    if plain is None and kind_of(name) == "token" and value.get("type") != "builtins.int":
        # Of a subclass of str the text is quoted.
        return text[:1] in ("'", '"') and looks_like_password(text[1:-1])
    return is_secret(name, text if plain is None else plain) and not re.fullmatch(
        r"-?\d{1,3}", text
    )


def plain_text(value: dict[str, Any]) -> str | None:
    """The text of a described ``str`` or ``bytes``, without the quotes and escapes of ``repr``.

    Args:
        value: A described value.

    Returns:
        Bytes are decoded as Latin-1. A text that is no literal, because it was masked already, is
        returned as it is. None if the value is no ``str`` or ``bytes``, or has no text.
    """
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
        return str(text[1:-1])  # nearly all texts; ast.literal_eval takes fifty times as long
    try:
        plain = ast.literal_eval(value["text"])
    except (ValueError, SyntaxError):  # the text was masked already
        return str(value["text"])
    return plain.decode("latin-1") if isinstance(plain, bytes) else str(plain)
