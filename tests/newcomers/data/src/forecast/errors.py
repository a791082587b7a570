"""What stops a forecast."""

from __future__ import annotations

from collections.abc import Iterator

import attr
import attrs
import numpy as np
import pandas as pd


class ForecastError(Exception):
    """Base of all errors of the package."""


class NotConverged(ForecastError):
    """The fit ran out of steps."""

    def __init__(self, message: str, history: np.ndarray | None = None) -> None:
        super().__init__(message)
        self.history = history


class ShapeMismatch(ForecastError, ValueError):
    """Two arrays do not go together."""

    def __init__(self, expected: tuple[int, ...], given: np.ndarray) -> None:
        super().__init__(f"expected shape {expected}, not {given.shape}")
        self.expected = expected
        self.given = given


class BadRows(ForecastError):
    """Rows of a table that make no sense."""

    def __init__(self, message: str, rows: pd.DataFrame) -> None:
        super().__init__(message, rows)
        self.rows = rows

    def __str__(self) -> str:
        return f"{self.args[0]}: {len(self.rows)} rows"


class BatchFailed(ForecastError):
    """A batch could not be read; the rest of them can still be."""

    def __init__(self, message: str, rest: Iterator[pd.DataFrame] | None = None) -> None:
        super().__init__(message)
        self.rest = rest


class ConfigInvalid(ForecastError):
    """The configuration does not fit its model."""


@attrs.define
class ColumnMissing(ForecastError):
    """A table lacks a column."""

    column: str
    present: list[str]

    def __str__(self) -> str:
        return f"no column {self.column!r} among {', '.join(self.present)}"


@attrs.define(kw_only=True)
class BudgetExceeded(ForecastError):
    """The fit would take more memory than it may."""

    needed: int
    allowed: int

    def __str__(self) -> str:
        return f"needs {self.needed} bytes, may use {self.allowed}"


@attr.s(auto_exc=True, auto_attribs=True)
class NotFitted(ForecastError):
    """Predictions come after the fit."""

    model: str
    hint: str = "call fit first"
