"""The tests of release 1.0, of whose errors the goldens were made."""

from __future__ import annotations

import pytest
from orders.errors import PaymentError


def test_the_bank_declines() -> None:
    with pytest.raises(PaymentError):
        raise PaymentError(7, "declined")
