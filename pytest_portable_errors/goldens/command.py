"""``python -m pytest_portable_errors goldens`` lists, checks and deletes them, without pytest."""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import os
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.check import AHEAD, GoldenChecks, NotChecked
from pytest_portable_errors.goldens.folder import KEPT, Stored, prune, stored_in
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.reader import Reader
from pytest_portable_errors.project_root import root_above
from pytest_portable_errors.receiver_names import receiver_named
from pytest_portable_errors.sender.receivers import Receivers

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib


def add_goldens(commands: Any) -> None:
    """Declare the command.

    Args:
        commands: What ``ArgumentParser.add_subparsers`` gave.
    """
    goldens_parser: argparse.ArgumentParser = commands.add_parser(
        "goldens",
        help="what earlier releases have pickled: list, check, prune",
        description="Payloads of earlier releases, which pytest --portable-errors "
        "--portable-errors-update-goldens writes.",
    )
    actions = goldens_parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    for action, text in (
        ("list", "the releases, and what is kept of each"),
        (
            "check",
            (
                "load each with today's code, or with that of another interpreter: exit status 1 "
                "if one is not read as it was"
            ),
        ),
        ("prune", "delete those of all releases but the last"),
    ):
        parser = actions.add_parser(action, help=text, description=f"Goldens: {text}.")
        parser.add_argument(
            "folder",
            metavar="DIR",
            nargs="?",
            type=Path,
            help="the folder of goldens (default: portable_errors_goldens in pyproject.toml)",
        )
        if action == "check":
            parser.add_argument(
                "--python",
                metavar="PYTHON",
                help="the interpreter that reads them, with the project's other release installed: "
                "old/bin/python (default: this one, with the project as it lies here)",
            )
        if action == "prune":
            parser.add_argument(
                "--keep", metavar="N", type=int, default=KEPT, help=f"default: {KEPT}"
            )


def goldens(options: argparse.Namespace) -> tuple[list[str], int]:
    """Run the command.

    Args:
        options: What the parser of ``add_goldens`` gave.

    Returns:
        The lines to print, and the exit status: 1 if a golden is not read as it was.

    Raises:
        PortableErrorsError: No folder is named or it is none, or the interpreter cannot start.
    """
    folder = options.folder or _folder_in_pyproject()
    if not folder.is_dir():
        raise PortableErrorsError(f"{folder}: there is no such folder of goldens")
    if options.action == "prune":
        if options.keep < 1:
            raise PortableErrorsError(f"--keep {options.keep}: expected 1 or more")
        gone = prune(folder, keep=options.keep)
        return [f"deleted: {', '.join(gone) or 'none'}"], 0
    stored = stored_in(folder)
    if options.action == "list":
        return list(_listed(stored)), 0
    return _checked(stored, options.python)


def _setting(name: str) -> Any:
    """A setting of pytest's in ``pyproject.toml``; None if it is not set there."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        file = root_above(Path.cwd()) / "pyproject.toml"
        table = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("pytest", {})
        for settings in (table.get("ini_options", {}), table):
            if name in settings:
                return settings[name]
    return None


def _folder_in_pyproject() -> Path:
    folder = _setting("portable_errors_goldens")
    if isinstance(folder, str):
        return root_above(Path.cwd()) / folder
    raise PortableErrorsError(
        "which folder? pyproject.toml sets no portable_errors_goldens: name it, e.g. tests/goldens"
    )


def _listed(stored: Sequence[Stored]) -> Iterator[str]:
    releases: dict[str, list[Stored]] = {}
    for one in stored:
        releases.setdefault(one.file.parent.name, []).append(one)
    width = max(map(len, releases), default=0)
    for release, files in releases.items():
        known = [one.golden for one in files if one.golden is not None]
        names = len({golden.name for golden in known})
        pythons = ", ".join(sorted({golden.python for golden in known}))
        broken = len(files) - len(known)
        yield clean(
            f"{release:<{width}}  {len(known)} goldens of {names} names, Python {pythons or '?'}"
            + (f"; {broken} that cannot be read" if broken else "")
        )
    if not stored:
        yield "no goldens"


def _checked(stored: Sequence[Stored], python: str | None) -> tuple[list[str], int]:
    receiver = "with-project" if python is None else receiver_named(python, relative_to=os.getcwd())
    # What the texts call today's code is then that interpreter's, where nobody edits anything.
    lines = [] if python is None else [f"read by {python}; today's code is the code there:", ""]
    ignored = _setting("portable_errors_ignore") or ()
    ignored = ignored.splitlines() if isinstance(ignored, str) else ignored
    counts: Counter[str] = Counter()
    with contextlib.closing(Receivers()) as receivers:
        reader = Reader(receivers=receivers, receiver=receiver)
        for one, outcome in _outcomes(stored, reader):
            name = "" if one.golden is None else one.golden.name
            if any(fnmatch.fnmatchcase(name, str(pattern)) for pattern in ignored):
                counts["ignored"] += 1
                continue
            place = f"{one.file.parent.name}/{one.file.name}"
            if isinstance(outcome, NotChecked):
                counts["not checked"] += 1
                lines.append(f"{place}: not checked: {outcome}")
            elif isinstance(outcome, Exception):
                counts["not loaded"] += 1
                lines.append(f"{place}: not loaded: {outcome}")
            elif outcome:
                counts["lost"] += 1
                lines += [outcome, "", f"  golden  {place}", ""]
            else:
                counts["unchanged"] += 1
    told = ", ".join(f"{count} {what}" for what, count in sorted(counts.items()))
    of_one = len(stored) == 1
    releases = len({one.file.parent for one in stored})
    of = f"{releases} release{'' if releases == 1 else 's'}"
    lines.append(f"{len(stored)} golden{'' if of_one else 's'} of {of}: {told or 'none'}")
    return [clean(line) for text in lines for line in text.split("\n")], int(
        bool(counts["lost"] or counts["not loaded"])
    )


def _outcomes(
    stored: Sequence[Stored], reader: Reader
) -> Iterator[tuple[Stored, str | NotChecked | Exception]]:
    """Each file with what became of it: a text if something is lost, "" if nothing is.

    Raises:
        PortableErrorsError: The receiver cannot start.
    """
    checks = GoldenChecks(list(stored), reader, ahead=AHEAD)
    for number, one in enumerate(stored):
        if one.golden is None:
            yield one, PortableErrorsError(one.problem)
            continue
        try:
            trip = checks.pending(number).conclude()
        except (NotChecked, Refused) as reason:
            yield one, reason
            continue
        if reader.receiver != "with-project" and trip.diagnosis is not None:
            trip = replace(trip, diagnosis=replace(trip.diagnosis, fixes=()))
        yield one, "" if trip.arrived_whole else checks.told.text(one.golden, trip)
