"""Which installed distributions are the project's, by PEP 610 and by the name in its files; and the
modules that a distribution brings.

Below Python 3.11 ``pyproject.toml`` is read with tomli. It is no dependency of this package, but
pytest requires it there; without it this module cannot be imported, and no receiver starts.
"""

from __future__ import annotations

import configparser
import contextlib
import functools
import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from pytest_portable_errors.receiver.imports import normalized

if TYPE_CHECKING:
    from packaging.requirements import Requirement

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def distributions_of(root: Path, folders: Iterable[Path]) -> tuple[list[str], list[str]]:
    """Find the project's distributions, by the metadata of everything that is installed.

    They are those installed as editable, wherever they point; those installed from a folder at,
    above or below ``root``; and those whose name the nearest files upward from one of ``folders``
    give. This takes some milliseconds for each hundred distributions.

    Args:
        root: The project's root.
        folders: Where to begin looking for ``pyproject.toml`` and ``setup.cfg``.

    Returns:
        Names of the distributions, and dotted names of the modules that they bring; in no order,
        and one may occur twice.
    """
    names: list[str] = []
    modules: list[str] = []
    own_names = {name for folder in folders if (name := nearest_name(folder)) is not None}
    for installed in _installed(tuple(sys.path)):
        if (
            installed.is_editable
            or normalized(installed.name) in own_names
            or (installed.origin is not None and _is_above_or_below(installed.origin, root))
        ):
            names.append(installed.name)
            modules.extend(modules_of(installed.distribution))
    return names, modules


class _Installed(NamedTuple):
    distribution: metadata.Distribution
    name: str
    origin: Path | None
    """The folder that it was installed from; None if it came otherwise."""
    is_editable: bool


@functools.lru_cache(maxsize=4)  # what is installed does not change while tests run
def _installed(path: tuple[str, ...]) -> tuple[_Installed, ...]:
    """All distributions on a path."""
    return tuple(
        _Installed(distribution, _name_of(distribution), *_installed_from(distribution))
        for distribution in metadata.distributions(path=list(path))
    )


