"""Why it arrived changed where the payload says what rebuilds it: its ``__init__``, its
``__reduce__``, or something else."""

from __future__ import annotations

from pytest_portable_errors.diagnosis import class_source
from pytest_portable_errors.diagnosis.arrived_changed_links import MOST_PATHS
from pytest_portable_errors.diagnosis.cause_names import (
    ARGS_REACH_OTHER_PARAMETERS,
    INIT_REWRITES_MESSAGE,
    REBUILT_OTHERWISE,
    REDUCE_CHANGES_TYPE,
    REDUCE_DROPS_NOTES,
    REDUCE_DROPS_STATE,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.pickle_machine import Call, Global
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.diagnosis.wording import (
    arguments,
    brief_argument,
    called,
    class_name,
    placed,
)
from pytest_portable_errors.receiver.described import Stage, subject_of


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
        or root.function != global_of(facts.cls)
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
    what = "builds its message a second time" if says else f"sets {own_losses(facts)} once more"
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
    own, method = own_losses(facts), facts.reduce_method
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
    root, own = facts.reading.root, own_losses(facts)
    if (
        facts.stage is not Stage.ARRIVED
        or not own
        or not isinstance(root, Call)
        or root.function == global_of(facts.cls)
    ):
        return None
    shown = arguments(root, facts.mask)
    why = (
        f"likely: it is rebuilt by {called(root.function)}({shown}), which does not give back {own}"
    )
    return Diagnosis(
        cause=REBUILT_OTHERWISE, why=why, evidence=(f"{called(root.function)}({shown})",)
    )


def own_losses(facts: Facts) -> str:
    """Paths of what the exception itself lost, apart from chain and members."""
    return ", ".join(
        [loss.path for loss in facts.losses if loss.kind not in ("chain", "arrival", "members")][
            :MOST_PATHS
        ]
    )


def global_of(cls: type) -> Global:
    return Global(cls.__module__, cls.__qualname__)
