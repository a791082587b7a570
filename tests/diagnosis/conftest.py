"""What the tests of causes share."""

from __future__ import annotations

import copyreg
from collections.abc import Callable
from typing import Any

import pytest
from diagnosis.trips import Register


@pytest.fixture
def register(monkeypatch: pytest.MonkeyPatch) -> Register:
    """Put a reducer in ``copyreg`` for as long as the test runs."""

    def register(cls: type, reducer: Callable[[Any], Any]) -> None:
        monkeypatch.setitem(copyreg.dispatch_table, cls, reducer)

    return register
