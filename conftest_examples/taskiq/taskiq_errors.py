"""What fails while mails are sent."""

from __future__ import annotations


class BouncedBefore(Exception):
    """As it was: two arguments make it, and ``args`` have the message alone."""

    def __init__(self, address: str, code: int) -> None:
        super().__init__(f"{address} bounced: {code}")
        self.address = address
        self.code = code


class Bounced(Exception):
    """Repaired for what stores ``args``: they are what it is made from, and all that it has."""

    def __init__(self, address: str, code: int) -> None:
        super().__init__(address, code)

    def __str__(self) -> str:
        return f"{self.address} bounced: {self.code}"

    @property
    def address(self) -> str:
        """Whom it was for."""
        return str(self.args[0])

    @property
    def code(self) -> int:
        """What the server said."""
        return int(self.args[1])
