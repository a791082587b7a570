"""Rules for an exception that arrived changed: by reducers, by Python's limits, by its values.

Each docstring states the defect that its rule finds; ``causes.py`` has the order.
"""

from __future__ import annotations

from pytest_portable_errors.diagnosis import class_source, source_places
from pytest_portable_errors.diagnosis.arrived_changed_rebuilt import global_of, own_lost_paths
from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_SENT_BY_VALUE,
    DROPPED_BY_PYTHON,
    ENDS_A_PROCESS,
    RECEIVER_NOT_SET_UP,
    REGISTERED_REDUCER_LOSES,
    RENAMED_BY_PROTOCOL,
    SLOTS_NOT_CARRIED,
    TRAVELS_ONLY_IN_TESTS,
    VALUE_CHANGES,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.pickle_paths import built_class, payload_values
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import arguments, class_name, placed, wants_set_up
from pytest_portable_errors.receiver.described import Stage, subject_of
from pytest_portable_errors.receiver.escaped import escaped
from pytest_portable_errors.receiver.fields import slot_names

# Modules whose functions make a class again in the receiver.
_BY_VALUE_MODULES = ("cloudpickle.", "dill.")


def ends_its_client(facts: Facts) -> Diagnosis | None:
    """It arrives whole, and whoever asks for the result of the task ends by it."""
    if (
        facts.stage is not Stage.ARRIVED
        or not facts.ends_caller
        or any(loss.kind != "arrival" for loss in facts.losses)
    ):
        return None
    name = class_name(facts.cls)
    return Diagnosis(
        cause=ENDS_A_PROCESS,
        why=f"{name} is no Exception: what asks for the result raises it, past every except "
        "Exception, and ends",
        evidence=(name,),
    )


def travels_only_in_tests(facts: Facts) -> Diagnosis | None:
    """The reducer in use belongs to a test module or conftest, which production does not load."""
    reducer = facts.reducer
    if (
        facts.stage is not Stage.ARRIVED
        or not facts.from_tests
        or reducer is None
        or any(loss.kind != "arrival" for loss in facts.losses)
    ):
        return None
    origin = (
        "registered in copyreg"
        if reducer.place == "copyreg"
        else f"put in place of {class_name(facts.cls)}.{reducer.place}"
    )
    why = (
        f"it is pickled by {reducer.name}, {origin} by {reducer.module}    {reducer.location}\n"
        "production does not load that module: move the reducer into the package, beside what "
        "raises or sends the error"
    )
    return Diagnosis(
        cause=TRAVELS_ONLY_IN_TESTS,
        why=why,
        evidence=(reducer.name, reducer.module, reducer.location),
    )


def dropped_by_python(facts: Facts) -> Diagnosis | None:
    """CPython's own ``__reduce__`` leaves out a field that the built-in base keeps in C.

    So it does with ``AttributeError.name`` before Python 3.12, and with ``NameError.name``.
    """
    lost = {loss.path for loss in facts.losses}
    fields = {f"exc.{name}" for name in subject_of(facts.sent).get("base_fields", ())}
    if (
        facts.stage is not Stage.ARRIVED
        or not lost
        or not lost <= fields
        or facts.own_reducer is not None
    ):
        return None
    base = next(owner for owner in facts.cls.__mro__ if owner.__module__ == "builtins")
    if facts.reducer is not None and base not in (AttributeError, NameError):
        # Python carries the fields of other bases (ImportError.name): the reducer lost them.
        return None
    names = ", ".join(sorted(path.removeprefix("exc.") for path in lost))
    why = f"Python's own {base.__name__}.__reduce__ leaves out {names}"
    return Diagnosis(cause=DROPPED_BY_PYTHON, why=why, evidence=(base.__name__, names))


def renamed_by_protocol(facts: Facts) -> Diagnosis | None:
    """Protocols 0 to 2 write the names of Python 2, which had fewer classes (bpo-6137).

    ``ModuleNotFoundError`` is written as ``ImportError``.
    """
    python2_name = next((name for name in facts.reading.names if name.module == "exceptions"), None)
    if (
        facts.stage is not Stage.ARRIVED
        or python2_name is None
        or not any(loss.path == "exc" and loss.kind == "type" for loss in facts.losses)
    ):
        return None
    sent_name, received_name = class_name(facts.cls), python2_name.qualname
    why = (
        f"protocols 0 to 2 write {sent_name} as Python 2's {received_name}; use protocol 3 or later"
    )
    return Diagnosis(
        cause=RENAMED_BY_PROTOCOL, why=why, evidence=(sent_name, f"exceptions.{received_name}")
    )


def message_unreadable(facts: Facts) -> Diagnosis | None:
    """``str()`` of the exception raises in the receiver, and does not in the sender.

    What its ``__str__`` asks for (settings, translations) was not set up in the receiver.
    """
    received = subject_of(facts.received) if facts.received is not None else {}
    error_type = received.get("message", {}).get("raises")
    if (
        facts.stage is not Stage.ARRIVED
        or error_type is None
        or facts.unreadable_here  # then a value of it changes
        or "raises" in subject_of(facts.sent)["message"]
    ):
        return None
    why = (
        f"str() of it raises {short_name(error_type)} in the receiver, and not "
        f"here\n{wants_set_up(error_type)}"
    )
    return Diagnosis(cause=RECEIVER_NOT_SET_UP, why=why, evidence=("str(exc)", error_type))


