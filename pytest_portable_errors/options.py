"""Command line and ini keys, validated into one frozen ``Options``. Everything wrong with them is a usage error that names its origin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS, receiver_named

# What the setting may name. Kept here, so that an unused plugin imports nothing more; a test compares it with the module that means it.
CHECKS = ("type", "message", "args", "attributes", "notes", "members", "chain", "traceback")

# Before pytest 8.4 an ini value was always a string; since then TOML may give a number, if the key asks for one.
_NUMBER: Literal["float", "string"] = "float" if pytest.version_tuple >= (8, 4) else "string"

_NARROWING = ("collectonly", "keyword", "markexpr", "lf", "last_failed", "stepwise", "deselect")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line and the ini file ask for."""

    root: str
    """The folder that relative paths start from."""
    receivers: tuple[str, ...]
    """Names, and absolute paths of interpreters."""
    receiver_setup: tuple[str, ...]
    """``module:callable``, called where the errors are read."""
    serializers: tuple[str, ...]
    checks: tuple[str, ...]
    timeout: float
    """Seconds of processor time for one check."""
    credentials: str
    """``off``, ``warn`` or ``error``: what a payload with credentials in it is."""
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
        help=f"where the exceptions are rebuilt: {', '.join(NAMED_RECEIVERS)}, or the path of a Python interpreter. "
        f"Default: {DEFAULT_RECEIVER}. Repeatable.",
    )
    parser.addini(
        "portable_errors_receiver", "where exceptions are rebuilt, one a line (default: without-project)", type="linelist", default=[]
    )
    parser.addini(
        "portable_errors_receiver_setup",
        "module:callable that the reader of the errors calls at its start, one a line, e.g. django:setup; "
        "called in the receiver with-project and in interpreters given by path",
        type="linelist",
        default=[],
    )
    parser.addini("portable_errors_serializers", "what they are pickled with (default: pickle cloudpickle)", type="args", default=[])
    parser.addini("portable_errors_checks", "what is compared (default: all but traceback)", type="args", default=[])
    parser.addini(
        "portable_errors_credentials",
        "what a payload is that carries credentials: off, warn (named in the summary) or error (default: warn)",
        type="string",
        default="warn",
    )
    parser.addini(
        "portable_errors_timeout",
        "seconds of processor time that one check may take in the receiver (default: 10)",
        type=_NUMBER,
        default="",
    )


_CREDENTIALS = ("off", "warn", "error")


def read_options(config: pytest.Config, *, serializers: Callable[[], Iterable[str]], suites: Callable[[], Iterable[str]]) -> Options:
    """The options of this run. The names that ``serializers`` and ``suites`` may have are asked for only when some are set.

    Raises pytest.UsageError that names the option or the file, and what it may be.
    """
    wanted = tuple(dict.fromkeys(config.getoption("portable_errors_suite")))
    if wanted:
        _known("--portable-errors-suite", wanted, suites())
    checks = _listed(config, "portable_errors_checks", lambda: CHECKS)
    return Options(
        root=str(config.rootpath),
        receivers=_receivers(config),
        receiver_setup=_setup(config),
        serializers=_listed(config, "portable_errors_serializers", serializers) or ("pickle", "cloudpickle"),
        checks=checks or tuple(check for check in CHECKS if check != "traceback"),
        timeout=_seconds(config, "portable_errors_timeout", default=10.0),
        credentials=_credentials(config),
        suites=wanted,
        runs_suites_alone=bool(wanted) and config.args_source is not config.ArgsSource.ARGS,
        runs_everything=not any(getattr(config.option, name, None) for name in _NARROWING) and not hasattr(config, "workerinput"),
    )


def _receivers(config: pytest.Config) -> tuple[str, ...]:
    given, origin, folder = config.getoption("portable_errors_receiver"), "--portable-errors-receiver", config.invocation_params.dir
    if not given:
        key = "portable_errors_receiver"
        given, origin = _ini(config, key, expected="a list of names"), f"{key} ({_file(config)})"
        folder = config.rootpath if config.inipath is None else config.inipath.parent
    names = []
    for name in given:
        try:
            names.append(receiver_named(name, relative_to=str(folder)))
        except PortableErrorsError as error:
            raise pytest.UsageError(f'{origin}: unknown "{name}": {error}') from error
    return tuple(dict.fromkeys(names)) or (DEFAULT_RECEIVER,)


def _setup(config: pytest.Config) -> tuple[str, ...]:
    key = "portable_errors_receiver_setup"
    steps = tuple(_ini(config, key, expected="a list of module:callable"))
    for step in steps:
        module, colon, function = step.partition(":")
        if not (colon and all(part.isidentifier() for part in (*module.split("."), *function.split(".")))):
            raise pytest.UsageError(f'{key} = "{step}" ({_file(config)}): expected module:callable, e.g. django:setup')
    return steps


def _credentials(config: pytest.Config) -> str:
    key = "portable_errors_credentials"
    mode = str(_ini(config, key, expected=f"one of {', '.join(_CREDENTIALS)}") or "warn")
    _known(f"{key} ({_file(config)})", (mode,), _CREDENTIALS)
    return mode


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
