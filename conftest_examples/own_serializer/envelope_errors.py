"""The errors that workers report to clients. Both have this module, and clients have nothing else
of the project but the wire format."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime


class QuotaExceeded(Exception):
    """The client tries again ``until`` then."""

    def __init__(self, tenant: str, *, until: datetime) -> None:
        super().__init__(f"{tenant} has used up its quota")
        self.tenant = tenant
        self.until = until


class BadRow(Exception):
    """A row that cannot be imported."""

    def __init__(self, row: Sequence[object]) -> None:
        super().__init__(f"bad row {row[0]}")
        self.row = row


class RemoteError(Exception):
    """What clients get for an error that is not in ``REPORTED``: its text."""


REPORTED: dict[str, type[Exception]] = {"QuotaExceeded": QuotaExceeded, "BadRow": BadRow}
