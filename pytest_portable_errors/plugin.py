"""pytest hooks: a few lines and one call each.

pytest imports this module in every run of every environment that has the plugin. It imports only
what pytest has imported; the rest loads when a marker, a fixture or an option asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any, cast

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.report.rows import is_own_item, junit_properties
from pytest_portable_errors.run.fixtures import (
    assert_primitive,
    assert_roundtrip,
    assert_value_roundtrip,
    portable_case,
)
from pytest_portable_errors.run.option_specs import CASES, MARKER, add_options
from pytest_portable_errors.run.option_values import FROM_CONTROLLER
from pytest_portable_errors.run.options import gave_no_paths, read_options
from pytest_portable_errors.run.reporter import Reporter
from pytest_portable_errors.run.stash import (
    OPTIONS,
    RUN,
    NotPortable,
    baseline_of,
    declarations_of,
    ensure_serializers,
    fail,
    receivers_of,
    run_of,
    serializers_of,
    suites,
)
from pytest_portable_errors.sender import process_receivers

if TYPE_CHECKING:
    from pytest_portable_errors.run.marker import MarkerOptions
    from pytest_portable_errors.run.monitored_test import MonitoredTest
    from pytest_portable_errors.survey.cases import Case

__all__ = ["assert_primitive", "assert_roundtrip", "assert_value_roundtrip", "portable_case"]
"""The fixtures, which pytest finds here."""

_TRIPS = frozenset({"assert_roundtrip", "assert_value_roundtrip"})  # fixtures that ask a receiver

_MARKER_OPTIONS: pytest.StashKey[MarkerOptions] = pytest.StashKey()
_TEST: pytest.StashKey[MonitoredTest] = pytest.StashKey()
_IN_CALL: pytest.StashKey[bool] = pytest.StashKey()
_SHARED_BEFORE: pytest.StashKey[process_receivers.Shared] = pytest.StashKey()


# --- set-up


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from pytest_portable_errors.run import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers",
        f"{MARKER}(*, raises, chain, arrives_as, receiver, serializers, checks, at_least, "
        "primitive, reason): the exceptions that the "
        "test raises survive the trip to another process (pytest-portable-errors)",
    )
    config.addinivalue_line(
        "markers",
        f"{CASES}(suite): the test runs once for each case of the suite (pytest-portable-errors)",
    )
    config.stash[OPTIONS] = read_options(
        config, serializers=lambda: serializers_of(config).names, suites=suites
    )
    ensure_serializers(config)
    # A test that calls check_round_trip, and nothing else of ours, is to know the project as well.
    config.stash[_SHARED_BEFORE] = process_receivers.replace(
        process_receivers.Shared(make=lambda: receivers_of(config))
    )
    if config.stash[OPTIONS].runs_no_tests:
        config.args[:] = []
    if not hasattr(config, "workerinput"):
        looks = config.stash[OPTIONS].is_on or config.stash[OPTIONS].surveys
        config.pluginmanager.register(
            Reporter(config, config.stash[OPTIONS], baseline_of(config) if looks else None),
            "portable_errors_reporting",
        )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if RUN in session.config.stash:
        # while the summary is made: in pytest_unconfigure they are waited for
        run_of(session.config).receivers.end()


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()
    before = config.stash.get(_SHARED_BEFORE, None)
    if before is not None:
        process_receivers.replace(before)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Of pytest-xdist: what the workers cannot know."""
    # what is wrong with a hook is said here: a worker's usage error is seen by nobody
    declarations_of(node.config)
    told = {
        "without_paths": gave_no_paths(node.config),
        "baseline": baseline_of(node.config).text(),
    }
    node.workerinput[FROM_CONTROLLER] = told


# --- collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if isinstance(collector, pytest.Session):
        report.result = [*(report.result or ()), *_case_collectors(collector)]
    elif report.passed and report.result:
        # Whatever the markers are, they are read again before the tests run; this is asked of each
        # of ten thousands, in every run.
        items = (
            item
            for item in report.result
            if isinstance(item, pytest.Item) and MARKER in item.keywords
        )
        wrong = "\n".join(filter(None, map(_read_marks, items)))
        if wrong:
            report.outcome, report.longrepr, report.result = "failed", wrong, []
    return report


