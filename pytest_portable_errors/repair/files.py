"""Writes files, and nothing else does: each change whole or not at all, and only where it may."""

from __future__ import annotations

import contextlib
import os
import stat
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

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
        between = real.relative_to(self.root).parts[:-1]
        folders = [self.root.joinpath(*between[:n]) for n in range(1, len(between) + 1)]
        if _SITE_FOLDERS & set(between) or any(
            (folder / "pyvenv.cfg").exists() for folder in folders
        ):
            raise MayNotWrite(f"{self.shown(file)} belongs to an installed package")
        if not real.exists():
            return
        if not real.is_file():
            raise MayNotWrite(f"{self.shown(file)} is no file")
        status = real.stat()
        # Asked of the mode: the superuser may write everywhere.
        if not status.st_mode & (stat.S_IWUSR | stat.S_IWGRP | stat.S_IWOTH):
            raise MayNotWrite(f"{self.shown(file)} is read-only")
        if status.st_mtime > self.started and real not in self.written:
            raise MayNotWrite(f"{self.shown(file)} has changed since the run began: run again")

    def write(self, file: Path, content: bytes) -> None:
        """Put a file's new content in place of the old at one moment; its mode stays.

        Raises:
            MayNotWrite: It may not be written, or writing failed.
        """
        self.ensure_writable(file)
        real = Path(os.path.realpath(file))
        before = real.read_bytes() if real.exists() else None
        try:
            _replace(real, content)
        except OSError as error:
            raise MayNotWrite(
                f"{self.shown(file)} cannot be written: {error.strerror or error}"
            ) from error
        self.written.setdefault(real, before)

    def put_back(self, file: Path, content: bytes | None) -> None:
        """Give a file an earlier content; None takes it away."""
        real = Path(os.path.realpath(file))
        if content is None:
            real.unlink(missing_ok=True)
            self.written.pop(real, None)
        else:
            _replace(real, content)
            if self.written.get(real) == content:
                del self.written[real]

    def shown(self, file: Path) -> str:
        """A file's path from the project's folder, as people read it."""
        real = Path(os.path.realpath(file))
        return str(real.relative_to(self.root)) if self.root in real.parents else str(file)


def _replace(file: Path, content: bytes) -> None:
    """Write a new file beside the old one, and put it in its place: whoever looks sees one whole.

    Raises:
        OSError: As any writing to a disk.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    mode = stat.S_IMODE(file.stat().st_mode) if file.exists() else None
    with _beside(file) as temporary:
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        os.chmod(temporary, _usual_mode() if mode is None else mode)
        os.replace(temporary, file)


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[str]:
    """The path of a new file in the same folder, which is gone afterwards."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".tmp")
    os.close(handle)
    try:
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _usual_mode() -> int:
    """The mode of a file that is made anew: what the process's mask leaves."""
    mask = os.umask(0)
    os.umask(mask)
    return 0o666 & ~mask
