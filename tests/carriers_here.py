"""Which carriers' libraries are installed, without importing them: distributed, for one, has tblib
register reducers when it is imported."""

from __future__ import annotations

import importlib.util

import pytest

from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.carrier import Carrier


def carrier_of(name: str) -> Carrier:
    """The row of one of our own carriers."""
    row = table.carrier(name)
    assert isinstance(row, Carrier)
    return row


CARRIERS = [carrier_of(name) for name in table.names()]
"""All rows."""


def is_here(serializer: str) -> bool:
    """Whether what it needs is installed."""
    if serializer == "dill":
        return importlib.util.find_spec("dill") is not None
    return serializer not in table.names() or carrier_of(serializer).is_installed


def skip_without(serializer: str) -> None:
    """Skip a test that needs it."""
    if not is_here(serializer):
        pytest.skip(f"what {serializer} needs is not installed")
