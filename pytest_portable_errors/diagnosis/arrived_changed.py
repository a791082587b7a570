"""Causes of an exception that arrived, and is not what it was."""

from __future__ import annotations

from pytest_portable_errors.diagnosis.arrived_changed_rebuilt import global_of, own_losses
from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_SENT_BY_VALUE,
    DROPPED_BY_PYTHON,
    RECEIVER_NOT_SET_UP,
    REGISTERED_REDUCER_LOSES,
    RENAMED_BY_PROTOCOL,
    SLOTS_NOT_CARRIED,
    TRAVELS_ONLY_IN_TESTS,
    VALUE_CHANGES,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.pickle_machine import Call
from pytest_portable_errors.diagnosis.pickle_paths import built_class, places
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import (
    class_name,
    wants_set_up,
)
from pytest_portable_errors.receiver.described import Stage, subject_of
from pytest_portable_errors.receiver.fields import slot_names

_BY_VALUE = ("cloudpickle.", "dill.")  # whose functions make the class again


def travels_only_in_tests(facts: Facts) -> Diagnosis | None:
    """The reducer in use is a test module's or a conftest's: production has none."""
    found = facts.reducer
    if (
        facts.stage is not Stage.ARRIVED
        or not facts.from_tests
        or found is None
        or any(loss.kind != "arrival" for loss in facts.losses)
    ):
        return None
    how = (
        "registered in copyreg"
        if found.place == "copyreg"
        else f"put in place of {class_name(facts.cls)}.{found.place}"
    )
    why = (
        f"it is pickled by {found.name}, {how} by {found.module}    {found.location}\n"
        "production does not load that module: move the reducer into the package, beside what "
        "raises or sends the error"
    )
    return Diagnosis(
        cause=TRAVELS_ONLY_IN_TESTS, why=why, evidence=(found.name, found.module, found.location)
    )


def dropped_by_python(facts: Facts) -> Diagnosis | None:
    """Fields that CPython's own ``__reduce__`` leaves out (``AttributeError.name`` before 3.12,
    ``NameError.name``)."""
    lost = {loss.path for loss in facts.losses}
    fields = {f"exc.{name}" for name in subject_of(facts.sent).get("base_fields", ())}
    if (
        facts.stage is not Stage.ARRIVED
        or not lost
        or not lost <= fields
        or facts.reduce_method is not None
    ):
        return None
    base = next(owner for owner in facts.cls.__mro__ if owner.__module__ == "builtins")
    if facts.reducer is not None and base not in (AttributeError, NameError):
        # Python carries the fields of others (ImportError.name), and what is in copyreg does not
        return None
    names = ", ".join(sorted(path.removeprefix("exc.") for path in lost))
    why = f"Python's own {base.__name__}.__reduce__ leaves out {names}"
    return Diagnosis(cause=DROPPED_BY_PYTHON, why=why, evidence=(base.__name__, names))


def renamed_by_protocol(facts: Facts) -> Diagnosis | None:
    """Protocols 0 to 2 write the names of Python 2, which had fewer: ModuleNotFoundError goes as
    ImportError (bpo-6137)."""
    python2 = next((name for name in facts.reading.names if name.module == "exceptions"), None)
    if (
        facts.stage is not Stage.ARRIVED
        or python2 is None
        or not any(loss.path == "exc" and loss.kind == "type" for loss in facts.losses)
    ):
        return None
    sent = class_name(facts.cls)
    why = f"protocols 0 to 2 write {sent} as Python 2's {python2.qualname}; use protocol 3 or later"
    return Diagnosis(
        cause=RENAMED_BY_PROTOCOL, why=why, evidence=(sent, f"exceptions.{python2.qualname}")
    )


