"""What the plugin keeps on pytest's config and items: the options, the run, the marker's options.

pytest imports this module in every run, so functions import what only a used plugin needs.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, NoReturn

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.option_specs import MARKER
from pytest_portable_errors.run.option_values import FROM_CONTROLLER, is_worker
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.sender import process_receivers

if TYPE_CHECKING:
    from pytest_portable_errors.judging.declarations import Declarations
    from pytest_portable_errors.report.baseline import Baseline
    from pytest_portable_errors.run.marker import MarkerOptions
    from pytest_portable_errors.run.pytest_api import PytestApi
    from pytest_portable_errors.run.run import Run
    from pytest_portable_errors.sender.receivers import Receivers
    from pytest_portable_errors.sender.registry import Serializers
    from pytest_portable_errors.sender.shared import SharedHub

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
"""On the config: the options, from ``pytest_configure`` on."""
RUN: pytest.StashKey[Run] = pytest.StashKey()
"""On the config: the run; missing until ``run_of`` makes it."""
MARKER_OPTIONS: pytest.StashKey[MarkerOptions] = pytest.StashKey()
"""On an item: the merged keywords of its markers; missing if it has none."""
_HUB: pytest.StashKey[SharedHub | None] = pytest.StashKey()
"""On the controller's config: what its workers share receivers by; None: it could not be had."""
_SHARED_BEFORE: pytest.StashKey[process_receivers.Shared] = pytest.StashKey()
"""On the config: what the process shared before this run."""

_TRIP_FIXTURES = frozenset({"assert_roundtrip", "assert_value_roundtrip"})
"""The fixtures that ask a receiver."""


# The base is an attribute of the function pytest.fail, which mypy does not take for a type.
class NotPortable(pytest.fail.Exception):  # type: ignore[name-defined, misc]
    """The failure of a test whose exceptions are not portable."""


def fail(text: str) -> NoReturn:
    """Fail the running test with this text and no traceback.

    Raises:
        NotPortable: Always.
    """
    raise NotPortable(text, pytrace=False)


class ToldOnce(NotPortable):
    """The failure of a test whose defects the summary tells, together with those of others."""


def fail_told_once(text: str) -> NoReturn:
    """Fail the running test with this text, which the summary tells in full.

    Raises:
        ToldOnce: Always.
    """
    raise ToldOnce(text, pytrace=False)


# --- on the config


def run_of(config: pytest.Config) -> Run:
    """The run that uses the plugin, made on first use.

    Raises:
        pytest.UsageError: A hook or the baseline holds something wrong; or this is PyPy.
    """
    if RUN not in config.stash:
        from pytest_portable_errors.run.run import Run

        # Called for its error alone: what is wrong with a hook is said before the tests run.
        declarations_of(config)
        serializers = serializers_of(config)
        _use_reducers(config.stash[OPTIONS], serializers)

        config.stash[RUN] = Run(
            python_files=config.getini("python_files"),
            serializers=serializers,
            declare=lambda: declarations_of(config),
            baseline=baseline_of(config),
            options=config.stash[OPTIONS],
            pytest_api=_pytest_api(),
            controller=os.getppid() if is_worker(config) else None,
            hub=getattr(config, "workerinput", {}).get(FROM_CONTROLLER, {}).get("hub"),
            # What was shared before this run's own was shared: something, if a run is around it.
            is_nested=config.stash[_SHARED_BEFORE].make is not None,
        )
    return config.stash[RUN]


def _use_reducers(options: Options, serializers: Serializers) -> None:
    """Let exceptions be pickled as the project's workers do, which import its module of reducers.

    Raises:
        pytest.UsageError: The generated part of the module was changed, and cannot be read.
    """
    from pytest_portable_errors.run.reducers_place import reducers_place

    file, _ = reducers_place(options)
    if not file.is_file():
        return
    from pytest_portable_errors.repair.loaded import reducers_in
    from pytest_portable_errors.repair.reducers import NotOurs

    try:
        serializers.use(reducers_in(file.read_text(encoding="utf-8"), str(file)))
    except (NotOurs, OSError, UnicodeDecodeError) as error:
        raise pytest.UsageError(
            f"{file}: {error}: repair its marks, or delete the file and let "
            "--portable-errors-fix write it again"
        ) from error


def begin_run(session: pytest.Session) -> None:
    """Tell the run which files were collected, and start the receivers that its tests will ask.

    Receivers start now because a test may patch what their start needs. With ``--collect-only``
    none starts.
    """
    run = run_of(session.config)
    run.collected({item.path for item in session.items})
    if not session.config.option.collectonly:
        run.start_receivers(
            run.marker_options(item.iter_markers(MARKER))
            for item in session.items
            if asks_receivers(item)
        )


def receivers_of(config: pytest.Config) -> Receivers:
    """The receivers of the run, told of the test files that were collected so far.

    Raises:
        pytest.UsageError: As ``run_of`` does.
    """
    run = run_of(config)
    session = config.pluginmanager.get_plugin("session")
    run.collected({item.path for item in getattr(session, "items", ())})
    return run.receivers


def share_receivers(config: pytest.Config) -> None:
    """Let ``check_round_trip`` make its receivers from this run, on first use.

    A test that calls it, and uses nothing else of the plugin, is to know the project as well.
    """
    config.stash[_SHARED_BEFORE] = process_receivers.replace(
        process_receivers.Shared(make=lambda: receivers_of(config))
    )


