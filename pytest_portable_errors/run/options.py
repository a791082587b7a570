"""Reads the command line and the ini keys into one frozen ``Options``.

Whatever is wrong with them is a usage error that names its origin.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable_errors.diagnosis.checks import (
    CHECKS,
    DEFAULT_CHECKS,
    DEFAULT_TIMEOUT,
    MOST_HOPS,
)
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER
from pytest_portable_errors.run import option_values, receiver_values
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.option_values import FROM_CONTROLLER, MODES, is_worker

if TYPE_CHECKING:
    from pytest_portable_errors.judging.declarations import Expected

CAPTURES = ("raises", "unittest", "escaped", "handled")
"""What ``portable_errors_capture`` may hold; all but ``handled`` is the default."""

_NARROWING = ("collectonly", "keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect")
"""pytest's options that select among what is collected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the ini file ask for."""

    root: str
    """pytest's rootdir, absolute: the project's folder. An interpreter's path in a marker is
    relative to it; paths on the command line are relative to the folder in which pytest was
    started, those of ini keys to the ini file's folder."""
    mode: str
    """``off``, ``warn`` or ``error``: what a defect means that is met by a test without a marker.
    ``off``: such tests are not watched."""
    capture: tuple[str, ...]
    """Which exceptions of a watched test are seen: some of ``CAPTURES``."""
    receivers: tuple[str, ...]
    """Names, and absolute paths of interpreters; at least one."""
    receiver_is_chosen: bool
    """Whether a setting names the receivers, so that they are no default."""
    receiver_setup: tuple[str, ...]
    """``module:callable``, called when the receiver with-project or an interpreter given by path
    starts."""
    django_setup: bool
    """Whether with-project calls ``django.setup()`` although no setting says so: the tests are
    those of a Django project."""
    needs_no_setup: bool
    """Whether a setting says that receivers need no set-up (``none``)."""
    installed: tuple[str, ...]
    """Modules that the receivers have although the project or its tests bring them."""
    absent: tuple[str, ...]
    """Modules that the receivers lack although they are installed."""
    serializers: tuple[str, ...]
    """Names; at least one."""
    checks: tuple[str, ...]
    """What is compared: some of ``CHECKS``; at least one."""
    checks_are_chosen: bool
    """Whether a setting names the checks, so that they are no default."""
    expect: tuple[Expected, ...]
    """What classes arrive as on purpose, and which of their attributes may be lost."""
    ignore: tuple[str, ...]
    """Dotted names of classes not to check; ``*`` matches any text."""
    timeout: float
    """Seconds of processor time that one check may take in the receiver; more than 0."""
    hops: int
    """How often an exception is pickled and rebuilt, from 1."""
    is_thorough: bool
    """Whether every exception is sent, also where enough like it were."""
    credentials: str
    """``off``, ``warn`` or ``error``: what credentials in a payload mean."""
    suites: tuple[str, ...]
    """Names of the suites whose cases are checked."""
    survey: tuple[str, ...]
    """Dotted names of packages: each is imported, and its exception classes are checked."""
    surveys_dependencies: bool
    """Whether the distributions that the project requires are surveyed."""
    survey_depth: int
    """1: what the project requires itself; 2: what those require, too; and so on."""
    uses_cache: bool
    """Whether what was found of dependencies is kept for later runs, and taken from earlier ones.
    """
    uses_atlas: bool
    """Whether the summary says what the atlas has seen of the project's dependencies."""
    surveys_project: bool
    """Whether the exception classes of the project are checked, raised or not."""
    runs_no_tests: bool
    """Whether the user named no paths, and asks for nothing but suites and packages."""
    runs_everything: bool
    """Whether this process will run all that it collects, as far as can be told: no option selects
    among it, and it is no worker of pytest-xdist."""
    reports: tuple[Path, ...]
    """Files to write, ``.json``, ``.html`` or ``.sarif``; () in a worker of pytest-xdist."""
    baseline: Path | None
    """The file of known defects. It need not exist where the run writes it, nor in a worker of
    pytest-xdist. None: there is none to read or write."""
    updates_baseline: bool
    """Whether the run writes its defects to ``baseline``, and fails for none of them."""
    goldens: Path | None
    """The folder of goldens that are checked, or written; it need not exist. None: there is none,
    or the run is not of all tests, and the user named no folder."""
    updates_goldens: bool
    """Whether the run writes goldens."""
    goldens_keep: int
    """How many releases' goldens stay when some are written; at least 1."""
    goldens_release: str
    """The release that they are written for; empty: the project's version."""
    fixes: str
    """``none``, ``safe`` or ``unsafe``: which fixes are written, or shown, when the tests have
    ended."""
    shows_diff: bool
    """Whether they are shown as a diff, and nothing is written."""
    reducers: Path | None
    """The module for reducers of others' classes, its links resolved; it need not exist. None: the
    default, see ``reducers_place.py``."""

    @property
    def is_on(self) -> bool:
        """Whether the exceptions of all tests are checked, with a marker or without."""
        return self.mode != "off"

    @property
    def setup_steps(self) -> tuple[str, ...]:
        """What who has the project calls at its start: ``module:callable`` each."""
        return (*(("django:setup",) if self.django_setup else ()), *self.receiver_setup)

    @property
    def surveys(self) -> bool:
        """Whether exception classes of the project or of packages are checked."""
        return self.surveys_project or bool(self.survey) or self.surveys_dependencies


