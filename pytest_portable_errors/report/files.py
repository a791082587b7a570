"""Writes a report to a file, in the format that the file's suffix names."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_portable_errors.report.document import Document


def write_report(file: Path, document: Document) -> None:
    """Write a document as JSON to a ``.json`` file, and as HTML to any other.

    Raises:
        ModuleNotFoundError: HTML is asked for, and Jinja2 is not installed.
        OSError: The file cannot be written.
    """
    file.write_text(
        _as_json(document) if file.suffix == ".json" else _as_html(document), encoding="utf-8"
    )


def _as_json(document: object) -> str:
    return json.dumps(document, indent=2, ensure_ascii=True) + "\n"


def _as_html(document: Document) -> str:
    from pytest_portable_errors.report.page import page  # here, because it needs Jinja2

    return page(document)