_NAME = re.compile(r"^Name:[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE)


def _name_of(distribution: metadata.Distribution) -> str:
    """The name in the metadata; "" if there is none. To parse all of it takes ten times as long."""
    match = _NAME.search(distribution.read_text("METADATA") or "")
    return match[1] if match is not None else distribution.metadata["Name"] or ""


def nearest_name(start: Path) -> str | None:
    """The project's name in the nearest folder upward that gives one, normalized (PEP 503)."""
    for folder in (start, *start.parents):
        name = _name_in_pyproject(folder) or _name_in_setup_cfg(folder)
        if name is not None:
            return normalized(name)
    return None


def pyproject_of(folder: Path) -> dict[str, Any]:
    """What ``pyproject.toml`` in a folder holds; {} if it is not there, or cannot be read."""
    try:
        return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_editable(distribution: metadata.Distribution) -> bool:
    """Whether a distribution was installed as editable (PEP 610)."""
    return _installed_from(distribution)[1]


def _name_in_pyproject(folder: Path) -> str | None:
    """The name in ``[project]``, or else in ``[tool.poetry]``."""
    content = pyproject_of(folder)
    tables = (content.get("project"), content.get("tool", {}).get("poetry"))
    table: dict[str, Any] = next((table for table in tables if isinstance(table, dict)), {})
    return table["name"] if isinstance(table.get("name"), str) else None


def _name_in_setup_cfg(folder: Path) -> str | None:
    """The name in ``[metadata]``, which setuptools reads where there is no ``[project]``."""
    content = configparser.RawConfigParser()
    try:
        content.read(folder / "setup.cfg", encoding="utf-8")
    except (OSError, ValueError, configparser.Error):
        return None
    return content.get("metadata", "name", fallback=None) or None


def _installed_from(distribution: metadata.Distribution) -> tuple[Path | None, bool]:
    """The folder that it was installed from, or None, and whether as editable (PEP 610)."""
    try:
        direct_url: dict[str, Any] = json.loads(distribution.read_text("direct_url.json") or "{}")
        address = urlsplit(direct_url.get("url", ""))
        dir_info = direct_url["dir_info"] if address.scheme == "file" else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None, False
    if dir_info is None:
        return None, False
    # Imported here, because it loads ssl and more, and few distributions need it.
    from urllib.request import url2pathname

    return Path(url2pathname(address.path)), bool(dir_info.get("editable"))


def _is_above_or_below(folder: Path, root: Path) -> bool:
    """Whether a folder is the root, or lies above or below it."""
    folder, root = Path(os.path.realpath(folder)), Path(os.path.realpath(root))
    return folder == root or folder in root.parents or root in folder.parents


def modules_of(distribution: metadata.Distribution) -> Iterator[str]:
    """Yield the names that can be imported from a distribution, in no order; some occur twice.

    For each file in RECORD it is the topmost regular package or module. ``top_level.txt`` says the
    same, but is wrong for namespace packages.
    """
    files = {
        file.parts
        for file in distribution.files or ()
        if file.suffix in (".py", ".so", ".pyd") and ".." not in file.parts
    }
    packages = {parts[:-1] for parts in files if parts[-1] == "__init__.py"}
    for parts in files:
        depth = next(
            (length for length in range(1, len(parts)) if parts[:length] in packages), len(parts)
        )
        name = (*parts[: depth - 1], parts[depth - 1].split(".")[0])
        if all(part.isidentifier() for part in name):
            yield ".".join(name)


@functools.cache  # what is installed does not change while tests run
def owners_of_modules() -> Mapping[str, Sequence[str]]:
    """Name at the top of what can be imported -> names of the distributions that bring it, sorted.

    As ``importlib.metadata.packages_distributions`` has it, which takes ten times as long: it makes
    an object of each file, and parses all metadata.
    """
    owners: dict[str, set[str]] = {}
    for installed in _installed(tuple(sys.path)):
        for top in _tops(installed.distribution):
            owners.setdefault(top, set()).add(installed.name)
    return {top: sorted(owners[top]) for top in owners}


def _tops(distribution: metadata.Distribution) -> Iterator[str]:
    """Names at the top of what can be imported from a distribution; some occur often."""
    record = distribution.read_text("RECORD")
    paths = map(str, distribution.files or ()) if record is None else record.splitlines()
    for path in paths:
        match = _TOP.match(path)
        if match is not None and match[1] != "__pycache__":
            yield match[1]


# A folder, or a module: `grpc/...`, `six.py`, `_cffi_backend.cpython-311-x86_64-linux-gnu.so`.
_TOP = re.compile(r'"?([^\W\d]\w*)(?:[/\\]|(?:\.[\w-]+)*\.(?:py|so|pyd)\b)')


@functools.cache  # what is installed does not change while tests run
def modules_with_requirements(distribution: str) -> tuple[str, ...]:
    """Names at the top of a distribution and of all that it requires here, sorted.

    An extra counts where a requirement asks for it: DBOS requires ``psycopg[binary]``, and without
    what that extra brings psycopg cannot be imported on a system that has no libpq.
    """
    waiting = [(distribution, "")]
    asked_for = set(waiting)
    modules: set[str] = set()
    while waiting:
        name, extra = waiting.pop()
        # What is required and not installed is missed by whoever imports it.
        with contextlib.suppress(metadata.PackageNotFoundError):
            found = metadata.distribution(name)
            modules.update(modules_of(found))
            required = {
                (requirement.name, required_extra)
                for requirement in _requirements_of(found)
                if requirement.marker is None or requirement.marker.evaluate({"extra": extra})
                for required_extra in ("", *requirement.extras)
            }
            waiting += required - asked_for
            asked_for |= required
    return tuple(sorted(module for module in modules if "." not in module))


def _requirements_of(distribution: metadata.Distribution) -> Iterator[Requirement]:
    # Imported here to keep start-up fast: only carriers ask.
    from packaging.requirements import InvalidRequirement, Requirement

    for line in distribution.requires or ():
        with contextlib.suppress(InvalidRequirement):  # old metadata has some
            yield Requirement(line)
