"""Repairs the project when the tests have ended, and tells what was done."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.diagnosis.credentials import is_secret_header
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.diagnosis.source_places import file_below, place_of
from pytest_portable_errors.repair.plan import Place
from pytest_portable_errors.repair.proof import Evidence, Proof, in_new_process, named_class
from pytest_portable_errors.repair.repair import Repair, repaired
from pytest_portable_errors.report.fixes import fix_of
from pytest_portable_errors.report.summary_line import GREEN, RED, YELLOW, Line
from pytest_portable_errors.report.tally import Tally
from pytest_portable_errors.run.options import Options
from pytest_portable_errors.run.reducers_place import reducers_place
from pytest_portable_errors.sender.repaired import MOST_OF_A_CLASS, name_of

_MOST_LEFT = 20  # defects that stay and are named; -v names all


class Repairing:
    """The repair of one run, in the process that the user started."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        """Note when the run begins: files that are newer are not what was imported."""
        self._config = config
        self._options = options
        self._started = time.time()
        self._payloads: dict[str, list[bytes]] = {}
        self._fixes: list[Fix] = []
        self._repair: Repair | None = None

    def add(self, payloads: Sequence[tuple[str, bytes]]) -> None:
        """Keep exceptions that tests raised, as their fixes have pickled them.

        Args:
            payloads: ``module:qualified name`` of the class that gets the fix, and a payload.
        """
        for owner, payload in payloads:
            kept = self._payloads.setdefault(owner, [])
            if payload not in kept and len(kept) < MOST_OF_A_CLASS:
                kept.append(payload)

    def add_fixes(self, rows: Sequence[dict[str, Any]]) -> None:
        """Keep fixes of instances that are described nowhere; ``rows`` are fields of ``Fix``."""
        self._fixes += map(fix_of, rows)

    def finish(self, tally: Tally) -> bool:
        """Write what the run has found, or only work out the diff.

        Returns:
            Whether anything was written.
        """
        options = self._options
        reducers, module = reducers_place(options)
        place = Place(
            root=Path(os.path.realpath(options.root)),
            reducers=reducers,
            reducers_module=module,
            ini=None if (ini := self._config.inipath) is None else Path(os.path.realpath(ini)),
        )
        self._repair = repaired(
            tally.defects,
            place=place,
            started=self._started,
            unsafe=options.fixes == "unsafe",
            writes=not options.shows_diff,
            payloads=self._payloads,
            alternatives=self._fixes,
            carrying=carrying_in_headers(tally, place.root),
            prove=self._prove,
        )
        return bool(self._repair.files) and not options.shows_diff

    def _prove(
        self, evidence: Sequence[Evidence], reducers: str, registered: frozenset[str]
    ) -> Proof:
        root = Path(os.path.realpath(self._options.root))
        path = list(_unique_path(root))
        return in_new_process(
            evidence, reducers, registered, folder=root, path=path, setup=self._options.setup_steps
        )

    def lines(self, verbosity: int) -> Iterator[Line]:
        """What was done, for the end of the summary; nothing before ``finish``.

        Args:
            verbosity: The count of -v less that of -q.
        """
        repair = self._repair
        if repair is None or not (repair.defects or repair.files):
            return
        if self._options.shows_diff:
            yield from map(_coloured, repair.diff.splitlines())
        does = "would fix" if self._options.shows_diff else "fixed"
        files = f"{len(repair.files)} file{'' if len(repair.files) == 1 else 's'}"
        left = f"; {len(repair.left)} left:" if repair.left else ""
        total = f"{repair.defects:,} defect{'' if repair.defects == 1 else 's'}"
        colour = GREEN if not repair.left else YELLOW
        yield Line(f"portable errors: {does} {repair.fixed:,} of {total} in {files}{left}", colour)
        most = len(repair.left) if verbosity > 0 else _MOST_LEFT
        for one in repair.left[:most]:
            yield Line(f"  {clean(short_name(one.cls))}: {brief(clean(one.reason), 160)}")
        if len(repair.left) > most:
            yield Line(f"  ... and {len(repair.left) - most} more, which -v names")
        for text in repair.gives_up:
            yield Line(f"  gives up: {clean(text)}", YELLOW)
        for text in repair.advice:
            yield Line(f"  next: {clean(text)}")
        if repair.files and not self._options.shows_diff and verbosity >= 0:
            yield Line(f"  wrote {', '.join(map(clean, repair.files))}: run the tests once more")


def carrying_in_headers(tally: Tally, root: Path) -> dict[str, list[str]]:
    """Others' classes that carry credentials in HTTP headers: ``module:qualified name`` -> paths.

    The project's own are its own to repair.
    """
    carrying: dict[str, list[str]] = {}
    for name, path, _ in tally.credentials:
        cls = named_class(name) if is_secret_header(path) else None
        place = None if cls is None else place_of(cls)
        if cls is None or (place is not None and file_below(str(root), place[0])):
            continue
        carrying.setdefault(name_of(cls), []).append(path)
    return carrying


def _unique_path(root: Path) -> Iterator[str]:
    """What this process imports from, the project's folders with their sources first."""
    inside = [folder for folder in (root, root / "src") if folder.is_dir()]
    yield from dict.fromkeys([*map(str, inside), *(folder for folder in sys.path if folder)])


def _coloured(line: str) -> Line:
    if re.match(r"\+(?!\+\+ )", line):
        return Line(line, GREEN)
    return Line(line, RED if re.match(r"-(?!-- )", line) else {})
