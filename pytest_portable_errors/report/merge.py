"""``python -m pytest_portable_errors merge``: one report of several runs, such as CI shards."""

from __future__ import annotations

import argparse
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_portable_errors.diagnosis.printable import brief, plain
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.report.baseline import read_baseline, write_baseline
from pytest_portable_errors.report.document import document, ensure_known, merge_documents
from pytest_portable_errors.report.files import SUFFIXES, SUFFIXES_TEXT, write_report
from pytest_portable_errors.report.outcome import Outcome
from pytest_portable_errors.report.summary import summary
from pytest_portable_errors.report.validity import problem_of

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


_LARGEST = 512 * 1024 * 1024  # bytes of a report


def add_merge(commands: Commands) -> None:
    """Declare the command ``merge`` and its options."""
    parser = commands.add_parser(
        "merge",
        help="make one report of several",
        description="Make one report of the JSON reports of several runs (pytest "
        "--portable-errors-report FILE.json), such as the "
        "shards of a CI job, and judge it as one run: open decisions and the baseline on the "
        "whole. "
        "A test that several of them ran counts once.",
    )
    parser.add_argument("reports", metavar="REPORT.json", nargs="+")
    parser.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        metavar="FILE",
        help=f"a {SUFFIXES_TEXT} file to write; repeatable",
    )
    parser.add_argument(
        "--mode",
        choices=("warn", "error"),
        help="whether what is found fails; default: as the strictest of the runs",
    )
    parser.add_argument(
        "--baseline", metavar="FILE", help="known defects; default: those that the runs knew"
    )
    parser.add_argument(
        "--update-baseline",
        action="store_true",
        help="write what was found to the baseline, and fail nothing of it",
    )
    parser.add_argument(
        "-v", "--verbose", action="count", default=0, help="each defect in full, with its fix"
    )
    parser.add_argument("-q", "--quiet", action="count", default=0, help="a line for each defect")


def merge(options: argparse.Namespace) -> tuple[list[str], int]:
    """Merge reports, write the files that were asked for, and give the summary.

    Args:
        options: What the parser of ``add_merge`` gave.

    Returns:
        The lines to print, and the exit status: 1 if anything in the reports fails, else 0.

    Raises:
        PortableErrorsError: A file is no report, or the options do not fit each other.
        OSError: A file cannot be read or written.
    """
    if options.update_baseline and options.baseline is None:
        raise PortableErrorsError("--update-baseline: say which, with --baseline FILE")
    outcome = merge_documents([(name, _read_report(Path(name))) for name in options.reports])
    outcome = replace(
        outcome, mode=options.mode or outcome.mode, updates_baseline=options.update_baseline
    )
    if options.baseline is not None:
        outcome = replace(
            _against(outcome, Path(options.baseline), is_new=options.update_baseline),
            baseline_name=options.baseline,
        )
    written = list(_write_files(outcome, options))
    lines = summary(
        replace(outcome, written=tuple(written)), verbosity=options.verbose - options.quiet
    )
    width = shutil.get_terminal_size().columns
    return [
        f" {line.text} ".center(width, "=") if line.is_title else line.text for line in lines
    ], 1 if outcome.fails else 0


def _read_report(file: Path) -> Mapping[str, object]:
    with open(file, "rb") as stream:
        content = stream.read(_LARGEST + 1)
    if len(content) > _LARGEST:
        raise PortableErrorsError(f"{file}: over the limit of {_LARGEST:,} bytes")
    try:
        report = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise PortableErrorsError(f"{file}: this is no JSON: {error}") from error
    if not isinstance(report, dict):
        raise PortableErrorsError(f"{file}: this is no report")
    ensure_known(str(file), report)
    try:
        problem = problem_of(report)
        # Its texts go to a terminal and to CI's log.
        cleaned: Mapping[str, object] = plain(report)
    except RecursionError:
        raise PortableErrorsError(f"{file}: this is no report: it is nested too deep") from None
    if problem is not None:
        raise PortableErrorsError(f"{file}: this is no report: {brief(problem)}")
    return cleaned


def _against(outcome: Outcome, file: Path, *, is_new: bool) -> Outcome:
    if not is_new and not file.exists():
        raise PortableErrorsError(f"--baseline: there is no file {file}")
    return outcome.against(read_baseline(file))


def _write_files(outcome: Outcome, options: argparse.Namespace) -> Iterator[str]:
    """Write the baseline and the reports; a line of the summary for each file."""
    if options.update_baseline:
        write_baseline(Path(options.baseline), outcome.updated_baseline)
        yield f"{options.baseline}: {outcome.update_told}"
    names: Sequence[str] = options.output
    for name in names:
        if Path(name).suffix not in SUFFIXES:
            raise PortableErrorsError(
                f"--output: {name}: expected a file that ends in {SUFFIXES_TEXT}"
            )
        write_report(Path(name), document(outcome))
        yield name
