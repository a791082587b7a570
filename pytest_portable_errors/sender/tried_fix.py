"""A fix that was tried: whether it helps, whether it harms, and what is told of it."""

from __future__ import annotations

from dataclasses import dataclass

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.credentials import is_secret_header
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.recipes import ByModule, Declaration
from pytest_portable_errors.diagnosis.source_places import lines_of, place_of
from pytest_portable_errors.receiver.described import subject_of
from pytest_portable_errors.sender.serializers import Reducers
from pytest_portable_errors.sender.trip import RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedFix:
    """A candidate that arrived."""

    candidate: Candidate
    trip: RoundTrip
    """The trip that was made with it."""
    reducers: Reducers
    """What its code registers."""
    changed: tuple[str, ...] = ()
    """Names of attributes that arrive changed although they can be pickled."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Paths of what is lost, without those that the candidate gives up."""
        return tuple(
            dict.fromkeys(
                loss.path for loss in self.trip.losses if not self.candidate.covers(loss.path)
            )
        )

    def fix(
        self,
        receiver: str,
        with_foreign_cause: RoundTrip | None,
        *,
        owner: type,
        instances: int,
        unrepaired: int,
    ) -> Fix:
        """Describe it for people.

        Args:
            receiver: Where it was tried.
            with_foreign_cause: The trip with a cause whose class the receiver lacks. None if the
                recipe keeps no chain, or no copy could be made to try that on.
            owner: The class that gets the code.
            instances: On how many instances it was tried.
            unrepaired: How many of them are still lost.

        Returns:
            The fix. A path that lies within another one that is given up is left out.
        """
        candidate = self.candidate
        # What arrives beside is nothing that was given up.
        declared = [loss.path for loss in self.trip.declared_lost if loss.sent != "missing"]
        given_up = (*candidate.gives_up, *declared)
        if isinstance(candidate.recipe, ByModule):
            given_up += tuple(
                loss.path
                for loss in self.trip.losses
                if loss.path not in self.lost and loss.sent != "missing"
            )
        expect, place = self._declaration(), place_of(owner)
        asked_for = (f"what stays behind is asked for until portable_errors_expect has {expect}",)
        return Fix(
            title=candidate.title + self._keeps_chain(with_foreign_cause),
            code=candidate.code,
            arrives_whole=not self.lost,
            gives_up=tuple(
                path
                for path in dict.fromkeys(given_up)
                if not path.startswith(tuple(f"{outer}." for outer in given_up))
            ),
            still_lost=self.lost,
            receiver=receiver,
            limits=(*self._limits(with_foreign_cause), *(asked_for if expect else ())),
            instances=instances,
            unrepaired=unrepaired,
            file=place[0] if place is not None else "",
            lines=lines_of(owner) if place is not None else (),
            owner=f"{candidate.target.module}:{candidate.target.qualname}",
            method=candidate.target.method,
            recipe=type(candidate.recipe).__name__,
            expect=expect,
        )

    def _declaration(self) -> str:
        """The setting that declares what the fix gives up; "" if nobody will ask for that."""
        candidate = self.candidate
        name = subject_of(self.trip.sent)["type"]
        if candidate.arrives_as is not None:
            return f"{name} -> {candidate.arrives_as}"
        names = ", ".join((*candidate.undeclared, *self.changed))
        return f"{name} without {names}" if names else ""

    def _keeps_chain(self, with_foreign_cause: RoundTrip | None) -> str:
        """What the title says of the chain: only what was seen to arrive."""
        if not isinstance(self.candidate.recipe, WithChain):
            return ""
        has_chain = subject_of(self.trip.sent).get("cause") is not None
        received = None if with_foreign_cause is None else with_foreign_cause.received
        is_seen = received is not None and subject_of(received).get("cause") is not None
        lost_chain = any(loss.kind == "chain" for loss in self.trip.losses)
        return " and keeps the chain" if (has_chain or is_seen) and not lost_chain else ""

    def _limits(self, with_foreign_cause: RoundTrip | None) -> tuple[str, ...]:
        if isinstance(self.candidate.recipe, ByModule):
            return ()
        if not isinstance(self.candidate.recipe, WithChain):
            return ("carries no chain, as plain pickle",)
        if with_foreign_cause is None:
            return ()
        received = with_foreign_cause.received
        if received is None:
            return ("a cause whose class the receiver lacks takes the whole error down",)
        nodes = received["exceptions"]
        cause = nodes[0].get("cause")
        if cause is None or nodes[cause]["type"] != "builtins.RuntimeError":
            return ("a cause whose class the receiver lacks is lost",)
        return ("tried with a cause whose class the receiver lacks, too: that arrives as text",)


def best_first(fix: Fix) -> tuple[int, int, int, bool, int]:
    """Key that sorts fixes.

    What arrives as another class comes after what keeps class and message, though a value is lost.
    What only a whole module does comes after what a few lines do as well.
    """
    keeps_class = not fix.becomes
    if fix.arrives_whole and keeps_class:
        rank = 0
    elif keeps_class and not {"exc", "message"}.intersection(fix.still_lost):
        rank = 1
    else:
        rank = 2 if fix.arrives_whole else 3
    is_module = fix.recipe == ByModule.__name__
    return rank, len(fix.still_lost), len(fix.gives_up), is_module, fix.unrepaired


def is_worse(before: RoundTrip, after: RoundTrip, candidate: Candidate) -> bool:
    """Whether an instance is worse off with a candidate: what arrived before has to arrive after.

    Headers with credentials are no loss.
    """
    if before.received is None:
        return False
    if after.received is None:
        return True
    lost_before = {loss.path: loss.received for loss in (*before.losses, *before.declared_lost)}
    if candidate.arrives_as is not None and not isinstance(candidate.recipe, Declaration):
        return "exc" not in lost_before  # the type arrived
    for loss in (*after.losses, *after.declared_lost):
        received = lost_before.get(loss.path)
        is_within = any(
            loss.path.startswith(path) or path.startswith(loss.path) for path in lost_before
        )
        if is_secret_header(loss.path) or (received is None and is_within):
            continue
        if received is None or received not in (loss.received, *_NOTHING):
            return True
    return False


_NOTHING = ("None", "missing")


def is_better(before: RoundTrip, tried: TriedFix) -> bool:
    """Whether less is lost than before: what only changes how something is lost is no fix."""
    if before.received is None:
        return True
    return not {loss.path for loss in before.losses} <= set(tried.lost)
