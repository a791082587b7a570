"""Hooks that other plugins and conftest files may implement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.sender.serializers import Serializer


# a hook's specification
def pytest_portable_errors_serializers() -> Sequence[Serializer]:  # type: ignore[empty-body]
    """Serializers that settings, markers and ``check_round_trip`` may then name."""


def pytest_portable_errors_instances() -> Mapping[  # type: ignore[empty-body]  # as above
    type[BaseException] | str,
    Callable[[type[BaseException]], BaseException | Sequence[BaseException]],
]:
    """Functions that make instances of classes which cannot be built from their signature, for the
    survey::

        def pytest_portable_errors_instances():
            return {PaymentError: lambda cls: cls(Order(7), "declined")}

    The function is given the class: it serves the subclasses, too. It returns an instance or
    several; a class may be given by its dotted name, so that a conftest need not import it.
    """


# as above
def pytest_portable_errors_expect() -> Mapping[  # type: ignore[empty-body]
    type[BaseException] | str, type[BaseException] | str
]:
    """Deliberate changes of type: ``{StepFailed: RuntimeError}`` says that StepFailed and its
    subclasses arrive as RuntimeError."""
