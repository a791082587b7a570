"""Which parameters of a test are left to ``pytest -m matrix``."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import pytest

T = TypeVar("T")
MATRIX = pytest.mark.matrix


def rest_in_matrix(parameters: Iterable[T], *, here: Callable[[T], bool]) -> list[Any]:
    """The parameters for ``parametrize``: those that ``here`` is true of run by default, the others
    in the matrix. A tuple is one value for each name."""
    return [
        parameter
        if here(parameter)
        else pytest.param(
            *(parameter if isinstance(parameter, tuple) else (parameter,)), marks=MATRIX
        )
        for parameter in parameters
    ]
