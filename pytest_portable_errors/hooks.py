"""Hooks that other plugins and conftest files may implement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.sender.serializers import Serializer


def pytest_portable_errors_serializers() -> Sequence[Serializer]:  # type: ignore[empty-body]  # a hook's specification
    """Serializers that settings, markers and ``check_round_trip`` may then name."""
