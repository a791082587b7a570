"""What a shop does."""

from shop.errors import Busy, NotFound, PaymentError, ShopError

STOCK = {"pear": 1}


def pay(order_id: int, card: str) -> None:
    if card != "good":
        raise PaymentError(order_id, f"card {card}")


def find(name: str) -> int:
    try:
        return STOCK[name]
    except KeyError:
        raise NotFound(name) from None


def reserve() -> None:
    raise Busy("somebody else is reserving")


def close() -> None:
    try:
        int("seven")
    except ValueError as error:
        raise ShopError("cannot close") from error
