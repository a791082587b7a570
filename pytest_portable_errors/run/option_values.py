"""Reads single options, each from the command line or the ini file, and validates them.

Each function raises pytest.UsageError, which names the option's origin, for a value that is wrong.
"""

from __future__ import annotations

import builtins
import importlib.util
import os
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_portable_errors.report.rows import is_own_item
from pytest_portable_errors.run.ini import Ini, known

if TYPE_CHECKING:
    from pytest_portable_errors.judging.declarations import Expected

FROM_CONTROLLER = "portable_errors"
"""Key in ``workerinput`` of what pytest-xdist's controller tells its workers."""
MODES = ("off", "warn", "error")
"""Values of ``portable_errors`` and of ``portable_errors_credentials``."""
DEPENDENCIES = "dependencies"
"""What is given in place of a package's name for all that the project requires."""
BASELINE = "portable-errors-baseline.txt"
"""The baseline's name, unless a setting names another; it lies beside the ini file."""
DOTTED = re.compile(r"[^\W\d]\w*(\.[^\W\d]\w*)*")
_CLASS = r"[^\W\d]\w*(?:\.[^\W\d]\w*|\.<locals>)*"  # of a function: app.make.<locals>.Failed
_EXPECTED = re.compile(
    rf"(?P<sent>{_CLASS})\s*(?:->\s*(?P<received>{_CLASS})|\s+without\s+"
    r"(?P<without>\w+(?:\s*,\s*\w+)*))"
)
_EXPECT = (
    "A -> B, dotted names of two classes, e.g. app.StepFailed -> builtins.RuntimeError, or "
    "A without NAME, NAME: attributes that stay behind"
)


def refuse_own_ids(config: pytest.Config) -> None:
    """Say what to type in place of the ID of one of the plugin's own items, which is no path.

    Raises:
        pytest.UsageError: Such an ID was given as a path.
    """
    for arg in config.args:
        if is_own_item(arg):
            collector, _, name = arg.partition("::")
            if collector == "portable-errors-golden":
                raise pytest.UsageError(
                    f"{arg} is no path that pytest finds: type pytest -k "
                    f'"golden and {re.sub(r"[^.]*[.]", "", name.partition("[")[0])}"'
                )
            suite = collector.partition("/")[2]
            option = f"--portable-errors-suite {suite}" if suite else "--portable-errors"
            selected = re.sub(r"\[.*", "", name).rpartition(".")[2]
            raise pytest.UsageError(
                f"{arg} is no path that pytest finds: type pytest {option} -k {selected}"
            )


_SAME_MODES = {"true": "error", "false": "off"}
"""What TOML's own words for on and off mean."""


def mode(config: pytest.Config, ini: Ini) -> str:
    """``off``, ``warn`` or ``error``: ``--portable-errors-mode``, ``--portable-errors``, ini key.

    The first of them that is set wins.
    """
    mode = config.getoption("portable_errors_mode")
    if mode is not None:
        known("--portable-errors-mode", (mode,), MODES)
        return str(mode)
    return (
        "error"
        if config.getoption("portable_errors")
        else ini.choice("portable_errors", MODES, default="off", same=_SAME_MODES)
    )


