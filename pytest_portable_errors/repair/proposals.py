"""Chooses which of the fixes that a run has found are written; says why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.report.defect import Defect

METHODS = ("WithoutInit", "WithChain")
"""Recipes that suit more instances than others, so that they go first where two differ."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A fix to be written, and the defects that it repairs."""

    fix: Fix
    defects: tuple[Defect, ...]

    @property
    def is_reducer(self) -> bool:
        """Whether it is a reducer for somebody else's class, and neither a method nor a setting."""
        return not self.fix.method and self.fix.recipe != "Declaration"

    @property
    def classes(self) -> tuple[str, ...]:
        """Dotted names of the classes that were met, each once."""
        met = dict.fromkeys(defect.cls for defect in self.defects)
        return tuple(met) or (self.fix.owner.replace(":", "."),)


@dataclass(frozen=True, slots=True)
class Left:
    """A defect that stays."""

    cls: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What is to be written, and what is left."""

    methods: tuple[Proposal, ...]
    """For the project's own classes, one for each class and method."""
    reducers: tuple[Proposal, ...]
    """For the classes of others."""
    settings: tuple[Proposal, ...]
    """Lines of ``portable_errors_expect`` alone."""
    left: tuple[Left, ...]
    held: tuple[Defect, ...] = ()
    """Defects of classes that only hold an exception whose class is repaired."""


def choose(defects: Iterable[Defect], *, unsafe: bool, alternatives: Sequence[Fix] = ()) -> Chosen:
    """Choose what to write for each defect.

    Args:
        defects: All that were met.
        unsafe: Whether fixes are written, too, that give something up.
        alternatives: Fixes of further instances of these defects.

    Returns:
        The fixes; of several for one class the one that suits most instances.
    """
    left: list[Left] = []
    held: list[Defect] = []
    by_place: dict[tuple[str, str], list[tuple[Fix, Defect]]] = {}
    defects = list(defects)
    repaired = {
        defect.owner
        for defect in defects
        if not defect.is_held and _fix_of(defect, unsafe=unsafe)[0] is not None
    }
    for defect in defects:
        fix, reason = _fix_of(defect, unsafe=unsafe)
        if defect.is_held and defect.owner in repaired:
            held.append(defect)
        elif fix is None:
            left.append(Left(defect.cls, reason))
        else:
            by_place.setdefault((fix.owner, fix.method), []).append((fix, defect))
    proposals = [
        Proposal(
            fix=max(
                (
                    *(fix for fix, _ in found),
                    *(
                        fix
                        for fix in alternatives
                        if (fix.owner, fix.method) == place and fix.is_safe
                    ),
                ),
                key=_generality,
            ),
            defects=tuple(defect for _, defect in found),
        )
        for place, found in sorted(by_place.items())
    ]
    return Chosen(
        methods=tuple(one for one in proposals if one.fix.method),
        reducers=tuple(one for one in proposals if one.is_reducer),
        settings=tuple(one for one in proposals if not one.fix.method and not one.is_reducer),
        left=tuple(left),
        held=tuple(held),
    )


def clearing(carrying: Mapping[str, Sequence[str]], repaired: Sequence[Proposal]) -> list[Proposal]:
    """Reducers for classes of others that arrive, and carry credentials in headers.

    Args:
        carrying: Class, ``module:qualified name`` -> paths of the credentials.
        repaired: What is written anyway: those reducers leave headers out as well.
    """
    owners = {one.fix.owner for one in repaired}
    return [
        Proposal(
            fix=Fix(
                title="register a reducer, which leaves headers with credentials out",
                code="",
                arrives_whole=True,
                gives_up=tuple(carrying[owner]),
                owner=owner,
                recipe="ByModule",
            ),
            defects=(),
        )
        for owner in sorted(carrying.keys() - owners)
    ]


def _fix_of(defect: Defect, *, unsafe: bool) -> tuple[Fix | None, str]:
    """The fix to write for a defect; or None, and why there is none."""
    detail = defect.detail
    fixes = defect.fixes
    whole = [fix for fix in fixes if fix.arrives_whole]
    safe = [fix for fix in whole if fix.is_safe]
    if safe:
        return safe[0], ""
    if whole and unsafe:
        return whole[0], ""
    if whole:
        given_up = ", ".join(whole[0].gives_up)
        return None, f"its fix gives up {given_up}: --portable-errors-fix-unsafe writes it"
    if fixes:
        return None, f"its fix still loses {', '.join(fixes[0].still_lost)}"
    why = "" if detail is None else detail["why"].partition("\n")[0]
    return None, f"no fix is known: {why or defect.cause}"


def _generality(fix: Fix) -> tuple[bool, int, int, str]:
    """What sends another class suits those as well that cannot arrive as what they are.

    The code that leaves more behind is longer. On how many instances a fix was tried says nothing:
    that depends on which tests ran before in the same process.
    """
    is_general = METHODS.index(fix.recipe) + 1 if fix.recipe in METHODS else 0
    return bool(fix.becomes), is_general, len(fix.code), fix.code
