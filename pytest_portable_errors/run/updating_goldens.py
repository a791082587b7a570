"""Writes goldens when the tests have ended."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.folder import prune, write
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

    def finish(self) -> None:
        """Write the goldens, and delete those of the oldest releases."""
        options = self._options
        place = f"{os.path.relpath(self._folder, options.root)}/{self._release.name}"
        reader = Reader(
            receivers=receivers_of(self._config), checks=options.checks, timeout=options.timeout
        )
        written = kept = 0
        try:
            for one in made(self._rows, self._release, reader):
                if one.golden is None:
                    self._not_kept.append(f"{one.name}: {one.why_not}")
                elif write(one.golden, self._folder):
                    written += 1
                else:
                    kept += 1
            self._lines.append(f"goldens: {written} written to {place}, {kept} as they were")
            gone = prune(self._folder, keep=options.goldens_keep)
        except (OSError, PortableErrorsError) as error:
            self._lines.append(f"goldens could not be written: {error}")
            return
        if gone:
            self._lines.append(
                f"goldens: deleted those of {', '.join(gone)} (--portable-errors-goldens-keep "
                f"{options.goldens_keep})"
            )

    def lines(self, verbosity: int) -> list[str]:
        """What the summary says of it."""
        most = len(self._not_kept) if verbosity > 0 else _MOST_TOLD
        lines = [*self._lines, *(f"no golden: {why}" for why in self._not_kept[:most])]
        if len(self._not_kept) > most:
            lines.append(f"no golden: {len(self._not_kept) - most} more (-v)")
        return [clean(line) for line in lines]
