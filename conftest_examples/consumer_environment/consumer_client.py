"""A client as it runs in production, in an environment of its own: it reads why a payment
failed."""

from __future__ import annotations

import pickle
import sys

import shopclient

if __name__ == "__main__":
    error = pickle.load(sys.stdin.buffer)
    assert isinstance(error, shopclient.PaymentError)
    sys.stdout.write(
        f"shopclient {shopclient.__version__}: order {error.order_id} was not paid: {error.reason}"
    )