def sent_by_value(facts: Facts) -> Diagnosis | None:
    """The payload holds the class itself; what arrives is a copy that no ``except`` clause names.

    cloudpickle and dill send a class so if it cannot be imported under its name.
    """
    if facts.stage is not Stage.ARRIVED or not any(
        loss.kind == "type" and loss.path == "exc" for loss in facts.losses
    ):
        return None
    name = class_name(facts.cls)
    if global_of(facts.cls) in facts.reading.names or not any(
        name.module.startswith(_BY_VALUE_MODULES) for name in facts.reading.names
    ):
        return None
    why = (
        f"the payload holds a copy of the class {name}, because it cannot be imported under "
        "that name"
    )
    return Diagnosis(cause=CLASS_SENT_BY_VALUE, why=why, evidence=(name,))


def slots_not_carried(facts: Facts) -> Diagnosis | None:
    """``BaseException.__reduce__`` carries ``__dict__``, and no slots."""
    lost = {loss.path.removeprefix("exc.") for loss in facts.losses if loss.kind == "attributes"}
    owners = {name: owner for owner in reversed(facts.cls.__mro__) for name in slot_names(owner)}
    if (
        facts.stage is not Stage.ARRIVED
        or facts.reducer is not None
        or not lost
        or not lost <= owners.keys()
    ):
        return None
    names = sorted(lost)
    owner_name = class_name(owners[names[0]])
    why = (
        f"{', '.join(names)}: slots of {owner_name}, and BaseException.__reduce__ carries only "
        "__dict__"
    )
    return Diagnosis(cause=SLOTS_NOT_CARRIED, why=why, evidence=(f"{owner_name}.__slots__", *names))


def registered_reducer_loses(facts: Facts) -> Diagnosis | None:
    """The reducer that ``copyreg`` has for the class leaves something out, or changes it.

    What is in ``copyreg`` decides how a class is pickled, whoever put it there: tblib, for
    example, by way of distributed.
    """
    lost_paths, reducer = own_lost_paths(facts), facts.reducer
    if (
        facts.stage is not Stage.ARRIVED
        or reducer is None
        or reducer.place != "copyreg"
        or not lost_paths
    ):
        return None
    why = (
        f"copyreg has {reducer.name} of {reducer.module} for it, which leaves out or changes "
        f"{lost_paths}    {reducer.location}"
    ).rstrip()
    return Diagnosis(
        cause=REGISTERED_REDUCER_LOSES,
        why=why,
        evidence=(reducer.name, reducer.module, reducer.location),
    )


def unreadable_value(facts: Facts) -> Diagnosis | None:
    """``str()`` fails in the receiver, and of what the sender makes of the payload as well.

    So a value was changed by its own pickling rules, and the receiver lacks nothing.
    """
    if facts.stage is not Stage.ARRIVED or not facts.unreadable_here:
        return None
    calls = [
        (place.path, place.value)
        for place in payload_values(facts.reading.root)
        if isinstance(place.value, Call) and place.value is not facts.reading.root
    ]
    if not calls:
        return None
    path, call = calls[0]
    built, _ = built_class(call)
    why = (
        f"{path} holds a {built}, which is pickled by rules of its own, and of what comes back no "
        "text can be made: not in the process that sent it, either"
    )
    return Diagnosis(cause=VALUE_CHANGES, why=why, evidence=(path, str(built)))


def _held_exception_changes(facts: Facts, path: str, call: Call, cls: type) -> Diagnosis:
    """An exception that the exception holds arrives changed: its class is at fault."""
    lost = ", ".join(
        loss.path for loss in facts.losses if loss.path.startswith(path) and loss.path != path
    )
    name, reducer = class_name(cls), class_source.reducer_of(cls)
    constructor = class_source.own_constructor(cls)
    if reducer is not None:
        reason, place = f"{reducer.title} leaves out or changes", reducer.location
    elif constructor is not None:
        reason = (
            f"loads calls {escaped(cls.__qualname__)}({arguments(call, facts.mask)}) - the class "
            "with its args -, which changes"
        )
        place = source_places.location(constructor)
    else:
        reason, place = "its own pickling rules change", ""
    why = placed(f"{path} is a {name}, and {reason} {lost or path}", place)
    return Diagnosis(cause=VALUE_CHANGES, why=why, evidence=(path, name))


def value_changes(facts: Facts) -> Diagnosis | None:
    """A value that the exception holds has pickling rules of its own, and arrives changed.

    Seen in urllib3's errors. Each loss of ``args`` and attributes lies in such a value, or repeats
    one that does.
    """
    lost = [loss for loss in facts.losses if loss.kind in ("args", "attributes")]
    if facts.stage is not Stage.ARRIVED or not lost:
        return None
    calls_by_path = {
        place.path: place.value
        for place in payload_values(facts.reading.root)
        if isinstance(place.value, Call)
    }
    rebuilt_values = {
        loss: next(
            (
                (path, calls_by_path[path])
                for path in ValuePath.of(loss.path).outward()
                if path in calls_by_path
            ),
            None,
        )
        for loss in lost
    }
    # The same value may lie in several places, and the payload has it in one.
    explained_texts = {
        (loss.sent, loss.received)
        for loss, rebuilt in rebuilt_values.items()
        if rebuilt is not None
    }
    if any((loss.sent, loss.received) not in explained_texts for loss in rebuilt_values):
        return None
    path, call = next(rebuilt for rebuilt in rebuilt_values.values() if rebuilt is not None)
    built, _ = built_class(call)
    held = (
        source_places.find_class(built.module, built.qualname)
        if isinstance(built, Global)
        else None
    )
    if held is not None and issubclass(held, BaseException):
        return _held_exception_changes(facts, path, call, held)
    if any(loss.received in ("None", "missing") for loss in lost):
        return None
    why = (
        f"{path} holds a {built}, which is pickled by rules of its own, and comes back as "
        "something else"
    )
    return Diagnosis(cause=VALUE_CHANGES, why=why, evidence=(path, str(built)))
