"""The project's version, of which goldens are made."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.folder import checked_release
from pytest_portable_errors.goldens.made import Release
from pytest_portable_errors.sender.distributions import nearest_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def release_of(root: Path, named: str = "") -> Release:
    """Find the release that is being made.

    Args:
        root: The project's folder.
        named: Its name, if a setting gives it; empty: the version in ``pyproject.toml``, or else
            the installed distribution's, which may be an older one.

    Raises:
        PortableErrorsError: The project has no version, or the name cannot be a folder's.
    """
    project = nearest_name(root) or ""
    version = named or _version_in_pyproject(root) or _installed_version(project)
    if not version:
        raise PortableErrorsError(
            f"goldens: {project or 'the project'} has no version, in pyproject.toml or installed: "
            "name the release with --portable-errors-goldens-release"
        )
    return Release(project=project, name=checked_release(version))


def _version_in_pyproject(root: Path) -> str:
    """The version in ``[project]``, or else in ``[tool.poetry]``; empty if it is not written."""
    for folder in (root, *root.parents):
        try:
            content: dict[str, Any] = tomllib.loads(
                (folder / "pyproject.toml").read_text(encoding="utf-8")
            )
        except (OSError, ValueError):
            continue
        tool = content.get("tool")
        poetry = tool.get("poetry") if isinstance(tool, dict) else None
        tables = [table for table in (content.get("project"), poetry) if isinstance(table, dict)]
        for table in tables:
            if isinstance(table.get("version"), str):
                return str(table["version"])
        if any(tables):  # the nearest project's; that of another above is another
            return ""
    return ""


def _installed_version(project: str) -> str:
    try:
        return metadata.version(project) if project else ""
    except metadata.PackageNotFoundError:
        return ""
