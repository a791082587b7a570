"""The project's dependencies as pytest items: ``portable-errors/dependencies::grpcio``.

An item fails for classes that the project's own code names and that are lost. What is lost of
others the table tells.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.receiver.imports import normalized
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.libraries import LibraryCounts, named_losses, tally_of
from pytest_portable_errors.report.rows import DEPENDENCIES
from pytest_portable_errors.run.libraries import FoundLibrary, Libraries
from pytest_portable_errors.run.option_values import is_worker
from pytest_portable_errors.run.pytest_api import PytestApi
from pytest_portable_errors.survey.named_classes import classes_named

_NAME = DEPENDENCIES.removesuffix("::")


class Dependencies:
    """What the items of one run share."""

    def __init__(
        self,
        libraries: Libraries,
        recorder: Recorder,
        pytest_api: PytestApi,
        *,
        baseline: Baseline,
        fails: bool,
    ) -> None:
        """Find nothing yet.

        Args:
            libraries: Those of the run.
            recorder: What is recorded in that the summary tells of named classes.
            pytest_api: Fails the running test.
            baseline: The known defects.
            fails: Whether anything fails.
        """
        self.libraries = libraries
        self._recorder = recorder
        self._pytest_api = pytest_api
        self._baseline = baseline
        self._fails = fails

    def check(self, name: str) -> FoundLibrary:
        """Wait for the survey of a library, and record what was found of the classes named."""
        found = self.libraries.result(name)
        for one in found.kept["classes"]:
            self._recorder.adopt(one["entries"])
        return found

    def row(self, found: FoundLibrary) -> LibraryCounts:
        """The row of a library, with what the project's code names."""
        row, classes = found.kept["row"], found.kept["classes"]
        named = classes_named(classes, self.libraries.names)
        return {**row, "named": named_losses(tally_of(classes), named)}

    def conclude(self, found: FoundLibrary) -> None:
        """Fail the running test for what the project's code names and is lost.

        Raises:
            ToldOnce: Something is, and the baseline does not know it.
            pytest.skip.Exception: The library could not be looked at.
        """
        row, tally = found.kept["row"], tally_of(found.kept["classes"])
        new = [one for one in tally.against(self._baseline).defects if not one.is_known]
        if new and self._fails:
            texts = [one.detail["headline"] if one.detail else one.cls for one in new]
            self._pytest_api.fail_told_once("\n".join(dict.fromkeys(texts)))
        if not row["classes"] and row["said"]:
            raise pytest.skip.Exception(row["said"][0], _use_item_location=True)


class DependencyCollector(pytest.Collector):
    """Collects the project's dependencies."""

    dependencies: Dependencies

    @classmethod
    def of(cls, parent: pytest.Session, dependencies: Dependencies) -> DependencyCollector:
        """Make the collector, and have the libraries surveyed when all tests are collected."""
        collector: DependencyCollector = cls.from_parent(parent, name=_NAME, nodeid=_NAME)
        collector.dependencies = dependencies
        parent.config.pluginmanager.register(
            _Ahead(dependencies.libraries), "portable_errors_libraries"
        )
        return collector

    def collect(self) -> Iterator[DependencyItem]:
        """An item for each distribution that the project requires.

        Raises:
            CollectError: Nothing says what it requires.
        """
        try:
            found = self.dependencies.libraries.dependencies()
        except PortableErrorsError as error:
            raise self.CollectError(str(error)) from error
        for one in found:
            name = normalized(one.name)
            item: DependencyItem = DependencyItem.from_parent(
                self, name=name, nodeid=f"{_NAME}::{name}"
            )
            item.dependencies = self.dependencies
            yield item


class DependencyItem(pytest.Item):
    """Checks what one distribution raises."""

    dependencies: Dependencies
    row: LibraryCounts | None = None
    """Its row of the table; None before it was looked at."""
    repaired: Sequence[tuple[str, str]] = ()
    """As of ``FoundLibrary``."""

    def runtest(self) -> None:
        """Wait for the survey; outcomes as ``Dependencies.conclude``."""
        found = self.dependencies.check(self.name)
        self.row, self.repaired = self.dependencies.row(found), found.repaired
        self.dependencies.conclude(found)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Path, line and title under which pytest reports the item; the path does not exist."""
        return self.config.rootpath / _NAME, 0, self.name


class _Ahead:
    """A plugin that has the libraries surveyed while others are waited for, and ended at the end.

    A worker of pytest-xdist learns of its next item only, and surveys one at a time.
    """

    def __init__(self, libraries: Libraries) -> None:
        self._libraries = libraries

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        if not (is_worker(session.config) or session.config.option.collectonly):
            self._libraries.begin(
                item.name for item in session.items if isinstance(item, DependencyItem)
            )

    def pytest_unconfigure(self) -> None:
        self._libraries.close()
