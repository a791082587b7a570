"""A suite's cases as pytest items: ``portable-errors/litellm::RateLimitError[pickle]``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.journey import Journey
from pytest_portable_errors.session import Session
from pytest_portable_errors.survey.build import CannotBuild
from pytest_portable_errors.survey.cases import Case


class SuiteCollector(pytest.Collector):
    """Collects one suite."""

    suite: str
    ours: Session

    @classmethod
    def of(cls, parent: pytest.Session, suite: str, ours: Session) -> SuiteCollector:
        """The collector of the suite of that name."""
        name = f"portable-errors/{suite}"
        collector: SuiteCollector = cls.from_parent(parent, name=name, nodeid=name)
        collector.suite, collector.ours = suite, ours
        return collector

    def collect(self) -> Iterator[CaseItem]:
        try:
            cases = self.ours.cases(self.suite)
        except PortableErrorsError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            item: CaseItem = CaseItem.from_parent(self, name=case.id)
            item.case, item.ours = case, self.ours
            yield item


class CaseItem(pytest.Item):
    """Checks one case."""

    case: Case
    ours: Session
    journeys: list[tuple[str, Journey]] | None = None

    def set_out(self) -> None:
        """Begin the trips, unless that was done. What goes wrong is met again, and told, by the test."""
        if self.journeys is None:
            with contextlib.suppress(CannotBuild, PortableErrorsError):
                self.journeys = self.ours.begin(self.case)

    def runtest(self) -> None:
        check_case(self.ours, self.case, self.journeys)

    def reportinfo(self) -> tuple[Path, int, str]:
        assert self.parent is not None  # made by SuiteCollector
        return self.config.rootpath / self.parent.nodeid, 0, self.name


class Lookahead:
    """Plugin: while one case is waited for, the next is under way."""

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        for upcoming in (item, nextitem):
            if isinstance(upcoming, CaseItem):
                upcoming.set_out()


def check_case(ours: Session, case: Case, journeys: list[tuple[str, Journey]] | None = None) -> None:
    """Check a case, whose trips may have begun already. One that cannot be built is skipped with the reason, and never passes."""
    try:
        ours.finish(journeys if journeys is not None else ours.begin(case))
    except CannotBuild as reason:
        raise pytest.skip.Exception(str(reason), _use_item_location=True) from None
    except PortableErrorsError as error:
        pytest.fail(str(error), pytrace=False)
