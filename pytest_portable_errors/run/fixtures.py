"""The fixtures, as pytest finds them. Loaded in every run, so that it imports what is needed when
it is needed."""

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
    """Send an exception to a fresh interpreter without the project's modules, and fail if something
    of it is lost there."""
    return run_of(request.config).assert_roundtrip(request.node.iter_markers(MARKER))


@pytest.fixture
def assert_value_roundtrip(request: pytest.FixtureRequest) -> AssertValueRoundtrip:
    """Send what is no exception, an argument or a result of a task, the same way, and fail if it
    arrives changed."""
    return run_of(request.config).assert_value_roundtrip(request.node.iter_markers(MARKER))


@pytest.fixture
def assert_primitive(request: pytest.FixtureRequest) -> AssertPrimitive:
    """Fail if a value holds anything but None, bool, int, float, str, bytes, lists, and dicts with
    str keys, by exact type."""
    return run_of(request.config).assert_primitive()


@pytest.fixture
def portable_case(request: pytest.FixtureRequest) -> Case:
    """The case that a test under ``@portable_cases`` runs for."""
    case: Case = request.param
    return case
