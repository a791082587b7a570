"""Adds lines to ``portable_errors_expect`` in an ini file; comments and all else of it stay."""

from __future__ import annotations

import configparser
import json
import re
import sys
from collections.abc import Sequence

if sys.version_info >= (3, 11):
    import tomllib
else:  # pytest brings it there
    import tomli as tomllib

_KEY = "portable_errors_expect"
_TOML_SECTION = re.compile(
    r"^\[(tool\.pytest(\.ini_options)?|pytest)\][ \t]*(#.*)?\r?$", re.MULTILINE
)


class CannotAdd(Exception):
    """The lines cannot be added; the text says why."""


def with_expected(text: str, name: str, lines: Sequence[str]) -> str:
    """Return the text of an ini file with more lines under ``portable_errors_expect``.

    Args:
        text: The file, with its own line breaks.
        name: The file's name, which tells its format: ``pyproject.toml``, ``pytest.toml``,
            ``pytest.ini``, ``tox.ini``, ``setup.cfg``.
        lines: What to add; what is there already is not added again.

    Raises:
        CannotAdd: The file has no section of pytest's, or the key has a form that cannot be added
            to.
    """
    newline = "\r\n" if "\r\n" in text else "\n"
    is_toml = name.endswith(".toml")
    present = _present(text, name)
    added = [line for line in dict.fromkeys(lines) if line not in present]
    if not added:
        return text
    edited = (_in_toml if is_toml else _in_ini)(text, name, added, newline)
    by_hand = CannotAdd(f"{_KEY} of {name} is written in a way that is better edited by hand")
    try:
        if set(added) <= set(_present(edited, name)):
            return edited
    except CannotAdd as error:
        raise by_hand from error
    raise by_hand


def _ini_section(name: str) -> str:
    return "tool:pytest" if name == "setup.cfg" else "pytest"


def _present(text: str, name: str) -> list[str]:
    try:
        if not name.endswith(".toml"):
            parser = configparser.RawConfigParser(strict=False)
            parser.read_string(text)
            value = parser.get(_ini_section(name), _KEY, fallback="")
            return [line.strip() for line in value.splitlines()]
        tables = tomllib.loads(text)
    except (configparser.Error, tomllib.TOMLDecodeError) as error:
        raise CannotAdd(f"it cannot be read: {error}") from error
    found: list[str] = []
    tool = tables.get("tool", {}).get("pytest", {})
    for table in (tables.get("pytest", {}), tool, tool.get("ini_options", {})):
        value = table.get(_KEY, []) if isinstance(table, dict) else []
        found += value.splitlines() if isinstance(value, str) else [str(item) for item in value]
    return [line.strip() for line in found]


def _in_toml(text: str, name: str, added: Sequence[str], newline: str) -> str:
    items = "".join(f"    {_text(line)},{newline}" for line in added)
    key = re.search(rf"^{_KEY}[ \t]*=[ \t]*\[", text, re.MULTILINE)
    if key is not None:
        end = _closing_bracket(text, key.end())
        inner = text[key.end() : end].rstrip()
        body = re.sub(r"#[^\n]*", "", inner).rstrip()
        comma = "," if body and not body.endswith(",") else ""
        if "\n" not in text[key.end() : end]:
            listed = ", ".join(map(_text, added))
            separator = f"{comma} " if inner else ""
            return f"{text[: key.end()]}{inner}{separator}{listed}{text[end:]}"
        if comma and "#" in inner.rpartition("\n")[2]:
            raise CannotAdd(f"{_KEY} of {name} ends in a comment: add a comma before it")
        return f"{text[: key.end()]}{inner}{comma}{newline}{items}{text[end:]}"
    section = _TOML_SECTION.search(text)
    if section is None and name == "pyproject.toml":
        head = f"{text.rstrip()}{newline}{newline}" if text.strip() else ""
        return f"{head}[tool.pytest.ini_options]{newline}{_KEY} = [{newline}{items}]{newline}"
    if section is None:
        raise CannotAdd(f"{name} has no section of pytest's")
    return _after_section(text, section.end(), f"{_KEY} = [{newline}{items}]{newline}", newline)


def _text(line: str) -> str:
    """A text in TOML, which has the escapes of JSON."""
    return json.dumps(line, ensure_ascii=False)


def _closing_bracket(text: str, start: int) -> int:
    """Where an array ends that begins at ``start``; brackets in texts and comments do not count."""
    for found in re.finditer(r'"(?:\\.|[^"\\])*"|\'[^\']*\'|#[^\n]*|\]', text[start:]):
        if found[0] == "]":
            return start + found.start()
    raise CannotAdd(f"{_KEY} has no end")


def _in_ini(text: str, name: str, added: Sequence[str], newline: str) -> str:
    section = re.search(rf"^\[{re.escape(_ini_section(name))}\][^\n]*$", text, re.MULTILINE)
    if section is None:
        raise CannotAdd(f"{name} has no section of pytest's")
    head, text = text[: section.end()], text[section.end() :]
    items = "".join(f"    {line}{newline}" for line in added)
    following = re.search(r"^\[", text, re.MULTILINE)
    end = len(text) if following is None else following.start()
    key = re.compile(
        rf"^{_KEY}[ \t]*[=:][^\n]*\n?(?:[ \t]+\S[^\n]*(?:\n|\Z))*", re.MULTILINE
    ).search(text, 0, end)
    if key is not None:
        own = key[0] if key[0].endswith("\n") else key[0] + newline
        return f"{head}{text[: key.start()]}{own}{items}{text[key.end() :]}"
    return head + _after_section(text, 0, f"{_KEY} ={newline}{items}", newline)


_TRAILING = re.compile(r"(?:\n[ \t\r]*)+(?:\n[ \t]*[#;][^\n]*)+\s*\Z")
"""The end of a section with comments that stand alone: they belong to the next."""


def _after_section(text: str, start: int, block: str, newline: str) -> str:
    """The text with a block below the last line of the section that begins before ``start``."""
    following = re.search(r"^\[", text[start:], re.MULTILINE)
    end = len(text) if following is None else start + following.start()
    body = text[start:end]
    comments = None if following is None else _TRAILING.search(body)
    kept = (body if comments is None else body[: comments.start()]).rstrip()
    rest = body[len(kept) :]
    rest = rest if rest.startswith(("\n", "\r\n")) else newline + rest
    first, _, tail = rest.partition("\n")
    return f"{text[:start]}{kept}{first}\n{block}{tail}{text[end:]}"
