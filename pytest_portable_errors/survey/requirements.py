"""The distributions that a project requires, by its metadata or its files."""

from __future__ import annotations

import configparser
import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from packaging.requirements import InvalidRequirement, Requirement

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.imports import normalized
from pytest_portable_errors.sender.distributions import (
    is_editable,
    modules_of,
    nearest_name,
    pyproject_of,
)

_FILES = "pyproject.toml ([project] or [tool.poetry]), setup.cfg or requirements.txt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A distribution that the project requires."""

    name: str
    """As its metadata writes it; as the requirement does if it is not installed."""
    version: str
    """Empty if it is not installed."""
    stands_on: tuple[str, ...] = ()
    """``NAME VERSION`` of what it requires itself, as far as that is installed, sorted."""
    is_editable: bool = False
    """Whether its code may change while its version stays."""


def dependencies_of(root: Path, *, depth: int) -> list[Dependency]:
    """Find what a project requires, sorted by name.

    Requirements of extras do not count, nor those whose markers do not hold here.

    Args:
        root: The project's folder.
        depth: 1: what it requires itself; 2: what those require, too; and so on.

    Raises:
        PortableErrorsError: Nothing says what it requires.
    """
    found: dict[str, Dependency] = {}
    own = nearest_name(root)
    wanted = list(_required(own, root))
    for _ in range(depth):
        new = [name for name in dict.fromkeys(wanted) if normalized(name) not in found]
        wanted = []
        for name in new:
            found[normalized(name)] = dependency_of(name)
            wanted += _installed_requirements(name)
    found.pop(own or "", None)
    return sorted(found.values(), key=lambda one: normalized(one.name))


def _required(own: str | None, root: Path) -> Iterator[str]:
    """Names of what the project requires: by its installed metadata, or else by its files."""
    lines: Sequence[str] | None = _lines_of_metadata(own)
    if lines is None:
        lines = _lines_of_files(root)
    if lines is None:
        raise PortableErrorsError(
            f"survey of dependencies: nothing in {root} says what the project requires: expected "
            f"it to be installed, or {_FILES}"
        )
    yield from _names(lines)


def _lines_of_metadata(name: str | None) -> tuple[str, ...] | None:
    found = None if name is None else _installed(normalized(name))
    return None if found is None else found.requires


_FIELD = re.compile(
    r"^(Name|Version|Requires-Dist):[ \t]*(.*?)[ \t]*$", re.MULTILINE | re.IGNORECASE
)


class _Installed(NamedTuple):
    name: str
    version: str
    requires: tuple[str, ...]
    is_editable: bool


@functools.cache  # what is installed does not change while tests run, and to parse it takes long
def _installed(name: str) -> _Installed | None:
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return None
    # To parse all of it takes ten times as long.
    head = (found.read_text("METADATA") or "").partition("\n\n")[0]
    fields: dict[str, list[str]] = {}
    for key, value in _FIELD.findall(head):
        fields.setdefault(key.lower(), []).append(value)
    return _Installed(
        name=fields["name"][0] if "name" in fields else found.metadata["Name"] or name,
        version=fields["version"][0] if "version" in fields else found.version,
        requires=tuple(fields.get("requires-dist", () if head else found.requires or ())),
        is_editable=is_editable(found),
    )


def _lines_of_files(root: Path) -> Sequence[str] | None:
    content = pyproject_of(root)
    project, poetry = content.get("project"), content.get("tool", {}).get("poetry")
    if isinstance(project, dict) and isinstance(project.get("dependencies"), list):
        return [str(line) for line in project["dependencies"]]
    if isinstance(poetry, dict) and isinstance(poetry.get("dependencies"), dict):
        return [name for name in poetry["dependencies"] if name != "python"]
    setup = configparser.RawConfigParser()
    try:
        setup.read(root / "setup.cfg", encoding="utf-8")
        listed = setup.get("options", "install_requires", fallback="")
        if listed:
            return listed.splitlines()
        return (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError, configparser.Error):
        return None


def _names(lines: Iterable[str]) -> Iterator[str]:
    """Names of the requirements that hold here and belong to no extra."""
    for line in lines:
        try:
            requirement = Requirement(re.sub(r"\s#.*", "", line).strip())
        except InvalidRequirement:  # a comment, an option of pip, old metadata
            continue
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            yield requirement.name


def dependency_of(name: str) -> Dependency:
    """What is known of a distribution by its name; one that is not installed has no version."""
    found = _installed(normalized(name))
    if found is None:
        return Dependency(name=name, version="")
    return Dependency(
        name=found.name,
        version=found.version,
        stands_on=tuple(sorted(_versions(_installed_requirements(name)))),
        is_editable=found.is_editable,
    )


def modules_in(dependency: Dependency) -> tuple[str, ...]:
    """What can be imported of a distribution, sorted: names at the top, of namespace packages
    dotted; () if it is not installed.

    That takes longer than all else that is asked of metadata, so it is asked when it is needed.
    """
    if not dependency.version:
        return ()
    return tuple(sorted(set(_public(modules_of(metadata.distribution(dependency.name))))))


def _public(modules: Iterable[str]) -> Iterator[str]:
    """Those that others import: no private ones, and none for tests or scripts."""
    for module in modules:
        parts = module.split(".")
        if not any(part.startswith("_") for part in parts) and parts[0] not in _NO_PARTS:
            yield module


_NO_PARTS = ("tests", "test", "docs", "examples", "conftest", "setup")


def _installed_requirements(name: str) -> list[str]:
    return list(_names(_lines_of_metadata(name) or ()))


def _versions(names: Iterable[str]) -> Iterator[str]:
    for found in map(_installed, map(normalized, names)):
        if found is not None:
            yield f"{normalized(found.name)} {found.version}"