def _case_collectors(parent: pytest.Session) -> list[pytest.Collector]:
    options = parent.config.stash[OPTIONS]
    if not (options.suites or options.surveys):
        return []
    from pytest_portable_errors.run.case_items import CaseCollector, Lookahead

    parent.config.pluginmanager.register(Lookahead(), "portable_errors_lookahead")
    cases = run_of(parent.config).cases
    collectors: list[pytest.Collector] = [
        CaseCollector.of(parent, cases, suite=suite) for suite in options.suites
    ]
    return [*collectors, *([CaseCollector.of(parent, cases)] if options.surveys else [])]


def _asks_receivers(item: pytest.Item) -> bool:
    return _MARKER_OPTIONS in item.stash or not _TRIPS.isdisjoint(getattr(item, "fixturenames", ()))


def _read_marks(item: pytest.Item) -> str | None:
    """Keep what a test's markers demand now (some are added later, by other plugins and by
    fixtures); give what is wrong with them."""
    marks = list(item.iter_markers(MARKER))
    try:
        if marks:
            item.stash[_MARKER_OPTIONS] = run_of(item.config).marker_options(marks)
    except PortableErrorsError as error:
        return f"{item.nodeid}: @pytest.mark.{MARKER}: {error}"
    return None


def pytest_pycollect_makeitem(
    collector: pytest.Module | pytest.Class, name: str, obj: object
) -> None:
    if isinstance(obj, BaseException) and collector.funcnamefilter(name):
        from pytest_portable_errors.run.marker import swallowed_test

        message = swallowed_test(collector.nodeid, name, obj)
        if message is not None:
            raise collector.CollectError(message)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for mark in metafunc.definition.iter_markers(CASES):
        try:
            cases = run_of(metafunc.config).cases.of_suite(*mark.args)
        except PortableErrorsError as error:
            raise pytest.Collector.CollectError(str(error)) from error
        if "portable_case" not in metafunc.fixturenames:
            metafunc.fixturenames.append("portable_case")
        metafunc.parametrize(
            "portable_case",
            cases,
            ids=[f"{case.subject.name}-{case.label}" for case in cases],
            indirect=True,
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    # again: hooks add markers to what was collected
    wrong = "\n".join(filter(None, map(_read_marks, session.items)))
    if wrong:
        raise pytest.UsageError(wrong)
    if (
        RUN in session.config.stash
        or session.config.stash[OPTIONS].is_on
        or any(map(_asks_receivers, session.items))
    ):
        run = run_of(session.config)
        run.collected({item.path for item in session.items})
        if not session.config.option.collectonly:
            # Now, and not in the middle of a test that patches the world.
            run.start_receivers(
                run.marker_options(item.iter_markers(MARKER))
                for item in session.items
                if _asks_receivers(item)
            )


# --- tests


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    wrong = _read_marks(item)
    if wrong:
        fail(wrong)
    item.stash[_IN_CALL] = True
    try:
        result = yield from _watch(item)
    finally:
        item.stash[_IN_CALL] = False
    if any(item.iter_markers(CASES)):
        from pytest_portable_errors.run.case_items import check_case

        assert isinstance(item, pytest.Function)  # parametrized by us
        case = cast("Case", item.callspec.params["portable_case"])
        check_case(run_of(item.config).cases, case)
    return result


def _watch(item: pytest.Item) -> Generator[None, object, object]:
    if _MARKER_OPTIONS in item.stash:
        item.stash[_TEST] = run_of(item.config).marked_test(item.stash[_MARKER_OPTIONS])
    elif item.config.stash[OPTIONS].is_on and not is_own_item(item.nodeid):
        item.stash[_TEST] = run_of(item.config).any_test()
    else:
        return (yield)
    return (yield from item.stash[_TEST].watch(item))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    test = item.stash.get(_TEST, None)
    if test is not None and call.when == "call":
        if call.excinfo is not None and test.is_running:
            test.escaped_subtest(call.excinfo.value)
        if test.section is not None and report.failed:
            report.sections.append(("portable errors", test.section))
    # a subtest's report comes in the middle of the call
    if RUN in item.config.stash and not item.stash.get(_IN_CALL, False):
        entries = run_of(item.config).recorder.take()
        if entries is not None:
            # reports carry what plugins put on them, also through pytest-xdist
            report.portable_errors = entries  # type: ignore[attr-defined]
            item.user_properties.extend(junit_properties(entries))
    if call.excinfo is not None and isinstance(call.excinfo.value, NotPortable):
        report.longrepr = str(call.excinfo.value)
        report.portable_errors_text = True  # type: ignore[attr-defined]  # as above
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for line in run_of(config).warnings if RUN in config.stash else ():
        terminalreporter.write_line(f"portable errors: {line}", yellow=True)
