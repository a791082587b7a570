"""Errors that carry a whole order cannot be built from their signature: a survey says "not
checked", and nobody knows before production.

Here the team says how they are made, once, for the base class: its subclasses inherit that. And it
says which errors are meant to arrive as something else. ``pytest --portable-errors`` then checks
every class, raised by a test or not.
"""

from factories_errors import Order, OrderError, PaymentRefused, StepFailed

ORDER = Order.placed(7, lines=("tea",))


def pytest_portable_errors_instances():
    return {
        OrderError: lambda cls: cls(ORDER),
        PaymentRefused: lambda cls: [cls(ORDER, code=402), cls(ORDER, code=None)],
    }


def pytest_portable_errors_expect():
    return {StepFailed: RuntimeError}
