"""What a diagnosis says."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_portable_errors.diagnosis.printable import clean

_MOST_PATHS = 6  # of what a fix still loses


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that was tried on the very exception."""

    title: str
    code: str
    """Python to paste."""
    arrives_whole: bool
    gives_up: tuple[str, ...] = ()
    """Paths of what cannot travel, and is dropped or converted by the fix."""
    still_lost: tuple[str, ...] = ()
    """Paths of what is lost even with the fix."""
    receiver: str = ""
    """Where it was tried."""
    limits: tuple[str, ...] = ()
    """What it does not do, or what else it was tried with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential that a payload carries. Never its value."""

    path: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnosis:
    """Why something was lost."""

    cause: str
    """A stable name, e.g. ``init-does-not-fit-args``."""
    why: str
    """One or more lines for people."""
    evidence: tuple[str, ...] = ()
    """What it rests on: the call, the signature, file and line."""
    fixes: tuple[Fix, ...] = field(default=())


def fix_outcome(fix: Fix, asked: str) -> str:
    """What became of a fix; ``asked`` is the receiver that the trip was meant for."""
    where = "" if fix.receiver == asked else f" in {clean(fix.receiver)}"
    without = clean(", without " + ", ".join(fix.gives_up)) if fix.gives_up else ""
    if fix.arrives_whole:
        return f"arrives whole{where}{without}"
    return (
        f"arrives{where}{without}, and still loses {clean(', '.join(fix.still_lost[:_MOST_PATHS]))}"
    )
