"""What a diagnosis says: why something was lost, the fixes that were tried, the credentials."""

from __future__ import annotations

from dataclasses import dataclass, field

from pytest_portable_errors.diagnosis.printable import clean
from pytest_portable_errors.diagnosis.value_path import ValuePath

_MOST_PATHS = 6  # of what a fix still loses


@dataclass(frozen=True, slots=True, kw_only=True)
class Fix:
    """A change that was tried on the very exception."""

    title: str
    """What the change does: ``add __reduce__ to PaymentError, which does not call __init__``."""
    code: str
    """Python code to paste."""
    arrives_whole: bool
    """Whether nothing is lost with the fix, apart from what it gives up."""
    gives_up: tuple[str, ...] = ()
    """Paths of what cannot travel, and is dropped or converted by the fix."""
    still_lost: tuple[str, ...] = ()
    """Paths of what is lost even with the fix."""
    receiver: str = ""
    """Name of the receiver in which it was tried."""
    limits: tuple[str, ...] = ()
    """What it does not do, or what else it was tried with."""
    instances: int = 1
    """On how many instances it was tried: the exception's own, and others of its class and of
    those that inherit the change. None of them fares worse with it."""
    unrepaired: int = 0
    """How many of them are still lost."""
    owner: str = ""
    """The class that gets the code, ``module:qualified name``."""
    method: str = ""
    """The method that the code is; empty for a registration, and for a setting."""
    recipe: str = ""
    """The kind of code, by which others of its kind are known: ``WithoutInit``."""
    file: str = ""
    """The file that this class is defined in, its links resolved; empty if none is known. In a
    report it is seen from the root."""
    lines: tuple[int, ...] = ()
    """Lines of that file, from 1, where the class or its methods begin: two may have its name."""
    expect: str = ""
    """The line that ``portable_errors_expect`` needs with it; empty if it needs none."""

    @property
    def is_safe(self) -> bool:
        """Whether it gives nothing up.

        A credential in a header that stays behind is nothing that anybody misses.
        """
        return all(ValuePath.of(path).header is not None for path in self.gives_up)

    @property
    def becomes(self) -> str:
        """Full name of the class that the exception arrives as; empty if as what it is."""
        return self.expect.partition(" -> ")[2]

    @property
    def leaves_behind(self) -> tuple[str, ...]:
        """Names of the attributes that stay behind though they can be pickled."""
        names = self.expect.partition(" without ")[2]
        return tuple(names.split(", ")) if names else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A credential that a payload carries, without its value."""

    path: str
    """Where it lies: ``exc.request.headers['authorization']``."""
    kind: str
    """What it is, for people: ``token``."""


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
    """Changes that were tried and help, the best first; empty if none does, or none was tried."""


def tried_on(fix: Fix) -> str:
    """Write on how many instances a fix was tried: ``tried on 5 instances``; ``tried`` for one."""
    if fix.instances == 1:
        return "tried"
    loses = "loses" if fix.unrepaired == 1 else "lose"
    rest = f": {fix.unrepaired} of them still {loses} something" if fix.unrepaired else ""
    return f"tried on {fix.instances} instances{rest}"


def fix_outcome(fix: Fix, asked: str) -> str:
    """Write on one line what became of a fix.

    Args:
        fix: The fix, which says in which receiver it was tried.
        asked: Name of the receiver that the trip was meant for. Another one is named in the line.
    """
    place = "" if fix.receiver == asked else f" in {clean(fix.receiver)}"
    without = clean(", without " + ", ".join(fix.gives_up)) if fix.gives_up else ""
    if fix.arrives_whole:
        return f"arrives whole{place}{without}"
    return (
        f"arrives{place}{without}, and still loses {clean(', '.join(fix.still_lost[:_MOST_PATHS]))}"
    )


def tried(fix: Fix, asked: str) -> str:
    """Write on one line on what a fix was tried, and what became of it.

    Args:
        fix: The fix.
        asked: As for ``fix_outcome``.
    """
    between = "; this one " if fix.unrepaired else ": "
    return f"{tried_on(fix)}{between}{fix_outcome(fix, asked)}"
