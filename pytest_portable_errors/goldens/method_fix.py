"""Fixes that are a method in a class of today."""

from __future__ import annotations

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import About


def method_fix(
    trials: Trials,
    module: str,
    qualname: str,
    method: str,
    code: str,
    *,
    title: str,
    about: About | None = None,
) -> Fix | None:
    """Try a method in its class.

    Args:
        trials: Try it on the golden.
        module: Where the class is.
        qualname: Its name there.
        method: The method's name.
        code: Its source.
        title: What the fix does.
        about: The class, if it may have a method of that name; None: it has none.

    Returns:
        None if the class has one of its own, or nothing arrives.

    Raises:
        PortableErrorsError: A receiver cannot start.
    """
    own = "" if about is None else about.get("setstate", "")
    if own and not own.startswith(("builtins.", "pydantic.")):
        return None
    trip = trials.trip({"methods": [[module, qualname, method, code]]})
    if trip is None:
        return None
    lost = tuple(loss.path for loss in trip.losses)
    return Fix(
        title=title,
        code=code,
        arrives_whole=not lost,
        still_lost=lost,
        receiver=trip.receiver,
        owner=f"{module}:{qualname}",
        method=method,
        recipe="Method",
    )
