"""From text to a ledger."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from ledgerfile.errors import (
    AccountClosed,
    BadAmount,
    BadDate,
    ParseError,
    PriceMissing,
    Unbalanced,
    UnexpectedIndent,
    UnknownAccount,
)


@dataclass
class Posting:
    payee: str
    date: datetime.date
    account: str
    amount: Decimal


@dataclass
class Ledger:
    postings: list[Posting] = field(default_factory=list)
    closed: set[str] = field(default_factory=set)
    prices: dict[tuple[str, str], Decimal] = field(default_factory=dict)

    def balance(self, account: str) -> Decimal:
        amounts = [p.amount for p in self.postings if p.account == account]
        if not amounts:
            raise UnknownAccount(account)
        return sum(amounts, Decimal())

    def post(self, posting: Posting) -> None:
        if posting.account in self.closed:
            raise AccountClosed(posting.account)
        self.postings.append(posting)

    def price(self, commodity: str, currency: str) -> Decimal:
        try:
            return self.prices[commodity, currency]
        except KeyError as exc:
            raise PriceMissing(commodity=commodity, currency=currency) from exc

    def check(self) -> None:
        sums: dict[str, Decimal] = {}
        for posting in self.postings:
            sums[posting.payee] = sums.get(posting.payee, Decimal()) + posting.amount
        for payee, difference in sums.items():
            if difference:
                raise Unbalanced(payee=payee, difference=difference)


def parse(text: str) -> Ledger:
    """Read lines ``2024-05-01 Payee``, each followed by indented ``Account  12.50``."""
    ledger = Ledger()
    head: tuple[str, datetime.date] | None = None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            head = None
        elif not line[0].isspace():
            day, _, payee = line.partition(" ")
            try:
                head = payee, datetime.date.fromisoformat(day)
            except ValueError as exc:
                raise BadDate(f"no date: {day!r}", number) from exc
        elif head is None:
            raise UnexpectedIndent("posting without a transaction", number)
        else:
            account, _, amount = line.strip().rpartition("  ")
            if not account:
                raise ParseError("two spaces go before the amount", number)
            try:
                ledger.post(Posting(*head, account.strip(), Decimal(amount)))
            except InvalidOperation as exc:
                raise BadAmount(f"no number: {amount!r}", number) from exc
    ledger.check()
    return ledger
