"""pytest hooks: a few lines and one call each.

pytest imports this module in every run of every environment that has the plugin. It imports only what pytest has imported; the rest loads
when a marker, a fixture or an option asks for it.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_portable_errors import sharing
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.options import Options, add_options, read_options

if TYPE_CHECKING:
    from pytest_portable_errors.fixtures import AssertRoundtrip
    from pytest_portable_errors.host import Host
    from pytest_portable_errors.marked import MarkedTest
    from pytest_portable_errors.requirement import Requirement
    from pytest_portable_errors.sender.receivers import Receivers
    from pytest_portable_errors.sender.serializers import Serializers
    from pytest_portable_errors.session import Session
    from pytest_portable_errors.survey.cases import Case

MARKER = "portable_exception"
CASES = "portable_cases"

_OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
_SESSION: pytest.StashKey[Session] = pytest.StashKey()
_REQUIREMENT: pytest.StashKey[Requirement] = pytest.StashKey()
_TEST: pytest.StashKey[MarkedTest] = pytest.StashKey()
_SHARED_BEFORE: pytest.StashKey[sharing.Shared] = pytest.StashKey()


class NotPortable(pytest.fail.Exception):  # type: ignore[name-defined, misc]  # an attribute of a function, for mypy no type
    """The failure of a test whose exceptions are not portable."""


# --- set-up


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from pytest_portable_errors import hooks

    pluginmanager.add_hookspecs(hooks)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(*, raises, arrives_as, receiver, serializers, checks, at_least, reason): the exceptions that the test raises survive "
        "the trip to another process (pytest-portable-errors)",
    )
    config.addinivalue_line("markers", f"{CASES}(suite): the test runs once for each case of the suite (pytest-portable-errors)")
    config.stash[_OPTIONS] = read_options(config, serializers=lambda: _serializers(config).names, suites=_suites)
    # A test that calls check_round_trip, and nothing else of ours, is to know the project as well.
    config.stash[_SHARED_BEFORE] = sharing.share(sharing.Shared(make=lambda: _receivers_of_the_run(config)))
    if config.stash[_OPTIONS].runs_suites_alone:
        config.args[:] = []


def pytest_unconfigure(config: pytest.Config) -> None:
    session = config.stash.get(_SESSION, None)
    if session is not None:
        session.close()
    before = config.stash.get(_SHARED_BEFORE, None)
    if before is not None:
        sharing.share(before)


def _session(config: pytest.Config) -> Session:
    """What a run needs once it uses the plugin, made on first use."""
    if _SESSION not in config.stash:
        from pytest_portable_errors.session import Session

        config.stash[_SESSION] = Session(
            python_files=config.getini("python_files"),
            serializers=_serializers(config),
            options=config.stash[_OPTIONS],
            host=_host(),
            controller=os.getppid() if hasattr(config, "workerinput") else None,
        )
    return config.stash[_SESSION]


def _receivers_of_the_run(config: pytest.Config) -> Receivers:
    ours = _session(config)
    running = config.pluginmanager.get_plugin("session")
    ours.collected({item.path for item in getattr(running, "items", ())})
    return ours.receivers


def _serializers(config: pytest.Config) -> Serializers:
    from pytest_portable_errors.sender.serializers import Serializers

    try:
        return Serializers(serializer for added in config.hook.pytest_portable_errors_serializers() for serializer in added)
    except TypeError as error:
        raise pytest.UsageError(f"pytest_portable_errors_serializers must return a list of serializers: {error}") from error
    except PortableErrorsError as error:
        raise pytest.UsageError(f"pytest_portable_errors_serializers: {error}") from error


def _suites() -> Iterable[str]:
    from pytest_portable_errors.survey.cases import suite_names

    return suite_names()


def _host() -> Host:
    from unittest import SkipTest

    from pytest_portable_errors.host import Host

    outcomes = (pytest.skip.Exception, pytest.fail.Exception, pytest.xfail.Exception, pytest.exit.Exception, SkipTest)
    return Host(fail=_fail, outcomes=outcomes, exception_info=pytest.ExceptionInfo, raises=pytest.raises)


def _fail(text: str) -> NoReturn:
    raise NotPortable(text, pytrace=False)


# --- collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if isinstance(collector, pytest.Session):
        report.result = [*(report.result or ()), *_suite_collectors(collector)]
    elif report.passed and report.result:
        items = (item for item in report.result if isinstance(item, pytest.Item))
        wrong = "\n".join(filter(None, map(_read_marks, items)))
        if wrong:
            report.outcome, report.longrepr, report.result = "failed", wrong, []
    return report


def _suite_collectors(parent: pytest.Session) -> list[pytest.Collector]:
    suites = parent.config.stash[_OPTIONS].suites
    if not suites:
        return []
    from pytest_portable_errors.collection import Lookahead, SuiteCollector

    parent.config.pluginmanager.register(Lookahead(), "portable_errors_lookahead")
    return [SuiteCollector.of(parent, suite, _session(parent.config)) for suite in suites]


def _asks_receivers(item: pytest.Item) -> bool:
    return _REQUIREMENT in item.stash or "assert_roundtrip" in getattr(item, "fixturenames", ())


def _read_marks(item: pytest.Item) -> str | None:
    """Keep what a test's markers demand now (some are added later, by other plugins and by fixtures); give what is wrong with them."""
    marks = list(item.iter_markers(MARKER))
    try:
        if marks:
            item.stash[_REQUIREMENT] = _session(item.config).requirement(marks)
    except PortableErrorsError as error:
        return f"{item.nodeid}: @pytest.mark.{MARKER}: {error}"
    return None


