"""Causes of an exception that gave no payload."""

from __future__ import annotations

import sys

from pytest_portable_errors.diagnosis import class_source
from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    DUMPS_FAILED,
    REDUCE_FAILED,
    VALUE_CANNOT_BE_PICKLED,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.diagnosis.wording import class_name
from pytest_portable_errors.receiver.described import Stage, subject_of


def unpicklable_value(facts: Facts) -> Diagnosis | None:
    """One of its values refuses."""
    value = facts.unpicklable
    if facts.stage is not Stage.DUMPS or value is None:
        return None
    if not value.path:
        said = "" if facts.error is None else f": {error_text(facts.error)}"
        return Diagnosis(
            cause=VALUE_CANNOT_BE_PICKLED, why=f"{value} cannot be pickled{said}", evidence=()
        )
    return Diagnosis(
        cause=VALUE_CANNOT_BE_PICKLED,
        why=f"{value} cannot be pickled",
        evidence=(value.path, value.type),
    )


def unnamed_class(facts: Facts) -> Diagnosis | None:
    """pickle sends a class by its name, and nothing is found under that."""
    if facts.stage is not Stage.DUMPS or subject_of(facts.sent)["importable"]:
        return None
    name = class_name(facts.cls)
    module, qualname = facts.cls.__module__, facts.cls.__qualname__
    if "<locals>" in qualname:
        what = "is defined inside a function"
    elif module not in sys.modules:
        what = f"says that its module is {module!r}, and no such module is loaded"
    elif class_source.find_class(module, qualname) is not None:
        what = "was made at run time: its module holds another class under that name"
    else:
        what = "is defined under a name that its module does not hold"
    return Diagnosis(
        cause=CLASS_NOT_IMPORTABLE,
        why=f"{name} {what}; pickle sends a class by its name",
        evidence=(name,),
    )


def reducer_fails(facts: Facts) -> Diagnosis | None:
    """Its own ``__reduce__``, or the one that was registered for it."""
    if facts.stage is not Stage.DUMPS or facts.error is None:
        return None
    if facts.reducer is not None and facts.reducer.place == "copyreg":
        found = facts.reducer
        why = (
            f"{found.name}, which copyreg has for it, raised {error_text(facts.error)}    "
            f"{found.location}"
        ).rstrip()
        return Diagnosis(cause=REDUCE_FAILED, why=why, evidence=(found.name, found.location))
    method = facts.reduce_method
    if method is None:
        return None
    place = class_source.location(method)
    why = (
        f"{method.__qualname__} raised or gave what pickle cannot use: "
        f"{error_text(facts.error)}    {place}"
    )
    return Diagnosis(cause=REDUCE_FAILED, why=why, evidence=(method.__qualname__, place))


def dumps_failed(facts: Facts) -> Diagnosis | None:
    """Nothing else is known."""
    if facts.stage is not Stage.DUMPS or facts.error is None:
        return None
    return Diagnosis(
        cause=DUMPS_FAILED,
        why=f"pickling it raised {error_text(facts.error)}",
        evidence=(facts.error["type"],),
    )
