"""All errors of the library."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


class LedgerError(Exception):
    """Base of all errors of the library."""


class ParseError(LedgerError):
    """A file is not a ledger."""

    def __init__(self, message: str, line: int) -> None:
        super().__init__(f"line {line}: {message}")
        self.line = line


class BadDate(ParseError):
    """A date that no calendar has."""


class BadAmount(ParseError):
    """An amount that is no number."""


class UnexpectedIndent(ParseError):
    """A posting without a transaction."""


class AccountError(LedgerError):
    """Something is wrong with an account."""

    def __init__(self, account: str) -> None:
        super().__init__(account)
        self.account = account


class UnknownAccount(AccountError, KeyError):
    """No account has this name."""

    def __str__(self) -> str:
        return f"unknown account {self.account!r}"


class AccountClosed(AccountError):
    """The account takes no more postings."""

    def __str__(self) -> str:
        return f"account {self.account!r} is closed"


@dataclass
class Unbalanced(LedgerError):
    """A transaction whose postings do not add up to nothing."""

    payee: str
    difference: Decimal

    def __str__(self) -> str:
        return f"{self.payee}: off by {self.difference}"


@dataclass
class PriceMissing(LedgerError):
    """There is no price for a commodity."""

    commodity: str = ""
    currency: str = "EUR"

    def __str__(self) -> str:
        return f"no price of {self.commodity} in {self.currency}"