def suites_and_packages(
    config: pytest.Config, ini: Ini, suites: Callable[[], Iterable[str]]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The suites and the packages to check; ``--portable-errors-suite`` may name either.

    Args:
        config: pytest's.
        ini: The ini file.
        suites: Gives the names of suites that exist; called only if ``--portable-errors-suite`` is
            given. A name that is not among them is a package.

    Returns:
        Names of suites, and dotted names of packages, each once.

    Raises:
        pytest.UsageError: A name is no suite, and no package of that name can be found.
    """
    in_file = ini.lines("portable_errors_survey", expected=_SURVEY)
    named = tuple(dict.fromkeys(config.getoption("portable_errors_suite")))
    existing = list(suites()) if named else []
    packages = [name for name in named if name not in existing]
    for name in packages:
        _ensure_importable(
            "--portable-errors-suite",
            name,
            f"expected one of {', '.join(existing)}, or a package that can be imported",
        )
    for origin, surveyed in (
        ("--portable-errors-survey", config.getoption("portable_errors_survey")),
        (ini.origin("portable_errors_survey"), () if surveys_nothing(ini) else in_file),
    ):
        for name in surveyed:
            if name == DEPENDENCIES:
                continue
            _ensure_importable(origin, name, "expected a package that can be imported, e.g. httpx")
        packages += surveyed
    return tuple(name for name in named if name in existing), tuple(dict.fromkeys(packages))


def surveys_nothing(ini: Ini) -> bool:
    """Whether a setting says that only exceptions are checked that tests raise."""
    return ini.lines("portable_errors_survey", expected=_SURVEY) == ("none",)


_SURVEY = "a list of packages, or none"


def _ensure_importable(origin: str, name: str, expected: str) -> None:
    """Check that a package's top folder or module can be found.

    What lies below it cannot be found without running the package.
    """
    top = name.partition(".")[0]
    try:
        is_importable = (
            DOTTED.fullmatch(name) is not None and importlib.util.find_spec(top) is not None
        )
    except (ImportError, ValueError):
        is_importable = False
    if not is_importable:
        raise pytest.UsageError(f'{origin}: unknown "{name}": {expected}')


def expect(ini: Ini) -> tuple[Expected, ...]:
    """What is declared of classes: what they arrive as, and attributes that they may lose."""
    key = "portable_errors_expect"
    return tuple(
        _expected(ini, key, line) for line in ini.lines(key, expected=f"a list of {_EXPECT}")
    )


def _expected(ini: Ini, key: str, line: str) -> Expected:
    from pytest_portable_errors.judging.declarations import Expected

    found = _EXPECTED.fullmatch(line.strip())
    if found is None:
        raise ini.wrong(key, line, _EXPECT)
    sent, received = found["sent"], found["received"]
    for name in filter(None, (sent, received)):
        module, _, cls = name.rpartition(".")
        if module == "builtins" and not isinstance(vars(builtins).get(cls), type):
            raise ini.wrong(key, line, f"{_EXPECT}; builtins has no class {cls}")
    if sent == received:
        raise ini.wrong(
            key,
            line,
            f"{sent} without NAME, NAME: the attributes that stay behind (as it stands, the line "
            "would allow every loss, later ones too)",
        )
    names = tuple(name.strip() for name in (found["without"] or "").split(",") if name.strip())
    return Expected(cls=sent, arrives_as=received, without=names)


def reports(config: pytest.Config) -> tuple[Path, ...]:
    """The report files to write, each once; () in a worker: pytest-xdist's controller writes them.

    A relative path starts from the folder in which pytest was started.

    Raises:
        pytest.UsageError: A file does not end in one of ``SUFFIXES``, is a folder, or lies in no
            folder that exists; or HTML is asked for and Jinja2 is not installed.
    """
    option = "--portable-errors-report"
    names = config.getoption("portable_errors_report")
    files: list[Path] = []
    if not names or is_worker(config):
        return ()
    # here, because it loads what a run without a report does not need
    from pytest_portable_errors.report.files import SUFFIXES, SUFFIXES_TEXT

    for name in names:
        file = config.invocation_params.dir / name
        if file.suffix not in SUFFIXES:
            raise pytest.UsageError(
                f'{option}: "{name}": expected a file that ends in {SUFFIXES_TEXT}'
            )
        if file.suffix == ".html" and importlib.util.find_spec("jinja2") is None:
            raise pytest.UsageError(
                f'{option}: "{name}": HTML needs Jinja2: pip install "pytest-portable-errors[html]"'
            )
        _ensure_writable(file, option, name)
        files.append(file)
    return tuple(dict.fromkeys(files))


def goldens(config: pytest.Config, ini: Ini, *, is_asked: bool) -> tuple[Path | None, bool]:
    """The folder of goldens, and whether the run writes some.

    A relative path starts from the folder in which pytest was started, or from the ini file's.

    Args:
        config: pytest's.
        ini: The ini file.
        is_asked: Whether the run is of all tests. Otherwise a folder that only the ini file names
            is not looked at, unless goldens are to be written.

    Raises:
        pytest.UsageError: The folder is none, or does not exist and is not to be written; or
            goldens are to be written, and no folder is named.
    """
    updates = bool(config.getoption("portable_errors_update_goldens"))
    named = config.getoption("portable_errors_goldens")
    key = "portable_errors_goldens"
    origin, base = "--portable-errors-goldens", config.invocation_params.dir
    if named is None:
        named, origin, base = ini.text(key, expected="a folder"), ini.origin(key), ini.folder
        if not named and updates:
            raise pytest.UsageError(
                "--portable-errors-update-goldens: no folder is named: add "
                "--portable-errors-goldens DIR, or set portable_errors_goldens"
            )
        if not named or not (is_asked or updates):
            return None, updates
    folder = base / named
    if folder.exists() and not folder.is_dir():
        raise pytest.UsageError(f'{origin}: "{named}": this is a file: expected a folder')
    if not folder.exists() and not updates:
        raise pytest.UsageError(
            f"{origin}: there is no folder {named}; --portable-errors-update-goldens writes it"
        )
    return folder, updates


def at_least_one(option: str, value: str) -> int:
    """A whole number of 1 or more.

    Raises:
        pytest.UsageError: It is something else.
    """
    if not re.fullmatch(r"0*[1-9]\d{0,5}", value):
        raise pytest.UsageError(f'{option}: "{value}": expected a whole number, 1 or more')
    return int(value)


_FIX_OPTIONS = ("portable_errors_fix_unsafe", "portable_errors_fix", "portable_errors_diff")


def fixes(config: pytest.Config) -> str:
    """``unsafe``, ``safe`` or ``none``: which fixes are written, or shown as a diff."""
    unsafe, *others = (config.getoption(name) for name in _FIX_OPTIONS)
    return "unsafe" if unsafe else "safe" if any(others) else "none"


def fix_option(config: pytest.Config) -> str:
    """The option that asks for fixes, as the user gave it."""
    name = next(name for name in _FIX_OPTIONS if config.getoption(name))
    return f"--{name.replace('_', '-')}"


def reducers(config: pytest.Config, ini: Ini) -> Path | None:
    """The file for reducers of others' classes, its links resolved; None if no setting names one.

    Raises:
        pytest.UsageError: The setting names no Python file below the project's folder.
    """
    key = "portable_errors_reducers"
    name = ini.text(key, expected="a path")
    if not name:
        return None
    root = Path(os.path.realpath(config.rootpath))
    file = Path(os.path.realpath(ini.folder / name))
    if file.suffix != ".py" or not file.stem.isidentifier() or root not in file.parents:
        raise ini.wrong(key, name, "a Python file below the project's folder, e.g. src/shop/x.py")
    return file


def baseline(config: pytest.Config, ini: Ini) -> Path | None:
    """The file of known defects: the one that a setting names, or ``BASELINE``.

    A relative path starts from the folder in which pytest was started, or from the ini file's.

    Returns:
        Its path; None if no setting names a file, ``BASELINE`` does not exist, and the run does not
        write it. A worker of pytest-xdist has a path in any case, and does not look at the file.

    Raises:
        pytest.UsageError: The file that a setting names does not exist, and the run does not write
            it; or it is to be written, and is a folder or lies in no folder that exists.
    """
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
        _ensure_writable(file, origin, named or BASELINE)
    if updates or file.is_file() or is_worker(config):
        return file
    if named:
        raise pytest.UsageError(
            f"{origin}: there is no file {named}; --portable-errors-update-baseline writes it"
        )
    return None


def _ensure_writable(file: Path, origin: str, name: str) -> None:
    if not file.parent.is_dir():
        raise pytest.UsageError(f'{origin}: "{name}": there is no folder {file.parent}')
    if file.is_dir():
        raise pytest.UsageError(
            f'{origin}: "{name}": this is a folder: expected the name of a file'
        )


def is_worker(config: pytest.Config) -> bool:
    """Whether this process is a worker of pytest-xdist, which sets ``config.workerinput`` there."""
    return hasattr(config, "workerinput")
