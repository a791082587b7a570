"""Rules for an exception that could not be pickled.

Each docstring states the defect that its rule finds; ``causes.py`` has the order.
"""

from __future__ import annotations

import sys

from pytest_portable_errors.diagnosis import class_source, source_places
from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    DUMPS_FAILED,
    ENDS_A_PROCESS,
    REDUCE_FAILED,
    VALUE_CANNOT_BE_PICKLED,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.shown import error_text
from pytest_portable_errors.diagnosis.wording import class_name
from pytest_portable_errors.receiver.described import Stage, subject_of


def ends_its_worker(facts: Facts) -> Diagnosis | None:
    """The worker does not catch it where it sends errors."""
    if facts.stage is not Stage.DUMPS or facts.error is not None or facts.how is None:
        return None
    return Diagnosis(
        cause=ENDS_A_PROCESS,
        why=f"{facts.how}: it ends what runs the task",
        evidence=(class_name(facts.cls),),
    )


def unpicklable_value(facts: Facts) -> Diagnosis | None:
    """A value that the exception holds cannot be pickled."""
    value = facts.unpicklable
    if facts.stage is not Stage.DUMPS or value is None:
        return None
    if not value.path:
        reason = "" if facts.error is None else f": {error_text(facts.error)}"
        return Diagnosis(
            cause=VALUE_CANNOT_BE_PICKLED, why=f"{value} cannot be pickled{reason}", evidence=()
        )
    why = f"{value} cannot be pickled"
    if value.unfound_class is not None:
        why = (
            f"{value.path} is a {class_name(value.unfound_class)}, which is not found under that "
            f"name{_public_as(value.unfound_class)}"
        )
    return Diagnosis(cause=VALUE_CANNOT_BE_PICKLED, why=why, evidence=(value.path, value.type))


def unnamed_class(facts: Facts) -> Diagnosis | None:
    """The class is not found under its name, by which pickle sends it."""
    if facts.stage is not Stage.DUMPS or subject_of(facts.sent)["importable"]:
        return None
    name = class_name(facts.cls)
    module, qualname = facts.cls.__module__, facts.cls.__qualname__
    if "<locals>" in qualname:
        reason = "is defined inside a function"
    elif module not in sys.modules:
        reason = f"says that its module is {module!r}, and no such module is loaded"
    elif source_places.find_class(module, qualname) is not None:
        reason = "was made at run time: its module holds another class under that name"
    else:
        reason = "is defined under a name that its module does not hold"
    return Diagnosis(
        cause=CLASS_NOT_IMPORTABLE,
        why=f"{name} {reason}; pickle sends a class by its name{_public_as(facts.cls)}",
        evidence=(name,),
    )


def _public_as(cls: type) -> str:
    """Say where a class is public, and which of its own names is false; "" if it is nowhere."""
    module, name = next(iter(class_source.public_names(cls)), ("", ""))
    false_names = [
        f"__{kind}__ to {name!r}"
        for kind, name, own in (
            ("module", module, cls.__module__),
            ("qualname", name, cls.__qualname__),
        )
        if name and name != own
    ]
    if not false_names:
        return ""
    return f"\npublic as {module}.{name}: set its {' and its '.join(false_names)}"


def reducer_fails(facts: Facts) -> Diagnosis | None:
    """The class's own ``__reduce__``, or the reducer that ``copyreg`` has for it, failed."""
    if facts.stage is not Stage.DUMPS or facts.error is None:
        return None
    if facts.reducer is not None and facts.reducer.place == "copyreg":
        reducer = facts.reducer
        why = (
            f"{reducer.name}, which copyreg has for it, raised {error_text(facts.error)}    "
            f"{reducer.location}"
        ).rstrip()
        return Diagnosis(cause=REDUCE_FAILED, why=why, evidence=(reducer.name, reducer.location))
    own = facts.own_reducer
    if own is None:
        return None
    why = (
        f"{own.title} raised or gave what pickle cannot use: "
        f"{error_text(facts.error)}    {own.location}"
    ).rstrip()
    return Diagnosis(cause=REDUCE_FAILED, why=why, evidence=(own.title, own.location))


def dumps_failed(facts: Facts) -> Diagnosis | None:
    """Pickling raised an error that no other rule explains."""
    if facts.stage is not Stage.DUMPS or facts.error is None:
        return None
    return Diagnosis(
        cause=DUMPS_FAILED,
        why=f"pickling it raised {error_text(facts.error)}",
        evidence=(facts.error["type"],),
    )