def read_options(
    config: pytest.Config,
    *,
    serializers: Callable[[], Iterable[str]],
    suites: Callable[[], Iterable[str]],
) -> Options:
    """Read and validate the options of this run.

    Args:
        config: pytest's.
        serializers: Gives the names of serializers that exist; called only if some are set.
        suites: Gives the names of suites that exist; called only if some are set.

    Raises:
        pytest.UsageError: An option or ini key is wrong; the text names it, its file, and what it
            may be.
    """
    ini = Ini(config)
    option_values.refuse_own_ids(config)
    chosen_suites, survey = option_values.suites_and_packages(config, ini, suites)
    mode = option_values.mode(config, ini)
    without_paths = gave_no_paths(config)
    checks = ini.names("portable_errors_checks", lambda: CHECKS)
    receivers = receiver_values.receivers(config, ini)
    setup, needs_no_setup = receiver_values.setup(ini)
    if (
        config.getoption("portable_errors_update_baseline")
        and mode == "off"
        and not (chosen_suites or survey)
    ):
        raise pytest.UsageError(
            "--portable-errors-update-baseline: nothing is checked: add --portable-errors"
        )
    runs_no_tests = (
        without_paths
        and mode == "off"
        and bool(
            config.getoption("portable_errors_suite") or config.getoption("portable_errors_survey")
        )
    )
    goldens, updates_goldens = option_values.goldens(
        config, ini, is_asked=without_paths and not runs_no_tests
    )
    if updates_goldens and mode == "off":
        raise pytest.UsageError(
            "--portable-errors-update-goldens: nothing is checked: add --portable-errors"
        )
    fixes = option_values.fixes(config)
    if fixes != "none" and mode == "off" and not (chosen_suites or survey):
        raise pytest.UsageError(
            f"{option_values.fix_option(config)}: nothing is checked: add --portable-errors"
        )
    return Options(
        root=str(config.rootpath),
        mode=mode,
        capture=ini.names("portable_errors_capture", lambda: CAPTURES) or CAPTURES[:3],
        receivers=receivers or (DEFAULT_RECEIVER,),
        receiver_is_chosen=bool(receivers),
        receiver_setup=setup,
        django_setup=not setup and not needs_no_setup and receiver_values.tests_django(),
        needs_no_setup=needs_no_setup,
        installed=receiver_values.dotted(ini, "portable_errors_installed"),
        absent=receiver_values.dotted(ini, "portable_errors_absent"),
        serializers=ini.names("portable_errors_serializers", serializers)
        or ("pickle", "cloudpickle"),
        checks=checks or DEFAULT_CHECKS,
        checks_are_chosen=bool(checks),
        expect=option_values.expect(ini),
        ignore=ini.lines("portable_errors_ignore", expected="a list of dotted names"),
        timeout=ini.seconds("portable_errors_timeout", default=DEFAULT_TIMEOUT),
        hops=ini.whole("portable_errors_hops", most=MOST_HOPS, default=1),
        is_thorough=ini.flag("portable_errors_thorough"),
        credentials=ini.choice("portable_errors_credentials", MODES, default="warn"),
        suites=chosen_suites,
        survey=tuple(name for name in survey if name != option_values.DEPENDENCIES),
        surveys_dependencies=option_values.DEPENDENCIES in survey,
        survey_depth=option_values.at_least_one(
            "--portable-errors-survey-depth", config.getoption("portable_errors_survey_depth")
        ),
        uses_atlas=ini.flag("portable_errors_atlas", default=True),
        uses_cache=not config.getoption("portable_errors_no_cache"),
        surveys_project=mode != "off"
        and (without_paths or bool(survey))
        and not option_values.surveys_nothing(ini),
        runs_no_tests=runs_no_tests,
        runs_everything=not any(getattr(config.option, name, None) for name in _NARROWING)
        and not is_worker(config),
        reports=option_values.reports(config),
        baseline=option_values.baseline(config, ini),
        updates_baseline=config.getoption("portable_errors_update_baseline"),
        goldens=goldens,
        updates_goldens=updates_goldens,
        goldens_keep=option_values.at_least_one(
            "--portable-errors-goldens-keep", config.getoption("portable_errors_goldens_keep")
        ),
        goldens_release=config.getoption("portable_errors_goldens_release"),
        fixes=fixes,
        shows_diff=config.getoption("portable_errors_diff"),
        reducers=option_values.reducers(config, ini),
    )


def gave_no_paths(config: pytest.Config) -> bool:
    """Whether the user named no files or folders on the command line.

    A worker of pytest-xdist is told by its controller, which hands the folders that it has worked
    out to its workers as if they had been named.
    """
    if is_worker(config):
        return bool(vars(config)["workerinput"][FROM_CONTROLLER]["without_paths"])
    return config.args_source is not config.ArgsSource.ARGS


def named_paths(config: pytest.Config) -> Sequence[str]:
    """The files, folders and node IDs that the user named on the command line; () if none."""
    return () if gave_no_paths(config) else config.args


def is_narrowed(config: pytest.Config) -> bool:
    """Whether the run is a part of what folders hold: an option selects, or a path is no folder."""
    are_parts = (
        "::" in path or (config.invocation_params.dir / path).is_file()
        for path in named_paths(config)
    )
    return any(getattr(config.option, name, None) for name in _NARROWING) or any(are_parts)
