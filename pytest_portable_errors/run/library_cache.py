"""Keeps what was found of libraries in the user's cache folder.

A file that is damaged, of another version, or that somebody else writes at the same time counts as
none: what is read is data, checked against its schema, and no code.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import platform
import re
import sys
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from pytest_portable_errors.receiver.imports import normalized
from pytest_portable_errors.report.libraries import KeptLibrary
from pytest_portable_errors.report.validity import problem_of_library
from pytest_portable_errors.run.library_process import named_below
from pytest_portable_errors.survey.requirements import Dependency
from pytest_portable_errors.whole_files import write_whole

_FORMAT = "pytest-portable-errors library 3"
_MOST_FILES = 12  # of one library; the oldest go first
_LARGEST = 64 * 1024**2  # bytes of a file that is read


class LibraryCache:
    """The cache, as one run uses it."""

    def __init__(self, folder: Path, asked: Mapping[str, Any]) -> None:
        """Look at nothing yet.

        Args:
            folder: Where its files lie; it need not exist.
            asked: What ``asked_of`` gives.
        """
        self._folder = folder
        self._shared = {
            "format": _FORMAT,
            "plugin": _own_version(),
            "python": f"{platform.python_implementation()} {sys.version}",
            "serializers": list(map(_version, asked["serializers"])),
            # Where the project lies makes no difference to what its libraries raise.
            "asked": {name: asked[name] for name in asked if name not in ("root", "reducers")},
            "reducers": asked["reducers"] and asked["reducers"]["text"],
        }

    def get(self, dependency: Dependency, names: Mapping[str, str]) -> KeptLibrary | None:
        """What was found of a library; None if that is not known.

        Args:
            dependency: The library.
            names: What ``names_in_project`` gives.
        """
        file, key = self._place(dependency)
        try:
            if file.stat().st_size > _LARGEST:
                return None
            stored = json.loads(file.read_bytes())
            if stored["key"] != key or problem_of_library(stored["library"]) is not None:
                return None
            # Those classes are kept that were named then.
            if stored["named"] != named_below(stored["modules"], names):
                return None
        except (OSError, ValueError, RecursionError, LookupError, TypeError):
            return None
        library: KeptLibrary = stored["library"]
        return library

    def put(
        self,
        dependency: Dependency,
        library: KeptLibrary,
        *,
        modules: Sequence[str],
        named: Mapping[str, bool],
    ) -> None:
        """Keep what was found, unless the library may change without its version.

        Where nothing can be written, nothing is kept.
        """
        if dependency.is_editable or not dependency.version:
            return
        file, key = self._place(dependency)
        content = {"key": key, "modules": modules, "named": named, "library": library}
        with contextlib.suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            write_whole(file, json.dumps(content).encode())
            self._forget(file)

    def _place(self, dependency: Dependency) -> tuple[Path, dict[str, Any]]:
        """The file of a library, and the key that it has to bear."""
        key = {
            **self._shared,
            "library": dependency.name,
            "version": dependency.version,
            "stands_on": list(dependency.stands_on),
        }
        digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode()).hexdigest()
        return self._folder / f"{_file_name(dependency)}-{digest[:32]}.json", key

    def _forget(self, newest: Path) -> None:
        """Delete the oldest files of a library, where it has many."""
        start, _, end = newest.name.rpartition("-")
        same = self._folder.glob(f"{start}-{'?' * len(end)}")
        files = sorted(same, key=lambda file: file.stat().st_mtime)
        for file in files[:-_MOST_FILES]:
            file.unlink(missing_ok=True)


def cache_folder() -> Path:
    """The folder of the cache: the user's for caches, as the system has it."""
    from platformdirs import user_cache_path  # here, because only a survey asks

    return user_cache_path("pytest-portable-errors", appauthor=False) / "libraries"


def _file_name(dependency: Dependency) -> str:
    return re.sub(r"[^a-z0-9.-]", "_", normalized(dependency.name))[:80]


def _version(serializer: str) -> str:
    """A serializer, with the version of the distribution of that name, if there is one."""
    with contextlib.suppress(metadata.PackageNotFoundError, ValueError):
        return f"{serializer} {metadata.version(serializer.partition(':')[0])}"
    return serializer


def _own_version() -> str:
    """This plugin's version and, while it is worked on, the state of its files."""
    folder = Path(__file__).resolve().parents[1]
    state = sorted(_states(str(folder)))
    digest = hashlib.sha256(repr(state).encode()).hexdigest()
    return f"{metadata.version('pytest-portable-errors')} {digest[:16]}"


def _states(folder: str) -> Sequence[tuple[str, int]]:
    return [
        (
            os.path.relpath(os.path.join(parent, name), folder),
            os.stat(os.path.join(parent, name)).st_size,
        )
        for parent, _, names in os.walk(folder)
        for name in names
        if name.endswith((".py", ".json"))
    ]