def unreadable_there(facts: Facts) -> Diagnosis | None:
    """``str`` of it raises in the receiver: what it asks there (settings, translations) was not set
    up."""
    received = subject_of(facts.received) if facts.received is not None else {}
    raised = received.get("message", {}).get("raises")
    if (
        facts.stage is not Stage.ARRIVED
        or raised is None
        or "raises" in subject_of(facts.sent)["message"]
    ):
        return None
    why = (
        f"str() of it raises {short_name(raised)} in the receiver, and not "
        f"here\n{wants_set_up(raised)}"
    )
    return Diagnosis(cause=RECEIVER_NOT_SET_UP, why=why, evidence=("str(exc)", raised))


def sent_by_value(facts: Facts) -> Diagnosis | None:
    """The class itself is in the payload: what arrives is a copy of it, that no ``except`` clause
    names."""
    if facts.stage is not Stage.ARRIVED or not any(
        loss.kind == "type" and loss.path == "exc" for loss in facts.losses
    ):
        return None
    name = class_name(facts.cls)
    if global_of(facts.cls) in facts.reading.names or not any(
        name.module.startswith(_BY_VALUE) for name in facts.reading.names
    ):
        return None
    why = (
        f"the payload holds a copy of the class {name}, because it cannot be imported under "
        "that name"
    )
    return Diagnosis(cause=CLASS_SENT_BY_VALUE, why=why, evidence=(name,))


def slots_not_carried(facts: Facts) -> Diagnosis | None:
    """``BaseException.__reduce__`` knows ``__dict__``, and no slots."""
    lost = {loss.path.removeprefix("exc.") for loss in facts.losses if loss.kind == "attributes"}
    owners = {name: owner for owner in reversed(facts.cls.__mro__) for name in slot_names(owner)}
    has_reducer = facts.reduce_method is not None or facts.reducer is not None
    if facts.stage is not Stage.ARRIVED or has_reducer or not lost or not lost <= owners.keys():
        return None
    names = sorted(lost)
    where = class_name(owners[names[0]])
    why = (
        f"{', '.join(names)}: slots of {where}, and BaseException.__reduce__ carries only __dict__"
    )
    return Diagnosis(cause=SLOTS_NOT_CARRIED, why=why, evidence=(f"{where}.__slots__", *names))


def registered_reducer_loses(facts: Facts) -> Diagnosis | None:
    """What is in ``copyreg`` decides how a class is pickled, whoever put it there (tblib, by way of
    distributed)."""
    own, found = own_losses(facts), facts.reducer
    if facts.stage is not Stage.ARRIVED or found is None or found.place != "copyreg" or not own:
        return None
    why = (
        f"copyreg has {found.name} of {found.module} for it, which leaves out or changes "
        f"{own}    {found.location}"
    ).rstrip()
    return Diagnosis(
        cause=REGISTERED_REDUCER_LOSES,
        why=why,
        evidence=(found.name, found.module, found.location),
    )


def value_changes(facts: Facts) -> Diagnosis | None:
    """A value that it stores, or was made from, is pickled by rules of its own, and comes back as
    something else (urllib3's errors)."""
    lost = [loss for loss in facts.losses if loss.kind in ("args", "attributes")]
    if (
        facts.stage is not Stage.ARRIVED
        or not lost
        or any(loss.received in ("None", "missing") for loss in lost)
    ):
        return None
    made = {
        place.path: place.value
        for place in places(facts.reading.root)
        if isinstance(place.value, Call)
    }
    changed = {
        loss: next(
            ((way, made[way]) for way in ValuePath.of(loss.path).outward() if way in made), None
        )
        for loss in lost
    }
    # The same value may lie in several places, and the payload has it in one.
    told = {(loss.sent, loss.received) for loss, found in changed.items() if found is not None}
    if any(
        found is None and (loss.sent, loss.received) not in told for loss, found in changed.items()
    ):
        return None
    path, call = next(found for found in changed.values() if found is not None)
    built, _ = built_class(call)
    why = (
        f"{path} holds a {built}, which is pickled by rules of its own, and comes back as "
        "something else"
    )
    return Diagnosis(cause=VALUE_CHANGES, why=why, evidence=(path, str(built)))
