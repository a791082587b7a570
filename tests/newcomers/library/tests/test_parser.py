from decimal import Decimal

import pytest

from ledgerfile import ParseError, Unbalanced, UnknownAccount, parse
from ledgerfile.errors import AccountClosed, BadAmount, BadDate, PriceMissing, UnexpectedIndent
from ledgerfile.parser import Posting

GOOD = """\
2024-05-01 Bakery
    Expenses:Food  3.20
    Assets:Cash  -3.20
"""


def test_balance():
    assert parse(GOOD).balance("Expenses:Food") == Decimal("3.20")


@pytest.mark.parametrize(
    ("text", "error", "line"),
    [
        ("2024-13-01 Bakery", BadDate, 1),
        ("2024-05-01 Bakery\n    Food  three", BadAmount, 2),
        ("\n    Food  3.20", UnexpectedIndent, 2),
        ("2024-05-01 Bakery\n    Food", ParseError, 2),
    ],
)
def test_errors_say_the_line(text, error, line):
    with pytest.raises(error, match=f"line {line}: ") as caught:
        parse(text)
    assert caught.value.line == line


def test_unbalanced():
    with pytest.raises(Unbalanced) as caught:
        parse(GOOD.replace("-3.20", "-3.00"))
    assert caught.value.difference == Decimal("0.20")


def test_unknown_account():
    with pytest.raises(UnknownAccount, match="unknown account 'Income'"):
        parse(GOOD).balance("Income")
    with pytest.raises(KeyError):
        parse(GOOD).balance("Income")


def test_closed_account():
    ledger = parse(GOOD)
    ledger.closed.add("Assets:Cash")
    with pytest.raises(AccountClosed, match="is closed"):
        ledger.post(Posting("x", ledger.postings[0].date, "Assets:Cash", Decimal(1)))


def test_price_missing():
    with pytest.raises(PriceMissing, match="no price of gold in EUR"):
        parse(GOOD).price("gold", "EUR")
