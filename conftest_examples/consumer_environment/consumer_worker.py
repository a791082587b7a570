"""A worker as it runs in production: it stores why a payment failed.

``python consumer_worker.py PaymentError | PaymentExpired``, with a release of ``shopclient`` to be
imported.
"""

from __future__ import annotations

import pickle
import sys

import shopclient


def collect(kind: str) -> None:
    """A job."""
    error: type[shopclient.PaymentError] = getattr(shopclient, kind)
    raise error(7, "declined", 60)


if __name__ == "__main__":
    try:
        collect(sys.argv[1])
    except shopclient.PaymentError as error:
        sys.stdout.buffer.write(pickle.dumps(error))
