"""Command line and ini keys, validated into one frozen ``Options``. Everything wrong with them is a
usage error that names its origin."""

from __future__ import annotations

import builtins
import importlib.util
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, receiver_named
from pytest_portable_errors.run.ini import Ini, known

# What the setting may name. Kept here, so that an unused plugin imports nothing more; a test
# compares it with the module that means it.
CHECKS = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")
CAPTURES = ("raises", "unittest", "escaped", "handled")
MODES = ("off", "warn", "error")
BASELINE = "portable-errors-baseline.txt"
FROM_CONTROLLER = "portable_errors"
"""Key of what pytest-xdist's controller tells its workers (``workerinput``)."""

_NARROWING = ("collectonly", "keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect")
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_EXPECT = "A -> B, dotted names of two classes, e.g. app.StepFailed -> builtins.RuntimeError"


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
    wanted_suites, survey = _suites_and_packages(config, ini, suites)
    mode = _mode(config, ini)
    without_paths = gave_no_paths(config)
    checks = ini.names("portable_errors_checks", lambda: CHECKS)
    receivers = _receivers(config, ini)
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
        receiver_setup=_setup(ini),
        installed=_dotted(ini, "portable_errors_installed"),
        absent=_dotted(ini, "portable_errors_absent"),
        serializers=ini.names("portable_errors_serializers", serializers)
        or ("pickle", "cloudpickle"),
        checks=checks or tuple(check for check in CHECKS if check != "traceback"),
        checks_are_chosen=bool(checks),
        expect=_expect(ini),
        ignore=ini.lines("portable_errors_ignore", expected="a list of dotted names"),
        timeout=ini.seconds("portable_errors_timeout", default=10.0),
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
        and not _is_worker(config),
        reports=_reports(config),
        baseline=_baseline(config, ini),
        updates_baseline=config.getoption("portable_errors_update_baseline"),
    )


def gave_no_paths(config: pytest.Config) -> bool:
    """Whether the user named no files: pytest-xdist hands the folders that its controller has
    worked out to its workers as if named."""
    if _is_worker(config):
        return bool(vars(config)["workerinput"][FROM_CONTROLLER]["without_paths"])
    return config.args_source is not config.ArgsSource.ARGS


def is_narrowed(config: pytest.Config) -> bool:
    """Whether something selects among what is collected: an option, or a path that is no folder."""
    named = () if gave_no_paths(config) else config.args
    parts = ("::" in name or (config.invocation_params.dir / name).is_file() for name in named)
    return any(getattr(config.option, name, None) for name in _NARROWING) or any(parts)


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def _mode(config: pytest.Config, ini: Ini) -> str:
    mode = config.getoption("portable_errors_mode")
    if mode is not None:
        known("--portable-errors-mode", (mode,), MODES)
        return str(mode)
    return (
        "error"
        if config.getoption("portable_errors")
        else ini.choice("portable_errors", MODES, default="off")
    )


