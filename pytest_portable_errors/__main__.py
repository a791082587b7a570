"""The command ``python -m pytest_portable_errors``, for what is done outside of a test run.

``inspect`` reads stored errors, ``carriers`` says what each carrier makes of an exception,
``goldens`` checks payloads of earlier releases,
``merge`` joins the reports of several runs, ``explain`` prints what a cause means, ``upstream``
writes to the authors of a package.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import itertools
import json
import os
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from pytest_portable_errors.diagnosis.cause_names import EXPLAINED
from pytest_portable_errors.diagnosis.envelopes import (
    Envelope,
    envelopes,
    envelopes_of_database,
    is_database,
)
from pytest_portable_errors.diagnosis.explain import explanation, first_sentence
from pytest_portable_errors.diagnosis.pickle_reader import protocol_of
from pytest_portable_errors.diagnosis.stored import Inspection, inspect_payload, inspect_written
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.command import add_goldens, goldens
from pytest_portable_errors.repair.upstream import add_upstream, upstream
from pytest_portable_errors.report.inspection import inspection_row, inspection_text
from pytest_portable_errors.report.merge import add_merge, merge
from pytest_portable_errors.round_trip import check_round_trip
from pytest_portable_errors.survey.carriers import add_carriers, carriers
from pytest_portable_errors.whole_files import write_whole

_DESCRIPTION = (
    "What is done outside of a test run: with stored errors, with the reports of several runs, "
    "and for the authors of a package."
)
_NO_PICKLE = (
    "holds no pickle that could be found. Looked for: raw pickles, base64, JSON and lines of "
    "text with base64 in them, "
    "Celery's JSON errors, cells of an SQLite file"
)


_MOST_PAYLOADS = 1_000  # of one file that are shown


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Args:
        arguments: The words after the command's name; None: those of ``sys.argv``.

    Returns:
        The exit status: 0; 1 if a payload is damaged, would call what exceptions do not call, or
        none was found, or if what was merged fails; 2 for a file that cannot be read or written.

    Raises:
        SystemExit: With 2 for wrong usage, a cause or file that is not what it should be, and a
            damaged database; with 0 after ``--help`` and ``--version``.
    """
    parser = argparse.ArgumentParser(
        prog="python -m pytest_portable_errors", description=_DESCRIPTION
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"pytest-portable-errors {importlib.metadata.version('pytest-portable-errors')}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    inspect = commands.add_parser(
        "inspect",
        help="read a stored pickle without running it",
        description="Read stored errors without importing or calling anything: raw or base64 "
        "pickles of any protocol, rows of DBOS, "
        "results of Docket, messages and results of Celery, JSON and text with such in it, "
        "SQLite files. Exit status 1 if one is damaged, or if loading it would call what "
        "exceptions do not call.",
    )
    inspect.add_argument("file", metavar="FILE", help="a file, or - for the standard input")
    inspect.add_argument(
        "--json", action="store_true", help="print a JSON array, an element for each payload"
    )
    add_carriers(commands)
    add_goldens(commands)
    add_merge(commands)
    add_upstream(commands)
    explain = commands.add_parser(
        "explain",
        help="what a cause means, with an example and its fix",
        description=(
            "What a cause means whose name a failure gives: what is seen, why, an example, the fix."
        ),
    )
    explain.add_argument(
        "cause", metavar="CAUSE", nargs="?", help="its name; without one all of them are listed"
    )
    options = parser.parse_args(arguments)
    try:
        status = _run(options)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader of the output, such as head, has read enough. What is still to be flushed at
        # the end goes nowhere, because it would raise again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.filename is None:
            parser.error(str(error))
        print(f"{error.filename}: {_reason(error)}", file=sys.stderr)
        return 2
    except (sqlite3.Error, PortableErrorsError) as error:
        parser.error(str(error))
    return status


def _reason(error: OSError) -> str:
    """Why a file cannot be read or written."""
    if isinstance(error, FileNotFoundError):
        folder = os.path.dirname(error.filename)  # a file to write lacks nothing but its folder
        return (
            "no such file"
            if not folder or os.path.isdir(folder)
            else f"no such file: there is no folder {folder}"
        )
    return (error.strerror or type(error).__name__).lower()


def _run(options: argparse.Namespace) -> int:
    if options.command == "inspect":
        return _inspect(options)
    if options.command == "explain":
        print(_cause_list() if options.cause is None else explanation(options.cause))
        return 0
    if options.command == "carriers":
        print(carriers(options, check_round_trip))
        return 0
    if options.command == "upstream":
        found = upstream(options.package, report=options.report)
        print(found.markdown(), end="")
        if options.patch is not None:
            write_whole(options.patch, found.patch.encode(), or_in_place=True)
        return 0
    lines, status = (goldens if options.command == "goldens" else merge)(options)
    print("\n".join(lines))
    return status


def _cause_list() -> str:
    """All causes, a line each."""
    width = max(map(len, EXPLAINED))
    return "\n".join(f"{cause:<{width}}  {first_sentence(cause)}" for cause in EXPLAINED)


def _inspect(options: argparse.Namespace) -> int:
    # One more, to say that there are more.
    stored = list(itertools.islice(_envelopes_in(options.file), _MOST_PAYLOADS + 1))
    if not stored:
        print(f"{options.file}: {_NO_PICKLE}", file=sys.stderr)
        return 1
    if len(stored) > _MOST_PAYLOADS:
        del stored[_MOST_PAYLOADS:]
        print(f"{options.file}: cut: the first {_MOST_PAYLOADS:,} payloads", file=sys.stderr)
    inspections = [(envelope, _inspected(envelope)) for envelope in stored]
    # A table or a log holds pickles of other things too: they are left out if there is an error.
    inspections = [
        (envelope, inspection)
        for envelope, inspection in inspections
        if inspection.errors or inspection.problem or inspection.unexpected
    ] or inspections
    if options.json:
        rows = [
            inspection_row(inspection, where=envelope.where, form=envelope.form)
            for envelope, inspection in inspections
        ]
        print(json.dumps(rows, indent=2, allow_nan=False))
    else:
        print(
            "\n\n".join(
                inspection_text(inspection, title=_title(envelope, options.file))
                for envelope, inspection in inspections
            )
        )
    is_well = all(
        inspection.problem is None and not inspection.unexpected for _, inspection in inspections
    )
    return 0 if is_well else 1


def _envelopes_in(file: str) -> Iterator[Envelope]:
    if file == "-":
        yield from envelopes(sys.stdin.buffer.read())
        return
    content = Path(file).read_bytes()
    yield from envelopes_of_database(Path(file)) if is_database(content) else envelopes(content)


def _inspected(envelope: Envelope) -> Inspection:
    return (
        inspect_payload(envelope.payload)
        if envelope.written is None
        else inspect_written(envelope.written)
    )


def _title(envelope: Envelope, file: str) -> str:
    where = ": ".join(filter(None, (file, envelope.where)))
    if envelope.written is not None:
        return f"{where} (Celery's JSON)"
    return (
        f"{where} ({envelope.form}, protocol {protocol_of(envelope.payload)}, "
        f"{len(envelope.payload):,} bytes)"
    )


if __name__ == "__main__":
    sys.exit(main())
