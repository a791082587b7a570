"""Goldens as pytest items: ``portable-errors-golden::shop.errors.PaymentError[pickle 1.4.0]``."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.check import AHEAD, GoldenChecks, NotChecked
from pytest_portable_errors.goldens.folder import Stored, stored_in
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.run.case_items import item_id
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.stash import fail, run_of

COLLECTOR = "portable-errors-golden"
"""The node ID of the collector."""


def golden_collectors(session: pytest.Session, options: Options) -> list[pytest.Collector]:
    """The collector of the goldens; none where the run has no folder of them."""
    if options.goldens is None:
        return []
    collector: GoldenCollector = GoldenCollector.from_parent(
        session, name=COLLECTOR, nodeid=COLLECTOR
    )
    collector.folder, collector.options = options.goldens, options
    return [collector]


class GoldenCollector(pytest.Collector):
    """Collects the goldens of a folder."""

    folder: Path
    options: Options

    def collect(self) -> Iterator[GoldenItem]:
        """An item for each file, the oldest release first.

        Where the run writes goldens, those of the release that it writes are not checked.

        Raises:
            CollectError: The folder cannot be read.
        """
        from pytest_portable_errors.goldens.release import release_of

        options = self.options
        try:
            stored = stored_in(self.folder)
            writes = (
                release_of(Path(options.root), options.goldens_release).name
                if options.updates_goldens
                else None
            )
        except PortableErrorsError as error:
            raise self.CollectError(str(error)) from error
        run = run_of(self.config)
        checks = GoldenChecks(
            [one for one in stored if one.file.parent.name != writes],
            Reader(receivers=run.receivers, checks=options.checks, timeout=options.timeout),
            ahead=AHEAD if options.runs_everything else 1,
        )
        for number, one in enumerate(checks.stored):
            name = clean(one.id)
            item: GoldenItem = GoldenItem.from_parent(self, name=name, nodeid=item_id(self, name))
            item.number, item.checks, item.options = number, checks, options
            yield item


class GoldenItem(pytest.Item):
    """Checks one golden."""

    number: int
    checks: GoldenChecks
    options: Options

    def runtest(self) -> None:
        """Load it with today's code, and compare.

        Raises:
            pytest.skip.Exception: It cannot be checked here, or a setting ignores its class.
            NotPortable: Today's code does not read it as it was then, or it is not to be loaded.
        """
        stored = self.checks.stored[self.number]
        if stored.golden is None:
            fail(f"{stored.problem}\n\n  golden  {self._file(stored)}")
        golden = stored.golden
        if any(fnmatch.fnmatchcase(golden.name, name) for name in self.options.ignore):
            raise pytest.skip.Exception("portable_errors_ignore has it", _use_item_location=True)
        try:
            trip = self.checks.pending(self.number).conclude()
        except NotChecked as reason:
            raise pytest.skip.Exception(f"not checked: {reason}", _use_item_location=True) from None
        except Refused as reason:
            fail(
                f"{golden.name} of release {golden.release} is not loaded: {clean(str(reason))}\n\n"
                f"  golden  {self._file(stored)}\n"
                "          ask who wrote it, and delete it: a golden is a pickle, and a pickle "
                "may run anything"
            )
        except PortableErrorsError as error:
            fail(f"not checked: {error}")
        if not trip.arrived_whole:
            fail(
                f"{self.checks.told.text(golden, trip)}\n\n  golden  {self._file(stored)}: "
                f"release {golden.release}, Python {golden.python}"
            )

    def _file(self, stored: Stored) -> str:
        return clean(os.path.relpath(stored.file, self.config.rootpath))

    def reportinfo(self) -> tuple[Path, int, str]:
        """Path, line and title under which pytest reports the item; the path does not exist."""
        # One path for all: pytest works out a location for each path. pytest's -v writes a node ID
        # that ends in the title with "::" for each dot of it.
        return self.config.rootpath / COLLECTOR, 0, f"{self.name} (golden)"
