"""Command line and ini keys, validated into one frozen ``Options``. Everything wrong with them is a usage error that names its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pytest

# What settings may name. Kept here, so that an unused plugin imports nothing more; a test compares them with the modules that mean them.
RECEIVERS = ("without-project", "stdlib", "with-project")
CHECKS = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")

# Before pytest 8.4 an ini value was always a string; since then TOML may give a number, if the key asks for one.
_NUMBER: Literal["float", "string"] = "float" if pytest.version_tuple >= (8, 4) else "string"

_NARROWING = ("collectonly", "keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the ini file ask for."""

    receivers: tuple[str, ...]
    serializers: tuple[str, ...]
    checks: tuple[str, ...]
    timeout: float
    """Seconds of processor time for one check."""
    suites: tuple[str, ...]
    runs_suites_alone: bool
    """Whether no paths were given, so that only the suites run."""
    runs_everything: bool
    """Whether this process will run all that it collects, as far as can be told: nothing selects, and nobody shares the work."""


def add_options(parser: pytest.Parser) -> None:
    """Declare the options and ini keys."""
    group = parser.getgroup("portable errors", "exceptions survive the trip to another process")
    group.addoption(
        "--portable-errors-suite",
        action="append",
        default=[],
        metavar="NAME",
        help="check the exception classes of a library, e.g. litellm; without paths only these. Repeatable.",
    )
    group.addoption(
        "--portable-errors-receiver",
        action="append",
        default=[],
        metavar="NAME",
        help=f"where the exceptions are rebuilt: {', '.join(RECEIVERS)}. Default: without-project. Repeatable.",
    )
    parser.addini(
        "portable_errors_receiver", "where exceptions are rebuilt, one a line (default: without-project)", type="linelist", default=[]
    )
    parser.addini("portable_errors_serializers", "what they are pickled with (default: pickle cloudpickle)", type="args", default=[])
    parser.addini("portable_errors_checks", "what is compared (default: all but traceback)", type="args", default=[])
    parser.addini(
        "portable_errors_timeout",
        "seconds of processor time that one check may take in the receiver (default: 10)",
        type=_NUMBER,
        default="",
    )


def read_options(config: pytest.Config, *, serializers: Callable[[], Iterable[str]], suites: Callable[[], Iterable[str]]) -> Options:
    """The options of this run. The names that ``serializers`` and ``suites`` may have are asked for only when some are set.

    Raises pytest.UsageError that names the option or the file, and what it may be.
    """
    receivers = tuple(config.getoption("portable_errors_receiver"))
    _known("--portable-errors-receiver", receivers, RECEIVERS)
    if not receivers:
        receivers = _listed(config, "portable_errors_receiver", lambda: RECEIVERS)
    wanted = tuple(dict.fromkeys(config.getoption("portable_errors_suite")))
    if wanted:
        _known("--portable-errors-suite", wanted, suites())
    checks = _listed(config, "portable_errors_checks", lambda: CHECKS)
    return Options(
        receivers=tuple(dict.fromkeys(receivers)) or RECEIVERS[:1],
        serializers=_listed(config, "portable_errors_serializers", serializers) or ("pickle", "cloudpickle"),
        checks=checks or tuple(check for check in CHECKS if check != "traceback"),
        timeout=_seconds(config, "portable_errors_timeout", default=10.0),
        suites=wanted,
        runs_suites_alone=bool(wanted) and config.args_source is not config.ArgsSource.ARGS,
        runs_everything=not any(getattr(config.option, name, None) for name in _NARROWING) and not hasattr(config, "workerinput"),
    )


def _listed(config: pytest.Config, key: str, allowed: Callable[[], Iterable[str]]) -> tuple[str, ...]:
    values = tuple(_ini(config, key, expected="a list of names") or ())
    if values:
        _known(f"{key} ({_file(config)})", values, allowed())
    return values


def _known(origin: str, values: Iterable[str], allowed: Iterable[str]) -> None:
    names = list(allowed)
    for value in values:
        if value not in names:
            raise pytest.UsageError(f'{origin}: unknown "{value}": expected one of {", ".join(names)}')


def _seconds(config: pytest.Config, key: str, *, default: float) -> float:
    value = _ini(config, key, expected="seconds, e.g. 5")
    if value == "":
        return default
    try:
        seconds = float(value)
    except ValueError:
        seconds = 0.0  # told below, with the text as it stands
    if not 0 < seconds < float("inf"):
        raise pytest.UsageError(f'{key} = "{value}" ({_file(config)}): expected seconds, e.g. 5')
    return seconds


def _ini(config: pytest.Config, key: str, *, expected: str) -> Any:
    try:
        return config.getini(key)
    except (TypeError, ValueError, pytest.UsageError) as error:  # pytest's own conversion; its message does not name key and file
        written = config.inicfg.get(key)
        text = getattr(written, "value", written)  # pytest 9 keeps more than the text
        raise pytest.UsageError(f'{key} = "{text}" ({_file(config)}): expected {expected}') from error


def _file(config: pytest.Config) -> str:
    return config.inipath.name if config.inipath is not None else "ini"
