"""How pytest was called, as far as it decides what is checked and which files are read: what a
reader pastes to ask for the same again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

_FLAGS = ("--portable-errors", "--portable-errors-update-baseline")
# files, and asks for nothing to be checked
_WRITES = ("--portable-errors-update-baseline", "--portable-errors-report")
_TURNS_ON = ("--portable-errors", "--portable-errors-mode")
_FILES = (("-c", "inifilename"), ("--rootdir", "rootdir"))


def command(config: pytest.Config, *, mode: str, paths: Sequence[str]) -> str:
    """Our own options and the paths, quoted for a shell. Other options stay out: they decide how
    the tests run, and are the reader's."""
    ours = list(_ours(config.invocation_params.args))
    if mode == "error" and not any(option.partition("=")[0] in _TURNS_ON for option in ours):
        ours.insert(0, "--portable-errors")
    return shlex.join(
        [
            "pytest",
            *ours,
            *_sources(config),
            *(["--pyargs"] if paths and config.getoption("pyargs") else []),
            *paths,
        ]
    )


def _ours(args: Iterable[str]) -> Iterator[str]:
    """One word for each option."""
    rest = iter(args)
    for arg in rest:
        if arg == "--":
            return
        name, equals, _ = arg.partition("=")
        if not name.startswith("--portable-errors"):
            continue
        word = arg if equals or name in _FLAGS else f"{arg}={next(rest, '')}"
        if name not in _WRITES:
            yield word


def _sources(config: pytest.Config) -> Iterator[str]:
    """Where the settings come from, and the baseline with them."""
    for option, name in _FILES:
        if config.getoption(name):
            yield from (option, str(config.getoption(name)))
    for setting in config.getoption("override_ini") or ():
        if setting.startswith("portable_errors"):
            yield from ("-o", setting)
