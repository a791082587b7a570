"""The errors that clients and workers of a shop share, as the clients have them."""

__version__ = "1.0"


class PaymentError(Exception):
    """An order was not paid."""

    def __init__(self, order_id: int, reason: str) -> None:
        super().__init__(order_id, reason)
        self.order_id = order_id
        self.reason = reason
