"""Cases as pytest items: ``portable-errors/litellm::RateLimitError[pickle]``,
``portable-errors::shop.errors.PaymentError``."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.policies import SentSubject
from pytest_portable_errors.run.checked_cases import CheckedCases
from pytest_portable_errors.survey.build import CannotBuild
from pytest_portable_errors.survey.cases import Case

AHEAD = 40  # cases that are under way at once, so that the receivers always have something to do


class CaseCollector(pytest.Collector):
    """Collects the cases of one suite, or of the survey."""

    cases: CheckedCases
    suite: str | None

    @classmethod
    def of(
        cls, parent: pytest.Session, cases: CheckedCases, *, suite: str | None = None
    ) -> CaseCollector:
        """The collector of the suite of that name; without a name, of the survey: the last, because
        it takes what is loaded by then."""
        name = "portable-errors" if suite is None else f"portable-errors/{suite}"
        collector: CaseCollector = cls.from_parent(parent, name=name, nodeid=name)
        collector.suite, collector.cases = suite, cases
        return collector

    def collect(self) -> Iterator[CaseItem]:
        try:
            if self.suite is None:
                found = self.cases.surveyed()
            else:
                found = self.cases.of_suite(self.suite, ahead=True)
        except PortableErrorsError as error:
            raise self.CollectError(str(error)) from error
        for case in found:
            item: CaseItem = CaseItem.from_parent(self, name=case.id)
            item.case, item.cases = case, self.cases
            yield item


class CaseItem(pytest.Item):
    """Checks one case."""

    case: Case
    cases: CheckedCases
    sent: list[SentSubject] | None = None
    was_sent = False

    def send(self) -> None:
        """Send the case's exceptions, unless that was done. What goes wrong is met again, and told,
        by the test."""
        if not self.was_sent:
            self.was_sent = True
            with contextlib.suppress(CannotBuild, PortableErrorsError):
                self.sent = self.cases.sent_ahead(self.case) or self.cases.send(self.case)

    def runtest(self) -> None:
        sent, self.sent = self.sent, None  # what was sent is not needed any more
        check_case(self.cases, self.case, sent)

    def reportinfo(self) -> tuple[Path, int, str]:
        assert self.parent is not None  # made by CaseCollector
        # pytest's -v writes a node ID that ends in this with "::" for each dot of it.
        return (
            self.config.rootpath / self.parent.nodeid,
            0,
            f"{self.name} (built)" if self.case.is_surveyed else self.name,
        )


class Lookahead:
    """Plugin: while one case is waited for, others are under way: from the last test on, and not
    before."""

    def __init__(self) -> None:
        self._cases: list[CaseItem] = []
        self._numbers: dict[CaseItem, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Number the cases. A worker of pytest-xdist runs some of them, and learns of its next
        only."""
        if not hasattr(session.config, "workerinput"):
            self._cases = [item for item in session.items if isinstance(item, CaseItem)]
            self._numbers = {item: number for number, item in enumerate(self._cases)}

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Begin what is next."""
        near = [upcoming for upcoming in (item, nextitem) if isinstance(upcoming, CaseItem)]
        start = self._numbers.get(near[0], 0) if near else 0
        for upcoming in [*near, *(self._cases[start : start + AHEAD] if near else [])]:
            upcoming.send()


def check_case(cases: CheckedCases, case: Case, sent: list[SentSubject] | None = None) -> None:
    """Check a case, whose exceptions may have been sent already. One that cannot be built is
    skipped with the reason, and never passes."""
    try:
        cases.finish(case, sent if sent is not None else cases.send(case))
    except CannotBuild as reason:
        cases.not_built(case, reason)
        raise pytest.skip.Exception(str(reason), _use_item_location=True) from None
    except PortableErrorsError as error:
        text = cases.trouble(case, error)
        if text is None:
            raise pytest.skip.Exception(f"not checked: {error}", _use_item_location=True) from None
        raise pytest.fail.Exception(text, pytrace=False) from None
