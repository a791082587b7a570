"""Credentials that payloads carry: a line of the summary, or the failure of the test that met them. A value is never shown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pytest_portable_errors.diagnosis.losses import short_name
from pytest_portable_errors.report.text import brief, clean
from pytest_portable_errors.trip import RoundTrip

_MOST_LINES = 10

Row = list[str]
"""Type, path and kind. Plain, because reports carry it through pytest-xdist."""


class Exposure:
    """What the trips of the running test have shown."""

    def __init__(self, mode: str) -> None:
        """``mode`` is ``off``, ``warn`` or ``error``."""
        self._mode = mode
        self._rows: list[Row] = []

    def judge(self, trips: Iterable[RoundTrip]) -> str | None:
        """Keep what these trips carry; the failure's text where that is an error."""
        rows = _rows(trips)
        if self._mode == "off" or not rows:
            return None
        if self._mode == "warn":
            self._rows.extend(rows)
            return None
        names = ", ".join(dict.fromkeys(clean(short_name(name)) for name, _, _ in rows))
        lines = "\n".join(f"  {brief(path)}   {clean(kind)}" for _, path, kind in rows)
        return (
            f"{names} carries credentials\n\n{lines}\n\n"
            "  Whatever stores or logs the payload has them. Leave them out of what the exception keeps, or of its __reduce__;\n"
            "  portable_errors_credentials = warn only names them in the summary."
        )

    def take(self) -> list[Row]:
        """What was kept since the last time."""
        rows, self._rows = self._rows, []
        return rows


def summary_lines(rows: Iterable[Row]) -> Iterator[str]:
    """A line for each exception class and path, as far as there is room."""
    lines = list(
        dict.fromkeys(f"{clean(short_name(name))} carries a credential: {brief(path)} ({clean(kind)})" for name, path, kind in rows)
    )
    yield from lines[:_MOST_LINES]
    if len(lines) > _MOST_LINES:
        yield f"... and {len(lines) - _MOST_LINES} more credentials; portable_errors_credentials = error fails the tests that meet them"


def _rows(trips: Iterable[RoundTrip]) -> list[Row]:
    found = [[trip.sent["exceptions"][0]["type"], credential.path, credential.kind] for trip in trips for credential in trip.credentials]
    return [row for position, row in enumerate(found) if row not in found[:position]]
