"""Repairs a project: writes the fixes of a run, proves them where they stand, says what is left.

``repaired`` is the story, from top to bottom; ``files.py`` alone writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.repair.files import Writer
from pytest_portable_errors.repair.plan import Place, Plan, diff_of
from pytest_portable_errors.repair.proof import Prove
from pytest_portable_errors.repair.proposals import Left, choose, clearing
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.groups import Group, groups_of


@dataclass(slots=True, kw_only=True)
class Repair:
    """What became of the fixes of a run."""

    defects: int
    """How many defects were met, as the summary counts them."""
    fixed: int
    """How many of them are repaired by what was written, or would be."""
    left: tuple[Left, ...]
    """The others."""
    gives_up: tuple[str, ...]
    """What the fixes give up, a line for each that does."""
    diff: str
    """All changes as a unified diff, from the project's folder."""
    files: tuple[str, ...]
    """The files that were changed, as seen from there."""
    advice: tuple[str, ...]
    """What is to be done next, a line each."""


def _of_groups(left: Sequence[Left], groups: Sequence[Group]) -> Iterator[Left]:
    """One of each group that something is left of, as the summary counts them."""
    reasons = {one.cls: one for one in reversed(left)}
    for group in groups:
        of_group = [reasons[one.cls] for one in group.defects if one.cls in reasons]
        yield from of_group[:1]


def repaired(
    defects: Sequence[Defect],
    *,
    place: Place,
    started: float,
    unsafe: bool,
    writes: bool,
    payloads: Mapping[str, Sequence[bytes]],
    alternatives: Sequence[Fix] = (),
    carrying: Mapping[str, Sequence[str]] = MappingProxyType({}),
    prove: Prove,
) -> Repair:
    """Write the fixes of a run, and prove them in a new process.

    Args:
        defects: All that were met.
        place: Where they go.
        started: When the run began, in seconds since the epoch.
        unsafe: Whether fixes are written that give something up.
        writes: Whether anything is written; if not, the diff says what would be.
        payloads: Exceptions that tests raised, as their fixes pickled them, by class
            (``module:qualified name``).
        alternatives: Fixes of further instances of these defects.
        carrying: Classes of others that carry credentials in headers; see ``clearing``.
        prove: Imports what was written in a new process, and sends exceptions.

    Returns:
        What was done, and what is left.
    """
    chosen = choose(defects, unsafe=unsafe, alternatives=alternatives)
    writer = Writer(root=place.root, started=started)
    plan = Plan(place=place, writer=writer, payloads=payloads)
    cleared = clearing(carrying, chosen.reducers)
    changes = plan.changes([*chosen.methods, *chosen.reducers, *cleared, *chosen.settings])
    is_proved = not writes
    while not is_proved and (changes or plan.table.classes):
        plan.write(changes)
        proof = plan.proof(prove)
        is_proved = not plan.refuse(proof.failures)
        plan.learn(proof)
        changes = plan.write(plan.changes(plan.accepted))
    accepted = [defect for one in plan.accepted for defect in one.defects]
    owners = {defect.owner for defect in accepted}
    held = [defect for defect in chosen.held if defect.owner in owners]
    repaired_ids = set(map(id, (*accepted, *held)))
    groups = groups_of(defects)
    unrepaired = [
        group for group in groups if not all(id(one) in repaired_ids for one in group.defects)
    ]
    return Repair(
        defects=len(groups),
        fixed=len(groups) - len(unrepaired),
        left=tuple(_of_groups([*chosen.left, *plan.left], unrepaired)),
        gives_up=tuple(
            f"{one.classes[0]} without {', '.join(one.fix.gives_up)}"
            for one in plan.accepted
            if one.fix.gives_up
        ),
        diff=diff_of(plan, changes),
        files=tuple(sorted(map(plan.writer.shown, plan.writer.written if writes else changes))),
        advice=tuple(plan.advice()),
    )
