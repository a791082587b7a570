"""Reads the options that say where exceptions are rebuilt, and what is there."""

from __future__ import annotations

import importlib.util
import os

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver_names import receiver_named
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.option_values import DOTTED


def receivers(config: pytest.Config, ini: Ini) -> tuple[str, ...]:
    """The receivers that settings name; () if none do.

    Returns:
        Names and absolute paths, each once. The command line's replace those of the ini file. A
        relative path starts from the folder in which pytest was started, or from the ini file's.

    Raises:
        pytest.UsageError: One is no receiver's name, and no path of an interpreter.
    """
    entries, origin, folder = (
        config.getoption("portable_errors_receiver"),
        "--portable-errors-receiver",
        config.invocation_params.dir,
    )
    if not entries:
        key = "portable_errors_receiver"
        entries, origin, folder = (
            ini.lines(key, expected="a list of names"),
            ini.origin(key),
            ini.folder,
        )
    names = []
    for name in entries:
        try:
            names.append(receiver_named(name, relative_to=str(folder)))
        except PortableErrorsError as error:
            raise pytest.UsageError(f'{origin}: unknown "{name}": {error}') from error
    return tuple(dict.fromkeys(names))


def setup(ini: Ini) -> tuple[tuple[str, ...], bool]:
    """What receivers call when they start: ``module:callable`` each, () if nothing.

    Returns:
        These, and whether the setting is ``none``: then nothing is called on its own account.
    """
    key = "portable_errors_receiver_setup"
    steps = ini.lines(key, expected="a list of module:callable")
    if steps == ("none",):
        return (), True
    for step in steps:
        module, colon, function = step.partition(":")
        if not (
            colon
            and all(part.isidentifier() for part in (*module.split("."), *function.split(".")))
        ):
            raise ini.wrong(key, step, "module:callable, e.g. django:setup, or none")
    return steps, False


def tests_django() -> bool:
    """Whether the tests are those of a Django project: it is installed, and knows its settings.

    pytest-django sets the environment variable from its own option and ini key.
    """
    return (
        bool(os.environ.get("DJANGO_SETTINGS_MODULE"))
        and importlib.util.find_spec("django") is not None
    )


def dotted(ini: Ini, key: str) -> tuple[str, ...]:
    """A key that holds dotted names of modules; () if it is not set."""
    names = ini.lines(key, expected="a list of modules")
    for name in names:
        if not DOTTED.fullmatch(name):
            raise ini.wrong(key, name, "the dotted name of a module, e.g. shop.client")
    return names
