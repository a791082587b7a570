"""Command line and ini keys, validated into one frozen ``Options``. Everything wrong with them is a
usage error that names its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_portable_errors.diagnosis.checks import CHECKS, DEFAULT_CHECKS, DEFAULT_TIMEOUT
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER
from pytest_portable_errors.run import option_values
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.option_values import FROM_CONTROLLER, MODES, is_worker

CAPTURES = ("raises", "unittest", "escaped", "handled")

_NARROWING = ("collectonly", "keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the ini file ask for."""

    root: str
    """The folder that relative paths start from."""
    mode: str
    """``off``, ``warn`` or ``error``: what becomes of the exceptions that all tests raise."""
    capture: tuple[str, ...]
    """Which of them are seen: some of ``CAPTURES``."""
    receivers: tuple[str, ...]
    """Names, and absolute paths of interpreters."""
    receiver_is_chosen: bool
    """Whether somebody decided who reads the errors."""
    receiver_setup: tuple[str, ...]
    """``module:callable``, called where the errors are read."""
    installed: tuple[str, ...]
    """Modules that the receivers have against the rule."""
    absent: tuple[str, ...]
    """Modules that they lack against the rule."""
    serializers: tuple[str, ...]
    checks: tuple[str, ...]
    checks_are_chosen: bool
    """Whether somebody decided what has to arrive."""
    expect: tuple[tuple[str, str], ...]
    """Deliberate changes of type: dotted names of the class sent and of the one that is to
    arrive."""
    ignore: tuple[str, ...]
    """Dotted names of classes not to check; ``*`` matches any text."""
    timeout: float
    """Seconds of processor time for one check."""
    credentials: str
    """``off``, ``warn`` or ``error``: what a payload with credentials in it is."""
    suites: tuple[str, ...]
    survey: tuple[str, ...]
    """Packages to import, and to check the exception classes of."""
    surveys_project: bool
    """Whether the exception classes of the project are checked, raised or not."""
    runs_no_tests: bool
    """Whether no paths were given, and nothing is asked for but suites and packages."""
    runs_everything: bool
    """Whether this process will run all that it collects, as far as can be told: nothing selects,
    and nobody shares the work."""
    reports: tuple[Path, ...]
    baseline: Path | None
    """The file of known defects. None: there is none."""
    updates_baseline: bool

    @property
    def is_on(self) -> bool:
        """Whether the exceptions of all tests are checked."""
        return self.mode != "off"

    @property
    def surveys(self) -> bool:
        """Whether there is any class to survey."""
        return self.surveys_project or bool(self.survey)


def read_options(
    config: pytest.Config,
    *,
    serializers: Callable[[], Iterable[str]],
    suites: Callable[[], Iterable[str]],
) -> Options:
    """The options of this run. The names that ``serializers`` and ``suites`` may have are asked for
    only when some are set.

    Raises pytest.UsageError that names the option or the file, and what it may be.
    """
    ini = Ini(config)
    wanted_suites, survey = option_values.suites_and_packages(config, ini, suites)
    mode = option_values.mode(config, ini)
    without_paths = gave_no_paths(config)
    checks = ini.names("portable_errors_checks", lambda: CHECKS)
    receivers = option_values.receivers(config, ini)
    if (
        config.getoption("portable_errors_update_baseline")
        and mode == "off"
        and not (wanted_suites or survey)
    ):
        raise pytest.UsageError(
            "--portable-errors-update-baseline: nothing is checked: add --portable-errors"
        )
    return Options(
        root=str(config.rootpath),
        mode=mode,
        capture=ini.names("portable_errors_capture", lambda: CAPTURES) or CAPTURES[:3],
        receivers=receivers or (DEFAULT_RECEIVER,),
        receiver_is_chosen=bool(receivers),
        receiver_setup=option_values.setup(ini),
        installed=option_values.dotted(ini, "portable_errors_installed"),
        absent=option_values.dotted(ini, "portable_errors_absent"),
        serializers=ini.names("portable_errors_serializers", serializers)
        or ("pickle", "cloudpickle"),
        checks=checks or DEFAULT_CHECKS,
        checks_are_chosen=bool(checks),
        expect=option_values.expect(ini),
        ignore=ini.lines("portable_errors_ignore", expected="a list of dotted names"),
        timeout=ini.seconds("portable_errors_timeout", default=DEFAULT_TIMEOUT),
        credentials=ini.choice("portable_errors_credentials", MODES, default="warn"),
        suites=wanted_suites,
        survey=survey,
        surveys_project=mode != "off" and (without_paths or bool(survey)),
        runs_no_tests=without_paths
        and mode == "off"
        and bool(
            config.getoption("portable_errors_suite") or config.getoption("portable_errors_survey")
        ),
        runs_everything=not any(getattr(config.option, name, None) for name in _NARROWING)
        and not is_worker(config),
        reports=option_values.reports(config),
        baseline=option_values.baseline(config, ini),
        updates_baseline=config.getoption("portable_errors_update_baseline"),
    )


def gave_no_paths(config: pytest.Config) -> bool:
    """Whether the user named no files: pytest-xdist hands the folders that its controller has
    worked out to its workers as if named."""
    if is_worker(config):
        return bool(vars(config)["workerinput"][FROM_CONTROLLER]["without_paths"])
    return config.args_source is not config.ArgsSource.ARGS


def is_narrowed(config: pytest.Config) -> bool:
    """Whether something selects among what is collected: an option, or a path that is no folder."""
    named = () if gave_no_paths(config) else config.args
    parts = ("::" in name or (config.invocation_params.dir / name).is_file() for name in named)
    return any(getattr(config.option, name, None) for name in _NARROWING) or any(parts)
