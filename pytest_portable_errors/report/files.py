"""Writes a report to a file, in the format that the file's suffix names."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_portable_errors.report.document import Document
from pytest_portable_errors.whole_files import write_whole

SUFFIXES = (".json", ".html", ".sarif")
"""How the name of a report may end."""
SUFFIXES_TEXT = ".json, .html or .sarif"
"""The same in words."""


def write_report(file: Path, document: Document) -> None:
    """Write a document to a file whose suffix, one of ``SUFFIXES``, says how.

    Raises:
        ModuleNotFoundError: HTML is asked for, and Jinja2 is not installed.
        OSError: The file cannot be written; it is as it was.
    """
    write = {".json": _as_json, ".html": _as_html, ".sarif": _as_sarif}[file.suffix]
    write_whole(file, write(document).encode(), or_in_place=True)


def _as_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _as_html(document: Document) -> str:
    from pytest_portable_errors.report.page import page  # here, because it needs Jinja2

    return page(document)


def _as_sarif(document: Document) -> str:
    # here, because a run that writes no SARIF needs none of what it loads
    from pytest_portable_errors.report.sarif import sarif

    return _as_json(sarif(document))
