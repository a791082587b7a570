import unittest

import pytest
from shop import orders
from shop.errors import Busy, NotFound, PaymentError, ShopError


@pytest.mark.parametrize("card", ["stolen", "empty"])
def test_a_bad_card_is_declined(card):
    with pytest.raises(PaymentError, match=card):
        orders.pay(7, card)


def test_a_good_card_is_not():
    orders.pay(7, "good")


class TestStock(unittest.TestCase):
    def test_unknown(self):
        with self.assertRaises(NotFound):
            orders.find("plum")

    def test_known(self):
        assert orders.find("pear") == 1


def test_reserving_twice():
    with pytest.raises(Busy):
        orders.reserve()


def test_closing():
    with pytest.raises(ShopError):
        orders.close()
