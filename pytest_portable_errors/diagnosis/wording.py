"""How a diagnosis writes of calls, places and names."""

from __future__ import annotations

from types import FunctionType

from pytest_portable_errors.diagnosis import class_source
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.shown import short_name

_GETATTR = (Global("builtins", "getattr"), Global("__builtin__", "getattr"))
_ROOM = 90  # characters before a place on the same line
_ARGUMENT = 60  # characters of one argument


def class_name(cls: type) -> str:
    """``shop.errors.PaymentError``."""
    return short_name(f"{cls.__module__}.{cls.__qualname__}")


def placed(line: str, function: FunctionType) -> str:
    """A line with the place of the function that it tells of, on a line of its own where both would
    be too long."""
    gap = "    " if len(line) <= _ROOM else "\n    "
    return f"{line}{gap}{class_source.location(function)}"


def wants_set_up(error: str) -> str:
    """What to do where the receiver raised an error of this type, because some library was not set
    up there."""
    setup = "django:setup" if error.startswith("django.") else "module:callable"
    return (
        "likely the library wants to be set up first, as the program does that reads the "
        f"errors:\nportable_errors_receiver_setup = {setup}"
    )


def called(function: object) -> str:
    """What a payload calls; ``getattr(owner, name)``, which is how methods are pickled, as
    ``owner.name``."""
    if isinstance(function, Call):
        args = function.args
        if function.function in _GETATTR and isinstance(args, tuple) and len(args) == 2:
            return f"{called(args[0])}.{args[1]}"
        return f"{called(function.function)}(...)"
    return str(function)


def arguments(call: Call, mask: Mask) -> str:
    """A call's arguments, each short; without credentials, also where one was cut."""
    return (
        ", ".join(brief_argument(item, mask) for item in call.args)
        if isinstance(call.args, tuple)
        else "..."
    )


def brief_argument(value: object, mask: Mask) -> str:
    """One argument, short."""
    if isinstance(value, Call):
        return f"{called(value.function)}(...)"
    if isinstance(value, (list, tuple)):
        return "[...]" if isinstance(value, list) else "(...)"
    text = mask.text(str(value) if isinstance(value, Global) else repr(value))
    return text if len(text) <= _ARGUMENT else text[: _ARGUMENT - 3] + "..."
