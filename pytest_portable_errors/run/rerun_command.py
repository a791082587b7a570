"""The command that asks for the same checks again, for a reader to paste.

It is made of how pytest was called, as far as that decides what is checked and which files are
read.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_FIXES = ("--portable-errors-fix", "--portable-errors-fix-unsafe", "--portable-errors-diff")
_GOLDENS = ("--portable-errors-update-goldens",)
_FLAGS = ("--portable-errors", "--portable-errors-update-baseline", *_FIXES, *_GOLDENS)
"""Options without a value."""
_WRITES = ("--portable-errors-update-baseline", "--portable-errors-report", *_FIXES, *_GOLDENS)
"""Options that write or show something, and ask for nothing to be checked."""
_TURNS_ON = ("--portable-errors", "--portable-errors-mode")
"""Options that decide the mode."""
_FILES = (("-c", "inifilename"), ("--rootdir", "rootdir"))
"""pytest's options that decide which files are read, and their names in its config."""


def command(config: pytest.Config, *, mode: str, paths: Sequence[str]) -> str:
    """A call of pytest with the plugin's own options and the paths, quoted for a shell.

    Other options stay out: they decide how the tests run, and are the reader's.

    Args:
        config: pytest's.
        mode: That of the run. ``error`` adds ``--portable-errors``, unless an option is there that
            decides the mode.
        paths: What the user named; empty if nothing.
    """
    options = list(_own_options(config.invocation_params.args))
    if mode == "error" and not any(option.partition("=")[0] in _TURNS_ON for option in options):
        options.insert(0, "--portable-errors")
    return shlex.join(
        [
            "pytest",
            *options,
            *_setting_sources(config),
            *(["--pyargs"] if paths and config.getoption("pyargs") else []),
            *paths,
        ]
    )


def _own_options(args: Iterable[str]) -> Iterator[str]:
    """The plugin's own options, but those in ``_WRITES``; one word each: ``--option=value``."""
    remaining = iter(args)
    for arg in remaining:
        if arg == "--":
            return
        name, equals, _ = arg.partition("=")
        if not name.startswith("--portable-errors"):
            continue
        word = arg if equals or name in _FLAGS else f"{arg}={next(remaining, '')}"
        if name not in _WRITES:
            yield word


def _setting_sources(config: pytest.Config) -> Iterator[str]:
    """The options that say where settings, and the baseline with them, come from."""
    for option, name in _FILES:
        if config.getoption(name):
            yield from (option, str(config.getoption(name)))
    for setting in config.getoption("override_ini") or ():
        if setting.startswith("portable_errors"):
            yield from ("-o", setting)
