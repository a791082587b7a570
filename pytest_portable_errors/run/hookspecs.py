"""Hooks that other plugins and conftest files may implement."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.sender.serializers import Serializer


# A hook's specification has no body, for which mypy wants a return.
def pytest_portable_errors_serializers() -> Sequence[Serializer]:  # type: ignore[empty-body]
    """Return serializers that settings, markers and ``check_round_trip`` may then name."""


def pytest_portable_errors_instances() -> Mapping[  # type: ignore[empty-body]  # as above
    type[BaseException] | str,
    Callable[[type[BaseException]], BaseException | Sequence[BaseException]],
]:
    """Return functions that make instances of exception classes, for the survey.

    They serve classes that cannot be built from their signature::

        def pytest_portable_errors_instances():
            return {PaymentError: lambda cls: cls(Order(7), "declined")}

    A key is the class, or its dotted name, so that a conftest need not import it. The function is
    given the class, because it serves subclasses too, and returns one instance or several.
    """


# No body, as above.
def pytest_portable_errors_expect() -> Mapping[  # type: ignore[empty-body]
    type[BaseException] | str, type[BaseException] | str
]:
    """Return deliberate changes of type: the class sent, and the class that it arrives as.

    ``{StepFailed: RuntimeError}`` says that StepFailed and its subclasses arrive as RuntimeError.
    Either may be the class or its dotted name.
    """
