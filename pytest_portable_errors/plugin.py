"""pytest's hooks: each a few lines, which call the module of ``run/`` that the work belongs to.

pytest imports this module in every run of every environment that has the plugin installed. So it
imports only what each run needs; the rest loads when a marker, a fixture or an option asks for it.
"""

from __future__ import annotations

from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.report.rows import is_own_item
from pytest_portable_errors.run.fixtures import (
    assert_primitive,
    assert_roundtrip,
    assert_value_roundtrip,
    portable_case,
)
from pytest_portable_errors.run.option_specs import CASES, MARKER, add_markers, add_options
from pytest_portable_errors.run.option_values import FROM_CONTROLLER, is_worker
from pytest_portable_errors.run.options import gave_no_paths, read_options
from pytest_portable_errors.run.report_attributes import attach_rows, attach_text
from pytest_portable_errors.run.reporter import register_reporter
from pytest_portable_errors.run.stash import (
    MARKER_OPTIONS,
    OPTIONS,
    RUN,
    NotPortable,
    asks_receivers,
    baseline_of,
    begin_run,
    close_hub,
    declarations_of,
    ensure_serializers,
    fail,
    hub_for,
    keep_marker_options,
    marker_problems,
    restore_receivers,
    run_of,
    serializers_of,
    share_receivers,
    suites,
)

if TYPE_CHECKING:
    from pytest_portable_errors.run.monitored_test import MonitoredTest

__all__ = ["assert_primitive", "assert_roundtrip", "assert_value_roundtrip", "portable_case"]
"""The fixtures, which pytest finds here."""

_TEST: pytest.StashKey[MonitoredTest] = pytest.StashKey()
"""On an item: the test that is monitored, from the beginning of its call on."""
_IN_CALL: pytest.StashKey[bool] = pytest.StashKey()
"""On an item: whether its call runs now."""


# --- set-up


def pytest_addoption(parser: pytest.Parser) -> None:
    add_options(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    from pytest_portable_errors.run import hookspecs

    pluginmanager.add_hookspecs(hookspecs)


def pytest_configure(config: pytest.Config) -> None:
    add_markers(config)
    config.stash[OPTIONS] = read_options(
        config, serializers=lambda: serializers_of(config).names, suites=suites
    )
    ensure_serializers(config)
    share_receivers(config)
    if config.stash[OPTIONS].runs_no_tests:
        config.args[:] = []
    if not is_worker(config):
        register_reporter(config)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    if RUN in session.config.stash:
        # They end while the summary is made; pytest_unconfigure waits for them.
        run_of(session.config).receivers.end()


def pytest_unconfigure(config: pytest.Config) -> None:
    run = config.stash.get(RUN, None)
    if run is not None:
        run.close()
    restore_receivers(config)
    close_hub(config)


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """A hook of pytest-xdist: tell a worker what only the controller knows."""
    # Nobody sees a worker's usage error, so wrong results of hooks are refused in the controller.
    declarations_of(node.config)
    node.workerinput[FROM_CONTROLLER] = {
        "without_paths": gave_no_paths(node.config),
        "baseline": baseline_of(node.config).text(),
        "hub": hub_for(node.config, node),
    }


# --- collection


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    report = yield
    if isinstance(collector, pytest.Session):
        report.result = [*(report.result or ()), *_case_collectors(collector)]
    elif report.passed and report.result:
        # Only items that have the marker by now: a run may have ten thousand others. All markers
        # are read again before the tests run.
        problems = marker_problems(
            item
            for item in report.result
            if isinstance(item, pytest.Item) and MARKER in item.keywords
        )
        if problems:
            report.outcome, report.longrepr, report.result = "failed", problems, []
    return report


def _case_collectors(session: pytest.Session) -> list[pytest.Collector]:
    """The collectors of suites and of the survey; their module loads only if there are any."""
    options = session.config.stash[OPTIONS]
    collectors: list[pytest.Collector] = []
    if options.suites or options.surveys_project or options.survey:
        from pytest_portable_errors.run.case_items import case_collectors

        collectors += case_collectors(session, run_of(session.config).cases, options)
    if options.surveys_dependencies:
        from pytest_portable_errors.run.dependency_items import DependencyCollector

        collectors.append(DependencyCollector.of(session, run_of(session.config).dependencies))
    if options.goldens is not None:
        from pytest_portable_errors.run.golden_items import golden_collectors

        collectors += golden_collectors(session, options)
    return collectors


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
        from pytest_portable_errors.run.case_items import parametrize

        parametrize(metafunc, cases)


def pytest_collection_finish(session: pytest.Session) -> None:
    # The markers are read again: hooks add markers to the items that were collected.
    problems = marker_problems(session.items)
    if problems:
        raise pytest.UsageError(problems)
    stash = session.config.stash
    if RUN in stash or stash[OPTIONS].is_on or any(map(asks_receivers, session.items)):
        begin_run(session)


# --- tests


@pytest.hookimpl(wrapper=True, trylast=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    problem = keep_marker_options(item)
    if problem:
        fail(problem)
    item.stash[_IN_CALL] = True
    try:
        result = yield from _monitor(item)
    finally:
        item.stash[_IN_CALL] = False
    if any(item.iter_markers(CASES)):
        from pytest_portable_errors.run.case_items import check_parametrized

        check_parametrized(item, run_of(item.config).cases)
    return result


def _monitor(item: pytest.Item) -> Generator[None, object, object]:
    """Run the call: monitored if the test has a marker, or if the exceptions of all are checked."""
    if MARKER_OPTIONS in item.stash:
        item.stash[_TEST] = run_of(item.config).marked_test(item.stash[MARKER_OPTIONS])
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
        test.complete_report(report, call)
    # A subtest's report is made in the middle of the call: the rows wait for the test's own.
    if RUN in item.config.stash and not item.stash.get(_IN_CALL, False):
        attach_rows(report, item)
    if call.when == "teardown":
        # pytest keeps all items until its end.
        if _TEST in item.stash:
            del item.stash[_TEST]
        if _IN_CALL in item.stash:
            del item.stash[_IN_CALL]
    if call.excinfo is not None and isinstance(call.excinfo.value, NotPortable):
        attach_text(report, call.excinfo.value)
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    for warning in run_of(config).warnings if RUN in config.stash else ():
        terminalreporter.write_line(f"portable errors: {warning}", yellow=True)