def hub_for(config: pytest.Config, worker: Any) -> str | None:
    """The path by which a worker of pytest-xdist shares receivers; the first call starts the hub.

    Args:
        config: The controller's.
        worker: pytest-xdist's controller of the worker.

    Returns:
        None for a worker on another host, where options ask for no receivers, and where no hub can
        be had: the worker then has receivers of its own.
    """
    options = config.stash[OPTIONS]
    asks = options.is_on or options.suites or options.surveys or options.goldens
    if not worker.gateway.spec.popen or not asks:
        return None
    if _HUB not in config.stash:
        from pytest_portable_errors.sender.shared import SharedHub

        try:
            config.stash[_HUB] = SharedHub()
        except OSError:
            config.stash[_HUB] = None
    hub = config.stash[_HUB]
    return None if hub is None else hub.path


def close_hub(config: pytest.Config) -> None:
    """End the hub and the receivers that workers shared, if there is one."""
    hub = config.stash.get(_HUB, None)
    if hub is not None:
        hub.close()


def restore_receivers(config: pytest.Config) -> None:
    """Undo ``share_receivers``, if it was called."""
    before = config.stash.get(_SHARED_BEFORE, None)
    if before is not None:
        process_receivers.replace(before)


def baseline_of(config: pytest.Config) -> Baseline:
    """The known defects: from the file, or in a worker of pytest-xdist from its controller.

    Raises:
        pytest.UsageError: The file cannot be read, or is no baseline.
    """
    from pytest_portable_errors.report.baseline import parse, read_baseline

    from_controller = getattr(config, "workerinput", {}).get(FROM_CONTROLLER)
    try:
        return (
            read_baseline(config.stash[OPTIONS].baseline)
            if from_controller is None
            else parse(from_controller["baseline"], origin="baseline")
        )
    except PortableErrorsError as error:
        raise pytest.UsageError(str(error)) from error


def declarations_of(config: pytest.Config) -> Declarations:
    """What settings and hooks declare about exception classes.

    Raises:
        pytest.UsageError: A hook returned something that its specification does not allow.
    """
    from pytest_portable_errors.judging.declarations import declarations

    options = config.stash[OPTIONS]
    try:
        return declarations(
            expect=options.expect,
            ignore=options.ignore,
            expect_hooks=config.hook.pytest_portable_errors_expect(),
            instances_hooks=config.hook.pytest_portable_errors_instances(),
        )
    except PortableErrorsError as error:
        raise pytest.UsageError(str(error)) from error


def serializers_of(config: pytest.Config) -> Serializers:
    """The serializers that can be named: the built-in ones, and those of other plugins.

    Raises:
        pytest.UsageError: A hook returned something that its specification does not allow; or this
            is PyPy.
    """
    from pytest_portable_errors.sender.receivers import ensure_can_send
    from pytest_portable_errors.sender.registry import Serializers

    try:
        ensure_can_send()
    except PortableErrorsError as error:
        raise pytest.UsageError(f"portable errors: {error}") from error
    try:
        return Serializers(
            lambda: [
                serializer
                for added in config.hook.pytest_portable_errors_serializers()
                for serializer in added
            ]
        )
    except TypeError as error:
        raise pytest.UsageError(
            f"pytest_portable_errors_serializers must return a list of serializers: {error}"
        ) from error
    except PortableErrorsError as error:
        raise pytest.UsageError(f"pytest_portable_errors_serializers: {error}") from error


def ensure_serializers(config: pytest.Config) -> None:
    """Check once, and not in each test, that the chosen serializers are installed.

    Without ``--portable-errors``, survey or suite nothing is checked here: only markers and
    fixtures need serializers then, and look for them themselves.

    Raises:
        pytest.UsageError: One is unknown or not installed.
    """
    options = config.stash[OPTIONS]
    if not (options.is_on or options.surveys or options.suites):
        return
    serializers = serializers_of(config)
    try:
        for name in options.serializers:
            serializers.find(name)
    except PortableErrorsError as error:
        raise pytest.UsageError(
            f"{Ini(config).origin('portable_errors_serializers')}: {error}"
        ) from error


def suites() -> Iterable[str]:
    """Names of the suites that are installed."""
    from pytest_portable_errors.survey.cases import suite_names

    return suite_names()


def _pytest_api() -> PytestApi:
    from unittest import SkipTest

    from pytest_portable_errors.run.pytest_api import PytestApi

    outcomes = (
        pytest.skip.Exception,
        pytest.fail.Exception,
        pytest.xfail.Exception,
        pytest.exit.Exception,
        SkipTest,
    )
    return PytestApi(
        fail=fail,
        fail_told_once=fail_told_once,
        outcomes=outcomes,
        exception_info=pytest.ExceptionInfo,
        raises=pytest.raises,
    )


# --- on an item


def keep_marker_options(item: pytest.Item) -> str | None:
    """Merge the markers that a test has now, and keep the result in ``MARKER_OPTIONS``.

    Other plugins and fixtures add markers later, so this is called at several moments.

    Returns:
        What is wrong with the markers, with the test's node ID; None if nothing is.
    """
    marks = list(item.iter_markers(MARKER))
    try:
        if marks:
            item.stash[MARKER_OPTIONS] = run_of(item.config).marker_options(marks)
    except PortableErrorsError as error:
        return f"{item.nodeid}: @pytest.mark.{MARKER}: {error}"
    return None


def marker_problems(items: Iterable[pytest.Item]) -> str:
    """Call ``keep_marker_options`` for each test; what is wrong, a line each, empty if nothing."""
    return "\n".join(filter(None, map(keep_marker_options, items)))


def asks_receivers(item: pytest.Item) -> bool:
    """Whether a test has a marker, or uses a fixture, that sends something to a receiver."""
    return MARKER_OPTIONS in item.stash or not _TRIP_FIXTURES.isdisjoint(
        getattr(item, "fixturenames", ())
    )
