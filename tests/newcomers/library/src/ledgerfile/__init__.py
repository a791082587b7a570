"""Reads plain-text accounting."""

from ledgerfile.errors import LedgerError, ParseError, Unbalanced, UnknownAccount
from ledgerfile.parser import Ledger, Posting, parse

__all__ = [
    "Ledger",
    "LedgerError",
    "ParseError",
    "Posting",
    "Unbalanced",
    "UnknownAccount",
    "parse",
]
