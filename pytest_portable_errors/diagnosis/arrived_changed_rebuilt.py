"""Rules for an exception that arrived changed by the call that the payload rebuilds it with.

That is its ``__init__``, what its ``__reduce__`` gave, or something else.
"""

from __future__ import annotations

from pytest_portable_errors.diagnosis import class_code, class_source, source_places
from pytest_portable_errors.diagnosis.arrived_changed_links import MOST_PATHS
from pytest_portable_errors.diagnosis.cause_names import (
    ARGS_REACH_OTHER_PARAMETERS,
    INIT_REWRITES_MESSAGE,
    REBUILT_OTHERWISE,
    REDUCE_CHANGES_TYPE,
    REDUCE_DROPS_NOTES,
    REDUCE_DROPS_STATE,
    SETSTATE_DROPS_STATE,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global, Pairs
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import (
    arguments,
    brief_argument,
    called,
    class_name,
    placed,
    set_anew,
)
from pytest_portable_errors.receiver.described import Stage, subject_of
from pytest_portable_errors.receiver.escaped import escaped


def message_rewritten(facts: Facts) -> Diagnosis | None:
    """``__init__`` runs again in the receiver, on what it made of its arguments the first time.

    The cause is ``args-reach-other-parameters`` where the message that was sent does not stand
    within the one that arrived; otherwise it is ``init-rewrites-message``.
    """
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
        or root.function != global_of(facts.cls)
    ):
        return None
    reducer = facts.own_reducer
    if reducer is not None and any(loss.kind == "attributes" for loss in facts.losses):
        return None  # reduce_loses names what a reducer leaves out
    passed = arguments(root, facts.mask)
    is_message_changed = any(loss.kind == "message" for loss in facts.losses)
    if (
        is_message_changed
        and isinstance(root.args, tuple)
        and root.args
        and facts.received is not None
        and not _message_is_nested(facts)
    ):
        named_arguments = class_source.named_arguments(
            constructor, root.args, lambda value: brief_argument(value, facts.mask)
        )
        if named_arguments is not None:
            call = f"{escaped(facts.cls.__qualname__)}({named_arguments})"
            what = (
                f"what {reducer.title} gave"
                if reducer is not None
                else f"what exc.args holds{set_anew(constructor)}"
            )
            why = placed(
                f"loads calls {call}: {what} reaches other parameters",
                source_places.location(constructor),
            )
            evidence = (
                f"{class_name(facts.cls)}({named_arguments})",
                source_places.location(constructor),
            )
            return Diagnosis(cause=ARGS_REACH_OTHER_PARAMETERS, why=why, evidence=evidence)
    effect = (
        "builds its message a second time"
        if is_message_changed
        else f"sets {own_lost_paths(facts)} once more"
    )
    origin = (
        f"the class with exc.args{set_anew(constructor)}"
        if reducer is None
        else f"what {reducer.title} gave"
    )
    return Diagnosis(
        cause=INIT_REWRITES_MESSAGE,
        why=f"loads calls {escaped(facts.cls.__qualname__)}({passed}) - {origin} -\n"
        + placed(
            f"and {escaped(constructor.__name__)}{class_source.parameters(constructor)} {effect}",
            source_places.location(constructor),
        ),
        evidence=(f"{class_name(facts.cls)}({passed})", source_places.location(constructor)),
    )


def setstate_loses(facts: Facts) -> Diagnosis | None:
    """The payload has what was lost, and the class's own ``__setstate__`` does not restore it.

    attrs gives such a method to its classes with slots: it restores their fields, and no more.
    """
    root, method = facts.reading.root, class_code.own_setstate(facts.cls)
    own = [loss for loss in facts.losses if loss.kind in ("attributes", "notes")]
    if (
        facts.stage is not Stage.ARRIVED
        or method is None
        or not own
        or not isinstance(root, Call)
        or not isinstance(root.state, Pairs)
    ):
        return None
    sent_names = {f"exc.{name}" for name, _ in root.state}
    if not all(ValuePath.of(loss.path).held_path in sent_names for loss in own):
        return None
    title, place = method
    why = f"the payload has {own_lost_paths(facts)}, and {title} does not restore it"
    return Diagnosis(
        cause=SETSTATE_DROPS_STATE,
        why=placed(why, place),
        evidence=tuple(filter(None, (title, place))),
    )


def _message_is_nested(facts: Facts) -> bool:
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
    """The class's own ``__reduce__`` leaves something out, or changes it."""
    lost_paths, reducer = own_lost_paths(facts), facts.own_reducer
    if facts.stage is not Stage.ARRIVED or not lost_paths or reducer is None:
        return None
    if not reducer.file and _is_rebuilt_by_another(facts):
        return None  # the call tells more than the name of a method that nobody can read
    kinds = {loss.kind for loss in facts.losses}
    cause = (
        REDUCE_CHANGES_TYPE
        if "type" in kinds
        else REDUCE_DROPS_NOTES
        if kinds <= {"notes", "chain"}
        else REDUCE_DROPS_STATE
    )
    effect = (
        "makes something else of it:" if cause == REDUCE_CHANGES_TYPE else "leaves out or changes"
    )
    return Diagnosis(
        cause=cause,
        why=placed(f"{reducer.title} {effect} {lost_paths}", reducer.location),
        evidence=tuple(filter(None, (reducer.title, reducer.location))),
    )


def rebuilt_otherwise(facts: Facts) -> Diagnosis | None:
    """The exception lost something of its own, and the payload only says what rebuilt it."""
    root, lost_paths = facts.reading.root, own_lost_paths(facts)
    if (
        facts.stage is not Stage.ARRIVED
        or not lost_paths
        or not isinstance(root, Call)
        or not _is_rebuilt_by_another(facts)
    ):
        return None
    call = f"{called(root.function)}({arguments(root, facts.mask)})"
    by = f"{facts.own_reducer.title} has it" if facts.own_reducer is not None else "it is"
    why = f"likely: {by} rebuilt by {call}, which does not give back {lost_paths}"
    return Diagnosis(cause=REBUILT_OTHERWISE, why=why, evidence=(call,))


def _is_rebuilt_by_another(facts: Facts) -> bool:
    """Whether the payload calls something else than the class."""
    root = facts.reading.root
    return isinstance(root, Call) and root.function != global_of(facts.cls)


def own_lost_paths(facts: Facts) -> str:
    """Write the paths of what the exception itself lost, without those of its chain and members.

    Returns:
        At most ``MOST_PATHS`` paths, with commas between them; empty if there are none.
    """
    return ", ".join(
        [loss.path for loss in facts.losses if loss.kind not in ("chain", "arrival", "members")][
            :MOST_PATHS
        ]
    )


def global_of(cls: type) -> Global:
    """The name by which a payload refers to a class."""
    return Global(cls.__module__, cls.__qualname__)
