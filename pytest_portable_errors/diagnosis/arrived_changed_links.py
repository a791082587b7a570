"""Rules for a chain, or the members of a group, that arrived changed; they compare records."""

from __future__ import annotations

from pytest_portable_errors.diagnosis.cause_names import (
    CHAIN_DROPPED,
    LINK_CHANGED,
    MEMBER_CHANGED,
    SUPPRESSION_FLIPPED,
)
from pytest_portable_errors.diagnosis.facts import Facts
from pytest_portable_errors.diagnosis.findings import Diagnosis
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import Stage

_LINKS = ("__cause__", "__context__")
MOST_PATHS = 5
"""How many lost paths a diagnosis names at most."""


def suppression_flipped(facts: Facts) -> Diagnosis | None:
    """What rebuilds the exception does not restore ``__suppress_context__`` last (PEP 415).

    Assigning ``__cause__``, even None, sets that flag.
    """
    flipped = next(
        (loss for loss in facts.losses if loss.path.endswith("__suppress_context__")), None
    )
    if facts.stage is not Stage.ARRIVED or flipped is None:
        return None
    reducer = facts.own_reducer
    rebuilder = reducer.title if reducer is not None else "what rebuilds it"
    why = (
        f"{rebuilder} restores {flipped.path} as {flipped.received}, where it was "
        f"{flipped.sent}\n"
        "assigning __cause__, even None, sets the flag: it has to be restored last"
    )
    return Diagnosis(
        cause=SUPPRESSION_FLIPPED,
        why=why,
        evidence=(flipped.path, flipped.sent, flipped.received),
    )


def link_changed(facts: Facts) -> Diagnosis | None:
    """An exception of the chain, or a member of the group, arrived changed: its class is at fault.

    The rules before this one explain what the exception itself lost.
    """
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
    # An attribute's path says more than "exc.__cause__ message".
    path, loss = min(inner, key=lambda pair: " " in pair[1].path)
    cause = MEMBER_CHANGED if ".exceptions[" in path else LINK_CHANGED
    lost = loss.path.removeprefix(path).lstrip(".") or "its type"
    why = f"the exception is carried, and {path} loses {lost}: its class has a defect of its own"
    return Diagnosis(cause=cause, why=why, evidence=(path, loss.path))


def chain_dropped(facts: Facts) -> Diagnosis | None:
    """What pickles the exception does not carry its cause or context.

    ``BaseException.__reduce__`` carries neither.
    """
    links = [
        loss.path
        for loss in facts.losses
        if loss.kind in ("chain", "members") and loss.path.endswith(_LINKS)
    ]
    if facts.stage is not Stage.ARRIVED or not links:
        return None
    own, reducer = facts.own_reducer, facts.reducer
    reducer_name = own.title if own is not None else "BaseException.__reduce__"
    holder = links[0].rpartition(".")[0]
    if holder != "exc":
        reducer_name, reducer = f"what pickles {holder}", None
    if reducer is not None and reducer.place == "copyreg":
        reducer_name = f"{reducer.name}, which copyreg has for it,"
    return Diagnosis(
        cause=CHAIN_DROPPED,
        why=f"{reducer_name} does not carry {', '.join(links[:MOST_PATHS])}",
        evidence=(reducer_name, *links[:MOST_PATHS]),
    )
