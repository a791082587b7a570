"""Exceptions survive the trip to another process, or the test run says why not.

The names in ``__all__`` are the public ones. They load on first use (PEP 562), because pytest
imports this package in every run of every environment that has the plugin installed, used or not.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS
    from pytest_portable_errors.diagnosis.findings import Credential, Diagnosis, Fix
    from pytest_portable_errors.diagnosis.loss import Loss
    from pytest_portable_errors.errors import PortableErrorsError
    from pytest_portable_errors.receiver.described import Stage
    from pytest_portable_errors.round_trip import check_round_trip
    from pytest_portable_errors.run.portable_cases import portable_cases
    from pytest_portable_errors.sender.serializers import Serializer
    from pytest_portable_errors.sender.trip import RoundTrip

_MODULE_OF = {
    "DEFAULT_CHECKS": "diagnosis.checks",
    "Credential": "diagnosis.findings",
    "Diagnosis": "diagnosis.findings",
    "Fix": "diagnosis.findings",
    "Loss": "diagnosis.loss",
    "PortableErrorsError": "errors",
    "RoundTrip": "sender.trip",
    "Serializer": "sender.serializers",
    "Stage": "receiver.described",
    "check_round_trip": "round_trip",
    "portable_cases": "run.portable_cases",
}
"""Public name -> the module that defines it."""

__all__ = [
    "DEFAULT_CHECKS",
    "Credential",
    "Diagnosis",
    "Fix",
    "Loss",
    "PortableErrorsError",
    "RoundTrip",
    "Serializer",
    "Stage",
    "check_round_trip",
    "portable_cases",
]


def __getattr__(name: str) -> object:
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULE_OF[name]}"), name)


def __dir__() -> list[str]:
    return __all__
