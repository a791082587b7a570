"""A line through what was sold."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from forecast.config import Config
from forecast.errors import (
    BadRows,
    BatchFailed,
    BudgetExceeded,
    ColumnMissing,
    NotConverged,
    NotFitted,
    ShapeMismatch,
)


class Trend:
    def __init__(self, config: Config) -> None:
        self.config = config
        self.slope: float | None = None

    def fit(self, table: pd.DataFrame, steps: int = 50) -> None:
        values = column(table, self.config.column)
        if values.nbytes > self.config.allowed_bytes:
            raise BudgetExceeded(needed=values.nbytes, allowed=self.config.allowed_bytes)
        slope, history = 0.0, []
        days = np.arange(len(values))
        for _ in range(steps):
            error = values - slope * days
            history.append(float(np.square(error).mean()))
            if len(history) > 1 and abs(history[-2] - history[-1]) < 1e-9:
                self.slope = slope
                return
            slope += 0.5 * float((error * days).sum() / np.square(days).sum())
        raise NotConverged(f"no fit after {steps} steps", np.array(history))

    def predict(self) -> np.ndarray:
        if self.slope is None:
            raise NotFitted("Trend")
        return self.slope * np.arange(self.config.horizon)


def column(table: pd.DataFrame, name: str) -> np.ndarray:
    if name not in table:
        raise ColumnMissing(name, list(table.columns))
    bad = table[table[name].isna() | (table[name] < 0)]
    if len(bad):
        raise BadRows("sales below nothing", bad)
    return table[name].to_numpy(dtype=float)


def compare(predicted: np.ndarray, sold: np.ndarray) -> float:
    if predicted.shape != sold.shape:
        raise ShapeMismatch(predicted.shape, sold)
    return float(np.abs(predicted - sold).mean())


def total(batches: Iterator[pd.DataFrame], name: str) -> float:
    result = 0.0
    for number, batch in enumerate(batches):
        try:
            result += column(batch, name).sum()
        except BadRows as exc:
            raise BatchFailed(f"batch {number} has bad rows", rest=batches) from exc
    return result
