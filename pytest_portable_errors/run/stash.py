"""What a run of the plugin is made of, from pytest's config. Loaded in every run, so that it
imports what is needed when it is needed."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING, NoReturn

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.option_values import FROM_CONTROLLER
from pytest_portable_errors.run.options import Options

if TYPE_CHECKING:
    from pytest_portable_errors.judging.declarations import Declarations
    from pytest_portable_errors.report.baseline import Baseline
    from pytest_portable_errors.run.pytest_api import PytestApi
    from pytest_portable_errors.run.run import Run
    from pytest_portable_errors.sender.receivers import Receivers
    from pytest_portable_errors.sender.registry import Serializers

OPTIONS: pytest.StashKey[Options] = pytest.StashKey()
RUN: pytest.StashKey[Run] = pytest.StashKey()


# an attribute of a function, for mypy no type
class NotPortable(pytest.fail.Exception):  # type: ignore[name-defined, misc]
    """The failure of a test whose exceptions are not portable."""


def run_of(config: pytest.Config) -> Run:
    """What a run needs once it uses the plugin, made on first use."""
    if RUN not in config.stash:
        from pytest_portable_errors.run.run import Run

        declarations_of(config)  # what is wrong with a hook is said before the tests run

        config.stash[RUN] = Run(
            python_files=config.getini("python_files"),
            serializers=serializers_of(config),
            declare=lambda: declarations_of(config),
            baseline=baseline_of(config),
            options=config.stash[OPTIONS],
            pytest_api=_pytest_api(),
            controller=os.getppid() if hasattr(config, "workerinput") else None,
        )
    return config.stash[RUN]


def receivers_of(config: pytest.Config) -> Receivers:
    """Those of the run, told of the tests that were collected."""
    ours = run_of(config)
    running = config.pluginmanager.get_plugin("session")
    ours.collected({item.path for item in getattr(running, "items", ())})
    return ours.receivers


def baseline_of(config: pytest.Config) -> Baseline:
    """The known defects: from the file, or in a worker of pytest-xdist from its controller."""
    from pytest_portable_errors.report.baseline import parse, read_baseline

    told = getattr(config, "workerinput", {}).get(FROM_CONTROLLER)
    try:
        return (
            read_baseline(config.stash[OPTIONS].baseline)
            if told is None
            else parse(told["baseline"], origin="baseline")
        )
    except PortableErrorsError as error:
        raise pytest.UsageError(str(error)) from error


def declarations_of(config: pytest.Config) -> Declarations:
    """What settings and hooks say of classes. Raises pytest.UsageError for a hook that gave
    something else."""
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
    """Ours and those of other plugins. Raises pytest.UsageError for a hook that gave something
    else."""
    from pytest_portable_errors.sender.registry import Serializers

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
    """Look once, and not in each test, whether what the run asks for is installed. Raises
    pytest.UsageError."""
    options = config.stash[OPTIONS]
    if not (options.is_on or options.surveys or options.suites):
        return
    known = serializers_of(config)
    try:
        for name in options.serializers:
            known.find(name)
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
        fail=fail, outcomes=outcomes, exception_info=pytest.ExceptionInfo, raises=pytest.raises
    )


def fail(text: str) -> NoReturn:
    """Fail the running test with this text."""
    raise NotPortable(text, pytrace=False)
