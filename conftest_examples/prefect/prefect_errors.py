"""What fails while a report is made."""

from __future__ import annotations


class NoRowsBefore(Exception):
    """As it was: it cannot be rebuilt from its message."""

    def __init__(self, table: str, day: str) -> None:
        super().__init__(f"no rows in {table} on {day}")
        self.table = table
        self.day = day


class NoRows(NoRowsBefore):
    """Repaired: it says which call makes it again."""

    def __reduce__(self) -> tuple[type[NoRows], tuple[str, str], dict[str, object]]:
        return type(self), (self.table, self.day), self.__dict__
