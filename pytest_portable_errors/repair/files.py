"""Writes files, and nothing else does: each change whole or not at all, and only where it may."""

from __future__ import annotations

import os
import stat
import sysconfig
from dataclasses import dataclass, field
from pathlib import Path

from pytest_portable_errors.whole_files import write_whole

_OF_PYTHON = ("stdlib", "platstdlib")
_SITE_FOLDERS = {"site-packages", "dist-packages"}


class MayNotWrite(Exception):
    """A file is not to be written to; its text says why."""


@dataclass(slots=True, kw_only=True)
class Writer:
    """Writes below one folder, and can put back what it wrote."""

    root: Path
    """The project's folder, its links resolved."""
    started: float
    """When the run began, in seconds since the epoch: a newer file is not what was imported."""
    written: dict[Path, bytes | None] = field(default_factory=dict)
    """Each file that was written, with what it held before; None if it did not exist."""
    _left: dict[Path, bytes] = field(default_factory=dict)
    """What was written to files last, be it what they held before."""

    def read(self, file: Path) -> bytes:
        """Read a file that may be written.

        Raises:
            MayNotWrite: It may not.
        """
        self.ensure_writable(file)
        try:
            return file.read_bytes()
        except OSError as error:
            raise MayNotWrite(f"{self.shown(file)} cannot be read: {error.strerror}") from error

    def ensure_writable(self, file: Path) -> None:
        """Refuse a file outside the project, of an installed package, or newer than the run.

        Raises:
            MayNotWrite: It is one.
        """
        real = Path(os.path.realpath(file))
        if self.root not in real.parents:
            raise MayNotWrite(f"{file} lies outside of the project")
        if self._is_of_python(real):
            raise MayNotWrite(f"{self.shown(file)} belongs to Python itself")
        between = real.relative_to(self.root).parts[:-1]
        folders = [self.root.joinpath(*between[:n]) for n in range(1, len(between) + 1)]
        if _SITE_FOLDERS & set(between) or any(
            (folder / "pyvenv.cfg").exists() for folder in folders
        ):
            raise MayNotWrite(f"{self.shown(file)} belongs to an installed package")
        if not real.exists() and real not in self._left:
            return
        if not real.is_file():
            raise MayNotWrite(f"{self.shown(file)} is no file")
        status = real.stat()
        # Asked of the mode, too: the superuser may write everywhere.
        is_writable = status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH)
        if not is_writable or not os.access(real, os.W_OK):
            raise MayNotWrite(f"{self.shown(file)} is read-only")
        # A file that was moved here may be old; but not so its place in the folder.
        is_newer = max(status.st_mtime, status.st_ctime) > self.started
        has_changed = real.read_bytes() != self._left[real] if real in self._left else is_newer
        if has_changed:
            raise MayNotWrite(f"{self.shown(file)} has changed since the run began: run again")

    def _is_of_python(self, real: Path) -> bool:
        """Whether a file is of the standard library, where Python itself lies in the project."""
        folders = {Path(os.path.realpath(sysconfig.get_path(name))) for name in _OF_PYTHON}
        around = {folder for folder in folders if self.root in folder.parents}
        return not around.isdisjoint(real.parents)

    def write(self, file: Path, content: bytes) -> None:
        """Put a file's new content in place of the old at one moment; its mode stays.

        Raises:
            MayNotWrite: It may not be written, or writing failed.
        """
        self.ensure_writable(file)
        real = Path(os.path.realpath(file))
        try:
            before = real.read_bytes() if real.exists() else None
            real.parent.mkdir(parents=True, exist_ok=True)
            write_whole(real, content)
        except OSError as error:
            raise MayNotWrite(
                f"{self.shown(file)} cannot be written: {error.strerror or error}"
            ) from error
        self.written.setdefault(real, before)
        self._left[real] = content

    def wrote(self, file: Path) -> bool:
        """Whether a file holds what was written here, and not what it held before."""
        return Path(os.path.realpath(file)) in self.written

    def put_back(self, file: Path) -> None:
        """Give a file that was written what it held before; one that was not there goes.

        Raises:
            MayNotWrite: Somebody else has written it since, or writing failed.
        """
        real = Path(os.path.realpath(file))
        self.ensure_writable(real)
        before = self.written[real]
        try:
            if before is None:
                real.unlink(missing_ok=True)
            else:
                write_whole(real, before)
        except OSError as error:
            raise MayNotWrite(
                f"{self.shown(file)} cannot be put back: {error.strerror or error}"
            ) from error
        del self.written[real]
        if before is None:
            del self._left[real]
        else:
            self._left[real] = before

    def shown(self, file: Path) -> str:
        """A file's path from the project's folder, as people read it."""
        real = Path(os.path.realpath(file))
        return str(real.relative_to(self.root)) if self.root in real.parents else str(file)
