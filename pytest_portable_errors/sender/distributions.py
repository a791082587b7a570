"""Which installed distributions are the project's, by PEP 610 and by the name that its files
give."""

from __future__ import annotations

import configparser
import json
import os
import sys
from collections.abc import Iterable, Iterator
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pytest_portable_errors.receiver.imports import normalized

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def distributions_of(root: Path, folders: Iterable[Path]) -> tuple[list[str], list[str]]:
    """Names of the project's distributions, and of the modules that they bring. Reads the metadata
    of everything that is installed.

    They are those installed as editable, wherever they point; from a folder at, above or below
    ``root``; or under the name that the nearest files upward from one of ``folders`` give. Takes
    some milliseconds for each hundred distributions.
    """
    names: list[str] = []
    modules: list[str] = []
    own_names = {name for folder in folders if (name := _nearest_name(folder)) is not None}
    for distribution in metadata.distributions():
        name = distribution.metadata["Name"] or ""
        origin, editable = _installed_from(distribution)
        if (
            editable
            or normalized(name) in own_names
            or (origin is not None and _are_related(origin, root))
        ):
            names.append(name)
            modules.extend(modules_of(distribution))
    return names, modules


def _nearest_name(start: Path) -> str | None:
    """The normalized name in the nearest folder upward that names a project."""
    for folder in (start, *start.parents):
        name = _name_in_pyproject(folder) or _name_in_setup_cfg(folder)
        if name is not None:
            return normalized(name)
    return None


def _name_in_pyproject(folder: Path) -> str | None:
    try:
        content = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    tables = (content.get("project"), content.get("tool", {}).get("poetry"))
    table: dict[str, Any] = next((table for table in tables if isinstance(table, dict)), {})
    return table["name"] if isinstance(table.get("name"), str) else None


def _name_in_setup_cfg(folder: Path) -> str | None:
    """As setuptools reads it where ``pyproject.toml`` has no ``[project]``."""
    content = configparser.RawConfigParser()
    try:
        content.read(folder / "setup.cfg", encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return None
    return content.get("metadata", "name", fallback=None) or None


def _installed_from(distribution: metadata.Distribution) -> tuple[Path | None, bool]:
    """The folder that it was installed from, if any, and whether as editable (PEP 610)."""
    try:
        direct: dict[str, Any] = json.loads(distribution.read_text("direct_url.json") or "{}")
        address = urlsplit(direct.get("url", ""))
        folder = direct["dir_info"] if address.scheme == "file" else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, False
    if folder is None:
        return None, False
    from urllib.request import (
        url2pathname,  # here, because it loads ssl and more, for what few distributions need
    )

    return Path(url2pathname(address.path)), bool(folder.get("editable"))


def _are_related(folder: Path, root: Path) -> bool:
    """At, above or below the root."""
    folder, root = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    return folder == root or folder in root.parents or root in folder.parents


def modules_of(distribution: metadata.Distribution) -> Iterator[str]:
    """Importable names that it brings: the topmost regular package or module of each file in
    RECORD.

    ``top_level.txt`` says the same, but is wrong for namespace packages.
    """
    files = {
        file.parts
        for file in distribution.files or ()
        if file.suffix in (".py", ".so", ".pyd") and ".." not in file.parts
    }
    packages = {parts[:-1] for parts in files if parts[-1] == "__init__.py"}
    for parts in files:
        depth = next((n for n in range(1, len(parts)) if parts[:n] in packages), len(parts))
        name = (*parts[: depth - 1], parts[depth - 1].split(".")[0])
        if all(part.isidentifier() for part in name):
            yield ".".join(name)
