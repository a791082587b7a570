"""Writes goldens when the tests have ended."""

from __future__ import annotations

import functools
import os
from collections import Counter
from pathlib import Path

import pytest

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.check import NotChecked, begin
from pytest_portable_errors.goldens.folder import prune, write
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.made import made
from pytest_portable_errors.goldens.offered import Row
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.goldens.release import release_of
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.stash import receivers_of

_MOST_TOLD = 10  # of those that are not kept, unless -v is given


class UpdatingGoldens:
    """Collects what reports offer, and writes goldens of it."""

    def __init__(self, config: pytest.Config, options: Options, folder: Path) -> None:
        """Find the release that is being made.

        Args:
            config: pytest's.
            options: Those of the run.
            folder: Where goldens are written.

        Raises:
            pytest.UsageError: The project has no version.
        """
        self._config, self._options, self._folder = config, options, folder
        self._rows: list[tuple[str, Row]] = []
        self._lines: list[str] = []
        self._not_kept: list[str] = []
        try:
            self._release = release_of(Path(options.root), options.goldens_release)
        except PortableErrorsError as error:
            raise pytest.UsageError(str(error)) from error

    def add(self, test: str, rows: list[Row]) -> None:
        """Take what the report of a test offers."""
        self._rows += [(test, row) for row in rows]

    def finish(self) -> bool:
        """Write the goldens, and delete the oldest releases'; say whether that could be done."""
        options = self._options
        place = f"{os.path.relpath(self._folder, options.root)}/{self._release.name}"
        reader = Reader(
            receivers=receivers_of(self._config), checks=options.checks, timeout=options.timeout
        )
        became: Counter[str] = Counter()
        try:
            for one in made(self._rows, self._release, reader):
                if one.golden is None:
                    self._not_kept.append(f"{one.name}: {one.why_not}")
                else:
                    is_stale = functools.partial(_is_stale, reader=reader)
                    became[write(one.golden, self._folder, is_stale=is_stale)] += 1
            anew = f"{became['anew']} of them anew, " if became["anew"] else ""
            self._lines.append(
                f"goldens: {became['new'] + became['anew']} written to {place}, {anew}"
                f"{became['kept']} as they were"
            )
            gone = prune(self._folder, keep=options.goldens_keep, but=self._release.name)
        except (OSError, PortableErrorsError) as error:
            self._lines.append(f"goldens could not be written: {error}")
            return False
        if gone:
            self._lines.append(
                f"goldens: deleted those of {', '.join(gone)} (--portable-errors-goldens-keep "
                f"{options.goldens_keep})"
            )
        return True

    def lines(self, verbosity: int) -> list[str]:
        """What the summary says of it."""
        most = len(self._not_kept) if verbosity > 0 else _MOST_TOLD
        # As raised and as built it is mostly the same.
        not_kept = list(dict.fromkeys(self._not_kept))
        lines = [*self._lines, *(f"no golden: {why}" for why in not_kept[:most])]
        if len(not_kept) > most:
            lines.append(f"no golden: {len(not_kept) - most} more (-v)")
        return [clean(line) for line in lines]


def _is_stale(golden: Golden, *, reader: Reader) -> bool:
    """Whether today's code does not read it as it was."""
    try:
        return not begin(golden, reader).conclude().arrived_whole
    except (NotChecked, Refused):
        return True
