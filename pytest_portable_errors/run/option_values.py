"""Single options, each read from the command line or the ini file, and validated."""

from __future__ import annotations

import builtins
import importlib.util
import re
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver_names import receiver_named
from pytest_portable_errors.run.ini import Ini, known

FROM_CONTROLLER = "portable_errors"
"""Key of what pytest-xdist's controller tells its workers (``workerinput``)."""
MODES = ("off", "warn", "error")
BASELINE = "portable-errors-baseline.txt"
_DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_EXPECT = "A -> B, dotted names of two classes, e.g. app.StepFailed -> builtins.RuntimeError"


def mode(config: pytest.Config, ini: Ini) -> str:
    mode = config.getoption("portable_errors_mode")
    if mode is not None:
        known("--portable-errors-mode", (mode,), MODES)
        return str(mode)
    return (
        "error"
        if config.getoption("portable_errors")
        else ini.choice("portable_errors", MODES, default="off")
    )


def suites_and_packages(
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


def receivers(config: pytest.Config, ini: Ini) -> tuple[str, ...]:
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


def setup(ini: Ini) -> tuple[str, ...]:
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


def dotted(ini: Ini, key: str) -> tuple[str, ...]:
    names = ini.lines(key, expected="a list of modules")
    for name in names:
        if not _DOTTED.fullmatch(name):
            raise ini.wrong(key, name, "the dotted name of a module, e.g. shop.client")
    return names


def expect(ini: Ini) -> tuple[tuple[str, str], ...]:
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


def reports(config: pytest.Config) -> tuple[Path, ...]:
    option = "--portable-errors-report"
    files: list[Path] = []
    if is_worker(config):
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


def baseline(config: pytest.Config, ini: Ini) -> Path | None:
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
    if updates and not is_worker(config):
        _writable(file, origin, named or BASELINE)
    if updates or file.is_file() or is_worker(config):
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


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist."""
    return hasattr(config, "workerinput")
