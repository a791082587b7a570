"""Why a chain, or the members of a group, arrived changed: rules that compare records."""

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
        why=f"{name} does not carry {', '.join(links[:MOST_PATHS])}",
        evidence=(name, *links[:MOST_PATHS]),
    )
