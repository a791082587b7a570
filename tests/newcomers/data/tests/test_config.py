import pytest
from pydantic import ValidationError

from forecast.config import Config, load
from forecast.errors import ConfigInvalid


def test_defaults():
    assert load({"horizon": 7}).column == "sales"


@pytest.mark.parametrize(
    "values",
    [
        {"horizon": 0},
        {"horizon": "soon"},
        {},
        {"horizon": 7, "column": "net sales"},
        {"horizon": 7, "start": "yesterday"},
    ],
)
def test_wrong_values(values):
    with pytest.raises(ValidationError):
        Config(**values)


def test_an_error_of_our_own():
    with pytest.raises(ConfigInvalid, match="2 settings are wrong") as caught:
        load({"horizon": -1, "column": "1st"})
    assert isinstance(caught.value.__cause__, ValidationError)
