"""Writes calls, places and names for the texts of a diagnosis."""

from __future__ import annotations

from types import FunctionType

from pytest_portable_errors.diagnosis import class_code
from pytest_portable_errors.diagnosis.masking import Mask
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.receiver.escaped import escaped

_GETATTR = (Global("builtins", "getattr"), Global("__builtin__", "getattr"))
_LONGEST_LINE = 90  # characters of a line that has a place after it
_LONGEST_ARGUMENT = 60  # characters of one argument


def class_name(cls: type) -> str:
    """The full name of a class, without ``builtins``: ``shop.errors.PaymentError``."""
    return short_name(escaped(f"{cls.__module__}.{cls.__qualname__}"))


def placed(line: str, place: str) -> str:
    """A line, followed by the place that it is about: ``file:line``, or "" if there is none.

    The place stands on a line of its own if the line has more than 90 characters.
    """
    gap = "    " if len(line) <= _LONGEST_LINE else "\n    "
    return f"{line}{gap}{place}" if place else line


def set_anew(constructor: FunctionType) -> str:
    """A clause on ``exc.args`` where the constructor assigns them itself; "" where it does not."""
    is_set = class_code.sets_args(constructor)
    return f", which {constructor.__name__} sets anew," if is_set else ""


def wants_set_up(error: str) -> str:
    """The advice where loads failed because a library was not set up in the receiver.

    Args:
        error: Full name of the type of the error that the receiver raised; Django's has a setup
            that is known.
    """
    setup = "django:setup" if error.startswith("django.") else "module:callable"
    return (
        "likely the library wants to be set up first, as the program does that reads the "
        f"errors:\nportable_errors_receiver_setup = {setup}"
    )


def called(function: object) -> str:
    """The function that a payload calls, as text: ``shop.errors.rebuild``.

    Pickle writes a method as ``getattr(owner, name)``; it is shown as ``owner.name``.
    """
    if isinstance(function, Call):
        args = function.args
        if function.function in _GETATTR and isinstance(args, tuple) and len(args) == 2:
            return f"{called(args[0])}.{args[1]}"
        return f"{called(function.function)}(...)"
    return str(function)


def arguments(call: Call, mask: Mask) -> str:
    """The arguments of a call, each cut, without credentials; ``...`` if they are no tuple."""
    return (
        ", ".join(brief_argument(item, mask) for item in call.args)
        if isinstance(call.args, tuple)
        else "..."
    )


def brief_argument(value: object, mask: Mask) -> str:
    """One argument as text, without credentials, cut to 60 characters.

    Of calls and containers the content is left out: ``Decimal(...)``, ``[...]``.
    """
    if isinstance(value, Call):
        return f"{called(value.function)}(...)"
    if isinstance(value, (list, tuple)):
        return "[...]" if isinstance(value, list) else "(...)"
    text = mask.text(str(value) if isinstance(value, Global) else repr(value))
    return text if len(text) <= _LONGEST_ARGUMENT else text[: _LONGEST_ARGUMENT - 3] + "..."