def pytest_pycollect_makeitem(collector: Any, name: str, obj: object) -> None:
    if isinstance(obj, BaseException) and collector.funcnamefilter(name):
        from pytest_portable_errors.requirement import swallowed_test

        message = swallowed_test(collector.nodeid, name, obj)
        if message is not None:
            raise collector.CollectError(message)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for mark in metafunc.definition.iter_markers(CASES):
        try:
            cases = _session(metafunc.config).cases(*mark.args)
        except PortableErrorsError as error:
            raise pytest.Collector.CollectError(str(error)) from error
        if "portable_case" not in metafunc.fixturenames:
            metafunc.fixturenames.append("portable_case")
        metafunc.parametrize("portable_case", cases, ids=[f"{case.subject.name}-{case.label}" for case in cases], indirect=True)


def pytest_collection_finish(session: pytest.Session) -> None:
    wrong = "\n".join(filter(None, map(_read_marks, session.items)))  # again: hooks add markers to what was collected
    if wrong:
        raise pytest.UsageError(wrong)
    if _SESSION in session.config.stash or any(map(_asks_receivers, session.items)):
        ours = _session(session.config)
        ours.collected({item.path for item in session.items})
        if not session.config.option.collectonly:
            # Now, and not in the middle of a test that patches the world.
            ours.start_receivers(ours.requirement(item.iter_markers(MARKER)) for item in session.items if _asks_receivers(item))


# --- tests


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    wrong = _read_marks(item)
    if wrong:
        _fail(wrong)
    if _REQUIREMENT in item.stash:
        item.stash[_TEST] = _session(item.config).marked_test(item.stash[_REQUIREMENT])
        result = yield from item.stash[_TEST].watch(item)
    else:
        result = yield
    if any(item.iter_markers(CASES)):
        from pytest_portable_errors.collection import check_case

        assert isinstance(item, pytest.Function)  # parametrized by us
        case: Any = item.callspec.params["portable_case"]
        check_case(_session(item.config), case)
    return result


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    test = item.stash.get(_TEST, None)
    if test is not None and call.when == "call":
        if call.excinfo is not None and test.is_running:
            test.escaped_subtest(call.excinfo.value)
        if test.section is not None and report.failed:
            report.sections.append(("portable errors", test.section))
    exposed = _session(item.config).exposure.take() if _SESSION in item.config.stash else []
    if exposed:
        report.portable_credentials = exposed  # type: ignore[attr-defined]  # reports carry what plugins put on them
    if call.excinfo is not None and isinstance(call.excinfo.value, NotPortable):
        report.longrepr = str(call.excinfo.value)
        report.portable_errors = True  # type: ignore[attr-defined]  # reports carry what plugins put on them, also through pytest-xdist
    return report


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if getattr(report, "portable_errors", False) and isinstance(report.longrepr, str):
        from pytest_portable_errors.report.terminal import FailureText

        report.longrepr = FailureText(report.longrepr)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for line in (*(_session(config).warnings if _SESSION in config.stash else ()), *_exposed(terminalreporter)):
        terminalreporter.write_line(f"portable errors: {line}", yellow=True)


def _exposed(terminalreporter: pytest.TerminalReporter) -> Iterable[str]:
    reports = [report for group in terminalreporter.stats.values() for report in group]
    rows = [row for report in reports for row in getattr(report, "portable_credentials", ())]
    if not rows:
        return ()
    from pytest_portable_errors.exposure import summary_lines

    return summary_lines(rows)


@pytest.fixture
def assert_roundtrip(request: pytest.FixtureRequest) -> AssertRoundtrip:
    """Send an exception to a fresh interpreter without the project's modules, and fail if something of it is lost there."""
    return _session(request.config).assert_roundtrip(request.node.iter_markers(MARKER))


@pytest.fixture
def portable_case(request: pytest.FixtureRequest) -> Case:
    """The case that a test under ``@portable_cases`` runs for."""
    case: Case = request.param
    return case
