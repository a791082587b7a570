"""From a ledger to other programs; nobody has written tests for this yet."""

from __future__ import annotations

import csv
from pathlib import Path

from ledgerfile.errors import LedgerError
from ledgerfile.parser import Ledger


class ExportError(LedgerError):
    """The other program's file could not be written."""

    def __init__(self, path: Path, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.path = path


def to_csv(ledger: Ledger, path: Path) -> None:
    if path.exists():
        raise ExportError(path, "there already")
    with path.open("w", newline="") as file:
        csv.writer(file).writerows((p.date, p.account, p.amount) for p in ledger.postings)
