"""Causes of an exception that arrived, and is not what it was."""

from __future__ import annotations

from pytest_portable_errors.diagnosis import class_source
from pytest_portable_errors.diagnosis.cause_names import (
    ARGS_REACH_OTHER_PARAMETERS,
    CHAIN_DROPPED,
    CLASS_SENT_BY_VALUE,
    DROPPED_BY_PYTHON,
    INIT_REWRITES_MESSAGE,
    LINK_CHANGED,
    MEMBER_CHANGED,
    REBUILT_OTHERWISE,
    RECEIVER_NOT_SET_UP,
    REDUCE_CHANGES_TYPE,
    REDUCE_DROPS_NOTES,
    REDUCE_DROPS_STATE,
    REGISTERED_REDUCER_LOSES,
    RENAMED_BY_PROTOCOL,
    SLOTS_NOT_CARRIED,
    SUPPRESSION_FLIPPED,
    TRAVELS_ONLY_IN_TESTS,
    VALUE_CHANGES,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.losses import short_name
from pytest_portable_errors.diagnosis.pickle_paths import built_class, places
from pytest_portable_errors.diagnosis.pickle_reader import Call, Global
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import (
    arguments,
    brief_argument,
    called,
    class_name,
    placed,
    wants_set_up,
)
from pytest_portable_errors.receiver.described import Stage, subject_of
from pytest_portable_errors.receiver.fields import slot_names

_LINKS = ("__cause__", "__context__")
_MOST_PATHS = 5
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
    if _global(facts.cls) in facts.reading.names or not any(
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
    own, found = _own_losses(facts), facts.reducer
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


def message_rewritten(facts: Facts) -> Diagnosis | None:
    """``__init__`` runs again in the receiver, on what it made of its arguments the first time."""
    rewritten = any(
        loss.kind in ("message", "args", "attributes") and ValuePath.of(loss.path).holder == "exc"
        for loss in facts.losses
    )
    constructor, root = class_source.own_constructor(facts.cls), facts.reading.root
    if (
        facts.stage is not Stage.ARRIVED
        or not rewritten
        or constructor is None
        or not isinstance(root, Call)
        or root.function != _global(facts.cls)
    ):
        return None
    if facts.reduce_method is not None and any(loss.kind == "attributes" for loss in facts.losses):
        return None  # what a reducer leaves out is told as that
    shown = arguments(root, facts.mask)
    says = any(loss.kind == "message" for loss in facts.losses)
    if (
        says
        and isinstance(root.args, tuple)
        and root.args
        and facts.received is not None
        and not _is_nested(facts)
    ):
        named = class_source.bound(
            constructor, root.args, lambda value: brief_argument(value, facts.mask)
        )
        if named is not None:
            why = placed(
                (
                    f"loads calls {facts.cls.__qualname__}({named}): what exc.args holds reaches "
                    "other parameters"
                ),
                constructor,
            )
            evidence = (f"{class_name(facts.cls)}({named})", class_source.location(constructor))
            return Diagnosis(cause=ARGS_REACH_OTHER_PARAMETERS, why=why, evidence=evidence)
    what = "builds its message a second time" if says else f"sets {_own_losses(facts)} once more"
    whose = (
        "the class with exc.args"
        if facts.reduce_method is None
        else f"what {facts.reduce_method.__qualname__} gave"
    )
    return Diagnosis(
        cause=INIT_REWRITES_MESSAGE,
        why=f"loads calls {facts.cls.__qualname__}({shown}) - {whose} -\n"
        + placed(
            f"and {constructor.__name__}{class_source.parameters(constructor)} {what}", constructor
        ),
        evidence=(f"{class_name(facts.cls)}({shown})", class_source.location(constructor)),
    )


def _is_nested(facts: Facts) -> bool:
    """Whether the message that was sent stands within the one that arrived."""
    texts = [
        subject_of(record)["message"].get("text")
        for record in (facts.sent, facts.received)
        if record is not None
    ]
    return (
        len(texts) == 2
        and isinstance(texts[0], str)
        and isinstance(texts[1], str)
        and bool(texts[0])
        and texts[0] in texts[1]
    )


def reduce_loses(facts: Facts) -> Diagnosis | None:
    """A ``__reduce__`` of the class's own that leaves something out."""
    own, method = _own_losses(facts), facts.reduce_method
    if facts.stage is not Stage.ARRIVED or not own or method is None:
        return None
    kinds = {loss.kind for loss in facts.losses}
    cause = (
        REDUCE_CHANGES_TYPE
        if "type" in kinds
        else REDUCE_DROPS_NOTES
        if kinds <= {"notes", "chain"}
        else REDUCE_DROPS_STATE
    )
    what = (
        "makes something else of it:" if cause == REDUCE_CHANGES_TYPE else "leaves out or changes"
    )
    return Diagnosis(
        cause=cause,
        why=placed(f"{method.__qualname__} {what} {own}", method),
        evidence=(method.__qualname__, class_source.location(method)),
    )


def rebuilt_otherwise(facts: Facts) -> Diagnosis | None:
    """Something of its own was lost, and the payload only says by what it was rebuilt."""
    root, own = facts.reading.root, _own_losses(facts)
    if (
        facts.stage is not Stage.ARRIVED
        or not own
        or not isinstance(root, Call)
        or root.function == _global(facts.cls)
    ):
        return None
    shown = arguments(root, facts.mask)
    why = (
        f"likely: it is rebuilt by {called(root.function)}({shown}), which does not give back {own}"
    )
    return Diagnosis(
        cause=REBUILT_OTHERWISE, why=why, evidence=(f"{called(root.function)}({shown})",)
    )


def suppression_flipped(facts: Facts) -> Diagnosis | None:
    """Assigning ``__cause__``, even None, sets ``__suppress_context__`` (PEP 415): restore the flag
    last."""
    flipped = next(
        (loss for loss in facts.losses if loss.path.endswith("__suppress_context__")), None
    )
    if facts.stage is not Stage.ARRIVED or flipped is None:
        return None
    by = facts.reduce_method.__qualname__ if facts.reduce_method is not None else "what rebuilds it"
    why = (
        f"{by} restores {flipped.path} as {flipped.received}, where it was {flipped.sent}\n"
        "assigning __cause__, even None, sets the flag: it has to be restored last"
    )
    return Diagnosis(
        cause=SUPPRESSION_FLIPPED,
        why=why,
        evidence=(flipped.path, flipped.sent, flipped.received),
    )


def link_changed(facts: Facts) -> Diagnosis | None:
    """The exception itself is whole; one that it is chained to, or a member of the group, is
    not."""
    inner = [
        (holder, loss)
        for loss in facts.losses
        if (holder := ValuePath.of(loss.path).holder) != "exc" and not loss.path.endswith(_LINKS)
    ]
    inner += [
        (loss.path, loss)
        for loss in facts.losses
        if loss.path.endswith("]") and loss.kind == "members"
    ]
    inner += [
        (loss.path, loss)
        for loss in facts.losses
        if loss.path.endswith(_LINKS) and "None" not in (loss.sent, loss.received)
    ]
    if facts.stage is not Stage.ARRIVED or not inner:
        return None
    # a path of its own says more than "exc.__cause__ message"
    path, loss = min(inner, key=lambda pair: " " in pair[1].path)
    cause = MEMBER_CHANGED if ".exceptions[" in path else LINK_CHANGED
    what = loss.path.removeprefix(path).lstrip(".") or "its type"
    why = f"the exception is carried, and {path} loses {what}: its class has a defect of its own"
    return Diagnosis(cause=cause, why=why, evidence=(path, loss.path))


def chain_dropped(facts: Facts) -> Diagnosis | None:
    """``BaseException.__reduce__`` carries neither cause nor context."""
    links = [
        loss.path
        for loss in facts.losses
        if loss.kind in ("chain", "members") and loss.path.endswith(_LINKS)
    ]
    if facts.stage is not Stage.ARRIVED or not links:
        return None
    method, registered = facts.reduce_method, facts.reducer
    name = method.__qualname__ if method is not None else "BaseException.__reduce__"
    holder = links[0].rpartition(".")[0]
    if holder != "exc":
        name, registered = f"what pickles {holder}", None
    if registered is not None and registered.place == "copyreg":
        name = f"{registered.name}, which copyreg has for it,"
    return Diagnosis(
        cause=CHAIN_DROPPED,
        why=f"{name} does not carry {', '.join(links[:_MOST_PATHS])}",
        evidence=(name, *links[:_MOST_PATHS]),
    )


def _own_losses(facts: Facts) -> str:
    """Paths of what the exception itself lost, apart from chain and members."""
    return ", ".join(
        [loss.path for loss in facts.losses if loss.kind not in ("chain", "arrival", "members")][
            :_MOST_PATHS
        ]
    )


def _global(cls: type) -> Global:
    return Global(cls.__module__, cls.__qualname__)
