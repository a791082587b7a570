"""What names the items of a list or tuple, in a payload and in a record alike.

A credential is known by its name; the name of an item stands beside it.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence

from pytest_portable_errors.diagnosis.secret_values import looks_like_password
from pytest_portable_errors.diagnosis.source_places import class_named, find_class

_USER_AND_PASSWORD = ("auth", "basic_auth", "http_auth", "proxy_auth", "_auth")
_LONGEST_NAME = 100  # characters of the first of a pair that may name the second


def names_of_items(name: str, texts: Sequence[str | None]) -> dict[int, str]:
    """The names of those items that have one, by their positions.

    In ``("password", "...")`` the first names the second, unless that is a word or a sentence, as
    in ``("password", "username")`` and ``("password", "This field is required.")``. In
    ``["--token", "..."]`` an option does; and ``auth=("user", "...")`` is a user and a password, as
    in requests and httpx.

    Args:
        name: The attribute or key under which the list or tuple stands; empty if it has none.
        texts: Its items; None for one that is no text.
    """
    if len(texts) == 2 and name.lower() in _USER_AND_PASSWORD:
        return {1: "password"}
    names = {
        position + 1: text
        for position, text in enumerate(texts[:-1])
        if text is not None and text.startswith("-") and not text[-1:].isspace()
    }
    first, second = texts if len(texts) == 2 else (None, None)
    if first and second and len(first) <= _LONGEST_NAME and _is_no_prose(second):
        names[1] = first
    return names


def _is_no_prose(text: str) -> bool:
    words = text.split()
    return any(map(looks_like_password, words)) or (
        len(words) == 1 and len(text) >= 8 and not text.isidentifier()
    )


@functools.lru_cache(maxsize=256)
def fields_of(cls_name: str) -> tuple[str, ...]:
    """Names of the fields of a named tuple; () for any other class.

    Neither a payload nor a record has them. The class is looked up by its dotted name among the
    modules that are loaded.
    """
    cls = class_named(cls_name, find_class)
    fields = getattr(cls, "_fields", ()) if cls is not None and issubclass(cls, tuple) else ()
    return fields if all(isinstance(field, str) for field in fields) else ()
