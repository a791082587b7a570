"""Leaves tests out of pytest's own sections whose defects the summary tells, once for all."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest

_REPORTED = "fE"
"""pytest's default of ``-r``: failed tests and errors."""


@contextlib.contextmanager
def without_told_once(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """Leave these tests out of ``FAILURES`` and of pytest's short summary, within the block.

    They are counted as ever. A user who gives ``--tb`` or ``-r`` wants to see each test.
    """
    option, stats = terminalreporter.config.option, terminalreporter.stats
    failed = stats.get("failed", [])
    others = [
        report for report in failed if not getattr(report, "portable_errors_told_once", False)
    ]
    is_asked_for = option.tbstyle != "auto" or option.reportchars != _REPORTED
    if is_asked_for or len(others) == len(failed):
        yield
        return
    stats["failed"] = others
    try:
        yield
    finally:
        stats["failed"] = failed
