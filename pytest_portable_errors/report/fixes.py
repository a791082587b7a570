"""Reads fixes back from the plain data of reports."""

from __future__ import annotations

from typing import Any

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.report.rows import Detail


def fix_of(row: dict[str, Any]) -> Fix:
    """The fix of a report's row."""
    fields: dict[str, Any] = {
        name: tuple(value) if isinstance(value, list) else value for name, value in row.items()
    }
    return Fix(**fields)


def fixes_of(detail: Detail | None) -> list[Fix]:
    """The fixes of a report's detail, the best first; [] without a detail."""
    return [] if detail is None else list(map(fix_of, detail["fixes"]))
