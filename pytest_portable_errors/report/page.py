"""The HTML report: one file that needs nothing else. Made by Jinja2, which is an extra."""

from __future__ import annotations

from pytest_portable_errors.report.document import Document


def page(document: Document) -> str:
    """The page."""
    raise NotImplementedError
