"""Writes the difference of two files as ``patch`` and ``git apply`` take it."""

from __future__ import annotations

import difflib

_NO_NEWLINE = "\n\\ No newline at end of file\n"


def unified_diff(name: str, before: bytes | None, after: bytes) -> str:
    """Write a unified diff of one file; "" if nothing differs.

    Args:
        name: The file's path from the folder in which the diff is applied.
        before: What it held; None if it did not exist.
        after: What it holds.
    """
    return "".join(
        difflib.unified_diff(
            _lines(before or b""),
            _lines(after),
            "/dev/null" if before is None else f"a/{name}",
            f"b/{name}",
        )
    )


def _lines(content: bytes) -> list[str]:
    """Lines as diffs count them: a form feed, or a carriage return, ends none."""
    *whole, rest = content.decode("utf-8", "backslashreplace").split("\n")
    return [*(f"{line}\n" for line in whole), *([rest + _NO_NEWLINE] if rest else [])]
