import numpy as np
import pandas as pd
import pytest

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
from forecast.model import Trend, column, compare, total


@pytest.fixture
def table():
    return pd.DataFrame({"sales": [0.0, 2.0, 4.0, 6.0], "shop": list("abab")})


def test_fit(table):
    trend = Trend(Config(horizon=3))
    trend.fit(table)
    assert trend.predict() == pytest.approx([0, 2, 4], abs=1e-3)


def test_too_few_steps(table):
    with pytest.raises(NotConverged, match="2 steps") as caught:
        Trend(Config(horizon=3)).fit(table, steps=2)
    assert caught.value.history.shape == (2,)


def test_budget(table):
    with pytest.raises(BudgetExceeded, match="may use 8"):
        Trend(Config(horizon=3, allowed_bytes=8)).fit(table)


def test_predict_before_fit():
    with pytest.raises(NotFitted):
        Trend(Config(horizon=3)).predict()


def test_missing_column(table):
    with pytest.raises(ColumnMissing) as caught:
        column(table, "profit")
    assert caught.value.present == ["sales", "shop"]


def test_bad_rows(table):
    table.loc[1, "sales"] = -5
    with pytest.raises(BadRows, match="1 rows") as caught:
        column(table, "sales")
    assert list(caught.value.rows.index) == [1]


def test_shapes():
    assert compare(np.zeros(3), np.ones(3)) == 1
    with pytest.raises(ShapeMismatch, match=r"\(3,\)"):
        compare(np.zeros(3), np.ones((2, 2)))


def test_batches(table):
    bad = table.assign(sales=-1.0)
    batches = (part for part in [table, bad, table])
    with pytest.raises(BatchFailed, match="batch 1") as caught:
        total(batches, "sales")
    assert len(list(caught.value.rest)) == 1
