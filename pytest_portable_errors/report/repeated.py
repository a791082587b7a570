"""Texts of tests that fail for a defect which another test has told."""

from __future__ import annotations

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.rows import Entries
from pytest_portable_errors.report.tally import Tally

_ENDING = "see the summary"


def same_defect(headline: str, cls: str) -> str:
    """The text of a test whose defect another test has told, on one line.

    Args:
        headline: ``Detail.headline``.
        cls: Dotted name of the class.
    """
    return f"{headline}; same defect as {clean(short_name(cls))}, {_ENDING}"


def shortened(tally: Tally, nodeid: str, entries: Entries, text: str) -> str:
    """A failing test's text, unless other tests told all its defects: then a line for each.

    Each worker of pytest-xdist tells a defect when it meets it first.

    Args:
        tally: What the reports before this one add up to.
        nodeid: The test's.
        entries: What its report carries.
        text: What its process made of them.
    """
    details = entries["details"]
    if not details or not all(tally.is_told(detail, nodeid) for detail in details):
        return text
    repeated = [line for line in text.splitlines() if line.endswith(_ENDING)]
    return "\n".join(
        [*(same_defect(detail["headline"], detail["cls"]) for detail in details), *repeated]
    )
