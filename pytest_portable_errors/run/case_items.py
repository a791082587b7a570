"""Cases as pytest items.

Their node IDs: ``portable-errors/litellm::RateLimitError[pickle]`` for a suite's case,
``portable-errors::shop.errors.PaymentError`` for a surveyed class.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from pytest_portable_errors.building.build import CannotBuild
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.policies import SentSubject
from pytest_portable_errors.run.checked_cases import AHEAD, CheckedCases
from pytest_portable_errors.run.option_values import is_worker
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.survey.cases import Case


def case_collectors(
    session: pytest.Session, cases: CheckedCases, options: Options
) -> list[pytest.Collector]:
    """The collectors of the suites and of the survey that options ask for, the survey's last.

    Registers ``Lookahead`` with pytest.
    """
    session.config.pluginmanager.register(Lookahead(), "portable_errors_lookahead")
    collectors: list[pytest.Collector] = [
        CaseCollector.of(session, cases, suite=suite) for suite in options.suites
    ]
    surveys = options.surveys_project or bool(options.survey)
    return [*collectors, *([CaseCollector.of(session, cases)] if surveys else [])]


def parametrize(metafunc: pytest.Metafunc, cases: Sequence[Case]) -> None:
    """Run a test under ``@portable_cases`` once for each of these cases."""
    if "portable_case" not in metafunc.fixturenames:
        metafunc.fixturenames.append("portable_case")
    metafunc.parametrize(
        "portable_case",
        cases,
        ids=[f"{case.subject.name}-{case.label}" for case in cases],
        indirect=True,
    )


def check_parametrized(item: pytest.Item, cases: CheckedCases) -> None:
    """Check the case that a test under ``@portable_cases`` runs for; outcomes as ``check_case``."""
    assert isinstance(item, pytest.Function)  # ``parametrize`` made it
    check_case(cases, cast(Case, item.callspec.params["portable_case"]))


def item_id(parent: pytest.Collector, name: str) -> str:
    """The node ID of an item whose name may end in brackets.

    pytest 9.2 parses the IDs that it has kept for ``--lf``, and finds no item whose ID it has put
    together from a name with brackets; one that it is given it parses likewise
    (findings/pytest_lf_misses_bracketed_items.sh).
    """
    return f"{parent.nodeid}::{name}"


class CaseCollector(pytest.Collector):
    """Collects the cases of one suite, or of the survey."""

    cases: CheckedCases
    """The cases of the run."""
    suite: str | None
    """Name of the suite; None for the survey."""

    @classmethod
    def of(
        cls, parent: pytest.Session, cases: CheckedCases, *, suite: str | None = None
    ) -> CaseCollector:
        """Make the collector of a suite, or of the survey.

        Args:
            parent: pytest's session.
            cases: The cases of the run.
            suite: Name of the suite; None for the survey. The survey's collector has to be the
                last, because it takes the classes that are loaded by then.
        """
        name = "portable-errors" if suite is None else f"portable-errors/{suite}"
        collector: CaseCollector = cls.from_parent(parent, name=name, nodeid=name)
        collector.suite, collector.cases = suite, cases
        return collector

    def collect(self) -> Iterator[CaseItem]:
        """An item for each case.

        Raises:
            CollectError: There is no such suite, or its library or a package is missing.
        """
        try:
            if self.suite is None:
                cases = self.cases.surveyed()
            else:
                cases = self.cases.of_suite(self.suite, ahead=True)
        except PortableErrorsError as error:
            raise self.CollectError(str(error)) from error
        for case in cases:
            item: CaseItem = CaseItem.from_parent(self, name=case.id, nodeid=item_id(self, case.id))
            item.case, item.cases = case, self.cases
            yield item


class CaseItem(pytest.Item):
    """Checks one case."""

    case: Case
    cases: CheckedCases
    """The cases of the run."""
    sent: list[SentSubject] | None = None
    """What was sent of the case and not judged yet; None if nothing."""
    was_sent = False
    """Whether ``send`` was called."""

    def send(self) -> None:
        """Send the case's exceptions, unless that was done.

        Raises nothing: what goes wrong goes wrong again in ``runtest``, which tells it.
        """
        if not self.was_sent:
            self.was_sent = True
            with contextlib.suppress(CannotBuild, PortableErrorsError):
                self.sent = self.cases.sent_ahead(self.case) or self.cases.send(self.case)

    def runtest(self) -> None:
        """Check the case; outcomes as ``check_case``."""
        # Once judged, what was sent is not needed any more.
        sent, self.sent = self.sent, None
        check_case(self.cases, self.case, sent)

    def reportinfo(self) -> tuple[Path, int, str]:
        """Path, line and title under which pytest reports the item; the path does not exist."""
        assert self.parent is not None  # made by CaseCollector
        # pytest's -v writes a node ID that ends in this with "::" for each dot of it.
        return (
            self.config.rootpath / self.parent.nodeid,
            0,
            f"{self.name} (built)" if self.case.is_surveyed else self.name,
        )


class Lookahead:
    """A plugin that sends the next cases while one is waited for.

    It begins at the first case, or one item earlier, and not while tests run before.
    """

    def __init__(self) -> None:
        self._cases: list[CaseItem] = []
        self._numbers: dict[CaseItem, int] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Number the cases.

        Not in a worker of pytest-xdist: it runs some of them, and learns of its next one only.
        """
        if not is_worker(session.config):
            self._cases = [item for item in session.items if isinstance(item, CaseItem)]
            self._numbers = {item: number for number, item in enumerate(self._cases)}

    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Send this case and the next one, and up to ``AHEAD`` cases from there on."""
        near = [neighbour for neighbour in (item, nextitem) if isinstance(neighbour, CaseItem)]
        start = self._numbers.get(near[0], 0) if near else 0
        for upcoming in [*near, *(self._cases[start : start + AHEAD] if near else [])]:
            upcoming.send()


def check_case(cases: CheckedCases, case: Case, sent: list[SentSubject] | None = None) -> None:
    """Check one case as the running test.

    Args:
        cases: The cases of the run.
        case: The case.
        sent: What was sent of it already; None: it is sent now.

    Raises:
        pytest.skip.Exception: The exception cannot be built, or a receiver cannot start and the
            run tells that once. The case never passes unchecked.
        pytest.fail.Exception: Something was lost, or a receiver cannot start.
    """
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
