"""Puts together what a run adds up to, and what decides how it is told."""

from __future__ import annotations

import contextlib
import fnmatch
import importlib.metadata
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.imports import normalized
from pytest_portable_errors.report.baseline import Baseline
from pytest_portable_errors.report.digest import told
from pytest_portable_errors.report.libraries import LibraryCounts
from pytest_portable_errors.report.origin import Origin, commit_of
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.tally import Tally
from pytest_portable_errors.run.ini import Ini
from pytest_portable_errors.run.options import Options, gave_no_paths, is_narrowed, named_paths
from pytest_portable_errors.run.reducers_place import is_imported, reducers_place
from pytest_portable_errors.run.rerun_command import command
from pytest_portable_errors.run.stash import serializers_of
from pytest_portable_errors.sender.carriers.carrier import never_carried
from pytest_portable_errors.sender.distributions import nearest_name
from pytest_portable_errors.survey.requirements import dependencies_of


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the reporter has seen of a run."""

    tally: Tally
    baseline: Baseline | None
    """None where the run does not look at any."""
    stopped_early: bool
    """Whether the loop over the tests did not come to its end."""
    crashed: tuple[str, ...]
    """See ``Outcome``; likewise the next two."""
    written: tuple[str, ...]
    tells_cases: bool
    libraries: tuple[LibraryCounts, ...]


def outcome_of(config: pytest.Config, options: Options, seen: Seen) -> Outcome:
    """The outcome of a run so far: the tally, and what decides how it is told."""
    inifile, tally = config.inipath, seen.tally
    if seen.baseline is not None and seen.baseline.entries:
        # Tests with a marker fail for what is known, too; the summary need not tell it again.
        tally = tally.against(seen.baseline)
    toml = inifile if inifile is not None and inifile.suffix == ".toml" else None
    is_whole = not (is_narrowed(config) or seen.stopped_early or seen.crashed)
    is_repo_wide = options.is_on or options.surveys
    return Outcome(
        tally=tally,
        mode=options.mode,
        surveys=options.surveys,
        baseline=seen.baseline,
        baseline_name=None if options.baseline is None else options.baseline.name,
        keeps_decisions=_decides_for_now(config),
        updates_baseline=options.updates_baseline,
        is_whole=is_whole,
        command=command(config, mode=options.mode, paths=named_paths(config)),
        names_credentials=options.credentials == "warn",
        idle=tuple(_idle_settings(config, options, tally))
        if is_whole and options.surveys_project and gave_no_paths(config)
        else (),
        toml_name=None if toml is None else toml.name,
        toml_table="" if toml is None else _table_of(toml),
        crashed=seen.crashed,
        written=seen.written,
        unimported=_unimported_reducers(options) if is_repo_wide else "",
        suites=tuple(map(_with_version, options.suites)),
        tells_cases=bool(options.suites) or seen.tells_cases,
        not_carried=tuple(_not_carried(config, options)) if is_repo_wide else (),
        repairs=options.fixes != "none",
        libraries=seen.libraries,
        atlas=_of_atlas(options) if is_whole and options.is_on else "",
    )


def _of_atlas(options: Options) -> str:
    """What the atlas says of what the project requires; "" where the run looks for itself."""
    if options.surveys_dependencies or not options.uses_atlas:
        return ""
    with contextlib.suppress(PortableErrorsError):  # nothing says what it requires
        found = dependencies_of(Path(options.root), depth=1)
        return told({normalized(one.name): one.version for one in found})
    return ""


def _with_version(suite: str) -> str:
    """A suite's name, with the version of the distribution that bears it, if one is installed."""
    with contextlib.suppress(importlib.metadata.PackageNotFoundError, ValueError):
        return f"{suite} {importlib.metadata.version(suite)}"
    return suite


def _table_of(file: Path) -> str:
    """The table of a TOML file in which pytest's settings stand, or would."""
    if file.name != "pyproject.toml":
        return "[pytest]"
    text = file.read_text(encoding="utf-8", errors="replace")
    # pytest refuses a file that has both.
    is_native = re.search(r"^\s*\[tool\.pytest\]", text, re.MULTILINE) is not None
    return "[tool.pytest]" if is_native else "[tool.pytest.ini_options]"


def _decides_for_now(config: pytest.Config) -> bool:
    """Whether the command line, and not the ini file, says what a decision would."""
    overridden = {setting.partition("=")[0] for setting in config.getoption("override_ini") or ()}
    decided = {f"portable_errors_{name}" for name in ("receiver", "checks", "receiver_setup")}
    return bool(config.getoption("portable_errors_receiver")) or not overridden.isdisjoint(decided)


def _not_carried(config: pytest.Config, options: Options) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Serializer, and the checks of the run for what it never carries."""
    serializers = serializers_of(config)
    for name in options.serializers:
        dropped = never_carried(serializers.find(name))
        checks = tuple(check for check in options.checks if check in dropped)
        if checks:
            yield name, checks


def _unimported_reducers(options: Options) -> str:
    """The module of reducers, if nothing of the project imports it; otherwise ""."""
    file, module = reducers_place(options)
    root = Path(os.path.realpath(options.root))
    return "" if not file.is_file() or is_imported(file, module, root) else module


def _idle_settings(
    config: pytest.Config, options: Options, tally: Tally
) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Origin and names of settings whose classes this run met nowhere: they may be misspelt."""
    ini = Ini(config)
    ignored = tuple(
        name
        for name in options.ignore
        if not any(fnmatch.fnmatchcase(cls, name) for cls in tally.ignored)
    )
    expected = tuple(one.cls for one in options.expect if one.cls not in tally.expected)
    for key, names in (
        ("portable_errors_ignore", ignored),
        ("portable_errors_expect", expected),
    ):
        if names:
            yield ini.origin(key), names


def origin_of(options: Options) -> Origin:
    """What the run is about, as far as files and the environment tell."""

    root = Path(options.root)
    return Origin(
        project=nearest_name(root) or "",
        commit=commit_of(root, os.environ),
        date=f"{datetime.now(timezone.utc):%Y-%m-%dT%H:%M:%SZ}",
    )
