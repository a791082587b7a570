"""The fixtures, as pytest finds them.

pytest imports this module in every run, so functions import what only a used plugin needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_portable_errors.run.option_specs import MARKER
from pytest_portable_errors.run.stash import run_of

if TYPE_CHECKING:
    from pytest_portable_errors.run.assertions import (
        AssertPrimitive,
        AssertRoundtrip,
        AssertValueRoundtrip,
    )
    from pytest_portable_errors.survey.cases import Case


@pytest.fixture
def assert_roundtrip(request: pytest.FixtureRequest) -> AssertRoundtrip:
    """Send an exception to a fresh interpreter, and fail if something of it is lost.

    That interpreter lacks the project's modules, unless a setting or marker names another.
    """
    return run_of(request.config).assert_roundtrip(request.node.iter_markers(MARKER))


@pytest.fixture
def assert_value_roundtrip(request: pytest.FixtureRequest) -> AssertValueRoundtrip:
    """Send a value, such as a task's argument or result, and fail if it arrives changed.

    It goes the same way as the exceptions of ``assert_roundtrip``.
    """
    return run_of(request.config).assert_value_roundtrip(request.node.iter_markers(MARKER))


@pytest.fixture
def assert_primitive(request: pytest.FixtureRequest) -> AssertPrimitive:
    """Fail if a value holds anything that is not primitive.

    Primitive are None, bool, int, float, str, bytes, lists, and dicts with str keys, by exact type.
    """
    return run_of(request.config).assert_primitive()


@pytest.fixture
def portable_case(request: pytest.FixtureRequest) -> Case:
    """The case of a suite that a test under ``@portable_cases`` runs for."""
    case: Case = request.param
    return case
