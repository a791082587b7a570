"""The folder of goldens: one folder for each release, one file for each golden."""

from __future__ import annotations

import re
import shutil
import stat
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.golden import (
    LARGEST,
    RELEASE,
    BrokenGolden,
    Golden,
    parse,
)
from pytest_portable_errors.whole_files import write_whole

KEPT = 5
"""Releases that are kept, unless a setting says otherwise."""
_BEFORE_A_RELEASE = ("dev", "a", "alpha", "b", "beta", "c", "rc", "pre", "preview")


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What one file holds."""

    file: Path
    golden: Golden | None
    """None: it could not be read."""
    problem: str = ""
    """Why not."""

    @property
    def id(self) -> str:
        """The golden's; of a broken file its folder and name."""
        if self.golden is None:
            return f"{self.file.parent.name}/{self.file.name}"
        return self.golden.id


def stored_in(folder: Path) -> list[Stored]:
    """Read all files of a folder of goldens.

    Args:
        folder: It need not exist.

    Returns:
        The oldest release first; in it sorted by the file's name.

    Raises:
        PortableErrorsError: The folder cannot be read, or is none.
    """
    try:
        releases = [entry for entry in folder.iterdir() if entry.is_dir()]
        files = [
            file
            for release in sorted(releases, key=lambda entry: release_order(entry.name))
            for file in sorted(release.glob("*.json"))
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PortableErrorsError(f"{folder}: {error.strerror or error}") from error
    return [_stored(file) for file in files]


def _stored(file: Path) -> Stored:
    name = f"{file.parent.name}/{file.name}"
    try:
        status = file.stat()
        if not stat.S_ISREG(status.st_mode):
            raise BrokenGolden(f"{name}: is no ordinary file: delete it")
        if status.st_size > LARGEST:
            raise BrokenGolden(
                f"{name}: {status.st_size:,} bytes, over the limit of {LARGEST:,}: delete it"
            )
        golden = parse(file.read_text(encoding="utf-8"), origin=name)
        if golden.release != file.parent.name:
            raise BrokenGolden(
                f"{name}: is of release {golden.release}: move it to {golden.release}/"
            )
    except BrokenGolden as error:
        return Stored(file=file, golden=None, problem=clean(str(error)))
    except (OSError, UnicodeDecodeError) as error:
        return Stored(file=file, golden=None, problem=clean(f"{name}: {error}"))
    return Stored(file=file, golden=golden)


def release_order(release: str) -> list[tuple[int, int, str]]:
    """Key that sorts releases: 1.9 before 1.10, 2.0rc1 before 2.0."""
    epoch, _, rest = release.rpartition("!")  # PEP 440
    key = [(2, int(epoch) if epoch.isdigit() else 0, "")]
    for number, word in re.findall(r"(\d+)|([A-Za-z]+)", rest):
        if number:
            key.append((2, int(number), ""))
        else:
            key.append((0 if word.lower() in _BEFORE_A_RELEASE else 3, 0, word))
    return [*key, (1, 0, "")]


def checked_release(release: str) -> str:
    """The name of a release as the folder's name: without what a build adds to it.

    ``1.4.0.dev3+gabc`` is on the way to ``1.4.0`` (PEP 440), and its payloads are that release's.

    Raises:
        PortableErrorsError: It cannot be the name of a folder.
    """
    named = re.sub(r"\.?dev\d+$", "", release.partition("+")[0])
    if not RELEASE.fullmatch(named):
        raise PortableErrorsError(
            f"goldens: a release cannot be called {release!r}: letters, digits, dots and hyphens"
        )
    return named


def write(
    golden: Golden, folder: Path, *, is_stale: Callable[[Golden], bool] = lambda _: False
) -> str:
    """Write a golden to its file, unless that has one of the same shape.

    Args:
        golden: Of the release that is being made: no other release's files are touched.
        folder: The folder of all goldens; it is made.
        is_stale: Tells of one of the same shape whether today's code does not read it any more.

    Returns:
        ``new``, ``anew`` where there was one, or ``kept`` where it stays.

    Raises:
        OSError: It cannot be written; the file is then as it was. Nor is anything written through a
            link.
    """
    file = folder / golden.release / golden.file_name
    if file.parent.is_symlink():
        raise OSError(f"{file.parent.name} is a link")
    is_there = file.exists()
    before = _stored(file).golden if is_there else None
    if (
        before is not None
        and (before.key, before.shape) == (golden.key, golden.shape)
        and not is_stale(before)
    ):
        return "kept"
    if file.is_symlink():
        raise OSError(f"{file.name} is a link")
    file.parent.mkdir(parents=True, exist_ok=True)
    write_whole(file, golden.text().encode())
    return "anew" if is_there else "new"


def prune(folder: Path, *, keep: int = KEPT, but: str = "") -> list[str]:
    """Delete the goldens of all releases but the last.

    Args:
        folder: The folder of all goldens.
        keep: How many releases stay, at least 1.
        but: A release that stays in any case: the one that was just written.

    Returns:
        The releases that were deleted, the oldest first. A link stays, and a folder in which
        anything but goldens lies.

    Raises:
        OSError: One cannot be deleted.
    """
    releases = list(dict.fromkeys(stored.file.parent for stored in stored_in(folder)))
    gone = [
        release
        for release in releases[: max(0, len(releases) - keep)]
        if release.name != but and not release.is_symlink() and _is_all(release)
    ]
    for release in gone:
        shutil.rmtree(release)
    return [release.name for release in gone]


def _is_all(release: Path) -> bool:
    """Whether nothing but goldens that can be read lies in the folder of a release."""
    entries: Iterable[Path] = release.iterdir()
    return all(entry.suffix == ".json" and _stored(entry).golden is not None for entry in entries)