def _suites_and_packages(
    config: pytest.Config, ini: Ini, suites: Callable[[], Iterable[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """A name that is no suite is a package."""
    wanted = tuple(dict.fromkeys(config.getoption("portable_errors_suite")))
    names = list(suites()) if wanted else []
    packages = [name for name in wanted if name not in names]
    for name in packages:
        _importable(
            "--portable-errors-suite",
            name,
            f"expected one of {', '.join(names)}, or a package that can be imported",
        )
    for origin, given in (
        ("--portable-errors-survey", config.getoption("portable_errors_survey")),
        (
            ini.origin("portable_errors_survey"),
            ini.lines("portable_errors_survey", expected="a list of packages"),
        ),
    ):
        for name in given:
            _importable(origin, name, "expected a package that can be imported, e.g. httpx")
        packages += given
    return tuple(name for name in wanted if name in names), tuple(dict.fromkeys(packages))


def _importable(origin: str, name: str, expected: str) -> None:
    """Only the top is looked for: what lies below it cannot be found without running the
    package."""
    top = name.partition(".")[0]
    try:
        is_there = _DOTTED.fullmatch(name) is not None and importlib.util.find_spec(top) is not None
    except (ImportError, ValueError):
        is_there = False
    if not is_there:
        raise pytest.UsageError(f'{origin}: unknown "{name}": {expected}')


def _receivers(config: pytest.Config, ini: Ini) -> tuple[str, ...]:
    """None if none were chosen."""
    given, origin, folder = (
        config.getoption("portable_errors_receiver"),
        "--portable-errors-receiver",
        config.invocation_params.dir,
    )
    if not given:
        key = "portable_errors_receiver"
        given, origin, folder = (
            ini.lines(key, expected="a list of names"),
            ini.origin(key),
            ini.folder,
        )
    names = []
    for name in given:
        try:
            names.append(receiver_named(name, relative_to=str(folder)))
        except PortableErrorsError as error:
            raise pytest.UsageError(f'{origin}: unknown "{name}": {error}') from error
    return tuple(dict.fromkeys(names))


def _setup(ini: Ini) -> tuple[str, ...]:
    key = "portable_errors_receiver_setup"
    steps = ini.lines(key, expected="a list of module:callable")
    for step in steps:
        module, colon, function = step.partition(":")
        if not (
            colon
            and all(part.isidentifier() for part in (*module.split("."), *function.split(".")))
        ):
            raise ini.wrong(key, step, "module:callable, e.g. django:setup")
    return steps


def _dotted(ini: Ini, key: str) -> tuple[str, ...]:
    names = ini.lines(key, expected="a list of modules")
    for name in names:
        if not _DOTTED.fullmatch(name):
            raise ini.wrong(key, name, "the dotted name of a module, e.g. shop.client")
    return names


def _expect(ini: Ini) -> tuple[tuple[str, str], ...]:
    key = "portable_errors_expect"
    pairs = []
    for line in ini.lines(key, expected=f"a list of {_EXPECT}"):
        sent, arrow, received = (part.strip() for part in line.partition("->"))
        if not (arrow and _DOTTED.fullmatch(sent) and _DOTTED.fullmatch(received)):
            raise ini.wrong(key, line, _EXPECT)
        for name in (sent, received):
            module, _, cls = name.rpartition(".")
            if module == "builtins" and not isinstance(vars(builtins).get(cls), type):
                raise ini.wrong(key, line, f"{_EXPECT}; builtins has no class {cls}")
        pairs.append((sent, received))
    return tuple(pairs)


def _reports(config: pytest.Config) -> tuple[Path, ...]:
    option = "--portable-errors-report"
    files: list[Path] = []
    if _is_worker(config):
        return ()  # the controller writes them
    for name in config.getoption("portable_errors_report"):
        file = config.invocation_params.dir / name
        if file.suffix not in (".json", ".html"):
            raise pytest.UsageError(
                f'{option}: "{name}": expected a file that ends in .json or .html'
            )
        if file.suffix == ".html" and importlib.util.find_spec("jinja2") is None:
            raise pytest.UsageError(
                f'{option}: "{name}": HTML needs Jinja2: pip install "pytest-portable-errors[html]"'
            )
        _writable(file, option, name)
        files.append(file)
    return tuple(dict.fromkeys(files))


def _baseline(config: pytest.Config, ini: Ini) -> Path | None:
    """The file that was named, or the usual one where it exists or is to be written."""
    named, origin, folder = (
        config.getoption("portable_errors_baseline"),
        "--portable-errors-baseline",
        config.invocation_params.dir,
    )
    updates = config.getoption("portable_errors_update_baseline")
    if named is None:
        key = "portable_errors_baseline"
        named, origin, folder = (
            ini.text(key, expected="the name of a file"),
            ini.origin(key),
            ini.folder,
        )
    file = folder / (named or BASELINE)
    if updates and not _is_worker(config):
        _writable(file, origin, named or BASELINE)
    if updates or file.is_file() or _is_worker(config):
        return file
    if named:
        raise pytest.UsageError(
            f"{origin}: there is no file {named}; --portable-errors-update-baseline writes it"
        )
    return None


def _writable(file: Path, origin: str, name: str) -> None:
    if not file.parent.is_dir():
        raise pytest.UsageError(f'{origin}: "{name}": there is no folder {file.parent}')
    if file.is_dir():
        raise pytest.UsageError(
            f'{origin}: "{name}": this is a folder: expected the name of a file'
        )
