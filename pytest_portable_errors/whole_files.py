"""Writes files whole or not at all: whoever reads one finds the old content or the new.

A full disk, or the death of this process, loses nothing of what was there before.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

# Where no file can be put beside it, or none in its place: a folder that is read-only, a file that
# is mounted by itself. Some systems have other numbers for the same.
_IN_PLACE = frozenset({errno.EACCES, errno.EPERM, errno.EBUSY, errno.EXDEV})


def write_whole(file: Path, content: bytes, *, or_in_place: bool = False) -> None:
    """Put a file's new content in place of the old at one moment; its mode and owner stay.

    What a link leads to is written, and the link stays. What is no ordinary file, such as a pipe,
    is written as it is.

    Args:
        file: Its folder has to be there.
        content: All of it.
        or_in_place: Whether a file beside which none can be made is written as it is.

    Raises:
        OSError: It cannot be written; it is as it was before.
    """
    real = Path(os.path.realpath(file))
    status = real.stat() if real.exists() else None
    if status is not None and not stat.S_ISREG(status.st_mode):
        real.write_bytes(content)
        return
    try:
        _replace(real, content, status)
    except OSError as error:
        if not or_in_place or status is None or error.errno not in _IN_PLACE:
            raise OSError(error.errno, error.strerror, str(file)) from error
        real.write_bytes(content)


def _replace(file: Path, content: bytes, status: os.stat_result | None) -> None:
    with _beside(file) as temporary:
        with open(temporary, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if status is not None and hasattr(os, "chown"):
            with contextlib.suppress(PermissionError):  # only the superuser may
                os.chown(temporary, status.st_uid, status.st_gid)
        mode = _usual_mode() if status is None else stat.S_IMODE(status.st_mode)
        os.chmod(temporary, mode)  # last: a new owner takes bits away
        os.replace(temporary, file)


@contextlib.contextmanager
def _beside(file: Path) -> Iterator[str]:
    """The path of a new file in the same folder, which is gone afterwards."""
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name[:50]}.", suffix=".tmp")
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
