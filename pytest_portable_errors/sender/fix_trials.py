"""Tries fixes on the very exception, before they are printed.

The code of each is compiled, and what it registers is put into a dispatch table of our own. The
exception is pickled with that table, and sent.
"""

from __future__ import annotations

import builtins
import copyreg
import functools
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from types import CodeType, SimpleNamespace
from typing import Any

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.credentials import is_secret_header
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.refinements import (
    is_of_its_own,
    without_changed,
    without_credentials,
    without_obstacle,
)
from pytest_portable_errors.receiver.described import Record, subject_of
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle
from pytest_portable_errors.sender.serializers import Library, Pickle, Serializer, WithReducers
from pytest_portable_errors.sender.trip import RoundTrip
from pytest_portable_errors.sender.unpatched import UNPATCHED

_MOST_REFINEMENTS = 6
_MOST_FIXES = 3

Reducers = dict[type, Callable[[Any], object]]
"""Functions that pickle, by class: a dispatch table."""
MakeTrip = Callable[[Outgoing, "str | None"], RoundTrip]
"""Makes the trip of an outgoing exception, given the type that it is declared to arrive as (None:
as the settings say)."""


@dataclass(frozen=True, kw_only=True)  # without slots: cached_property needs a __dict__
class FixTrials:
    """Tries candidates on one exception, by one serializer and in one receiver."""

    subject: BaseException
    """The exception, or a copy of it without traceback."""
    serializer: Serializer
    """What pickled it, without a carrier that only wraps."""
    receiver: str
    """Where the fixes are tried: a receiver's name, or the path of an interpreter."""
    carried: frozenset[str]
    """Paths of the credentials that the payload carries without a fix."""
    make_trip: MakeTrip
    """How a trip is made to try one."""
    traceback: bool = False
    """Whether the traceback is described as well."""
    until: float = float("inf")
    """No trial but the first of all begins after this: seconds of processor time, by this process's
    clock. So at least one is made, however slow the machine is."""

    def run(self, candidates: Iterable[Candidate]) -> tuple[Fix, ...]:
        """Try candidates in their order, until one arrives whole or takes too long.

        Args:
            candidates: Those that interfere least come first.

        Returns:
            The candidates that arrived, as fixes: at most three, the best first. Where one arrives
            whole and gives up nothing, only those that arrive whole. () for a serializer other than
            the built-in ones, which takes no dispatch table.

        Raises:
            PortableErrorsError: A receiver cannot start.
        """
        if not isinstance(self.serializer, (Pickle, Library)):
            return ()
        fixes: list[Fix] = []
        for number, candidate in enumerate(candidates):
            if number and self._is_over():
                break
            try:
                fix = self._try(candidate)
            except TookTooLong:
                break  # what hangs once will hang again
            if fix is not None:
                fixes.append(fix)
                if fix.arrives_whole:  # the candidates that follow are more invasive
                    break
        if any(fix.arrives_whole and not fix.gives_up for fix in fixes):
            # Nobody wants a fix that repairs less.
            fixes = [fix for fix in fixes if fix.arrives_whole]
        return tuple(
            sorted(
                fixes,
                key=lambda fix: (not fix.arrives_whole, len(fix.still_lost), len(fix.gives_up)),
            )[:_MOST_FIXES]
        )

    def _try(self, candidate: Candidate) -> Fix | None:
        """Try a candidate, take out what stops it or exposes a credential, and try it again.

        None if no version of it arrived. Raises TookTooLong.
        """
        best: TriedFix | None = None
        for number in range(_MOST_REFINEMENTS):
            if number and self._is_over():
                break
            reducers = _compiled(candidate, type(self.subject))
            if reducers is None:
                break
            trip = self._trip_with(self.subject, reducers, candidate, self._sent)
            if trip.took_too_long:
                raise TookTooLong
            exposed = tuple(
                credential.path
                for credential in trip.credentials
                if credential.path not in self.carried or is_secret_header(credential.path)
            )
            refined: Candidate | None
            if trip.received is None and trip.stopped_at is not None:
                refined = without_obstacle(candidate, trip.stopped_at, trip.sent)
            elif trip.received is None or exposed:
                refined = without_credentials(candidate, exposed)
            else:
                tried = TriedFix(candidate=candidate, trip=trip, reducers=reducers)
                best = tried if best is None or len(tried.lost) < len(best.lost) else best
                refined = without_changed(candidate, best.lost, trip.sent)
            if refined is None:
                break
            candidate = refined
        if best is None:
            return None
        return best.fix(self.receiver, self._with_foreign_cause(best.reducers, best.candidate))

    def _is_over(self) -> bool:
        return UNPATCHED.process_time() > self.until

    @functools.cached_property
    def _sent(self) -> Record:
        """The subject's description, which is made once: it is the same whatever pickles it."""
        return describe(self.subject, traceback=self.traceback)

    def _trip_with(
        self,
        exc: BaseException,
        reducers: Reducers,
        candidate: Candidate,
        sent: Record | None = None,
    ) -> RoundTrip:
        assert isinstance(self.serializer, (Pickle, Library))  # run() has seen to that
        serializer = WithReducers(of=self.serializer, reducers=reducers)
        outgoing = describe_and_pickle(
            exc, serializer=serializer, traceback=self.traceback, sent=sent
        )
        # The class may have a reducer, but the candidate's was used in its place.
        return self.make_trip(replace(outgoing, reducer=None), candidate.arrives_as)

    def _with_foreign_cause(self, reducers: Reducers, candidate: Candidate) -> RoundTrip | None:
        """Try a recipe that keeps the chain on a copy whose cause has a class that no receiver has.

        Such a cause could take the whole error down. None where the recipe keeps no chain, or no
        copy can be made.
        """
        copied = (
            copy_without_traceback(self.subject)
            if isinstance(candidate.recipe, WithChain)
            else None
        )
        if copied is None:
            return None
        absent = type("AbsentError", (Exception,), {"__module__": "absent_package.errors"})
        # Past the class, whose __setattr__ may refuse.
        vars(BaseException)["__cause__"].__set__(copied, absent("a cause"))
        return self._trip_with(copied, reducers, candidate)


class TookTooLong(Exception):
    """A trial was given up, because its time was used up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedFix:
    """A candidate that arrived."""

    candidate: Candidate
    trip: RoundTrip
    """The trip that was made with it."""
    reducers: Reducers
    """What its code registers."""

    @property
    def lost(self) -> tuple[str, ...]:
        """Paths of what is lost, without those that the candidate gives up."""
        return tuple(
            dict.fromkeys(
                loss.path for loss in self.trip.losses if not self.candidate.covers(loss.path)
            )
        )

    def fix(self, receiver: str, with_foreign_cause: RoundTrip | None) -> Fix:
        """Describe it for people.

        Args:
            receiver: Where it was tried.
            with_foreign_cause: The trip with a cause whose class the receiver lacks. None if the
                recipe keeps no chain, or no copy could be made to try that on.

        Returns:
            The fix. A path that lies within another one that is given up is left out.
        """
        candidate = self.candidate
        given_up = (*candidate.gives_up, *(loss.path for loss in self.trip.declared_lost))
        return Fix(
            title=candidate.title,
            code=candidate.code,
            arrives_whole=not self.lost,
            gives_up=tuple(
                path
                for path in dict.fromkeys(given_up)
                if not path.startswith(tuple(f"{outer}." for outer in given_up))
            ),
            still_lost=self.lost,
            receiver=receiver,
            limits=(*self._limits(with_foreign_cause), *self._declaration()),
        )

    def _declaration(self) -> tuple[str, ...]:
        """The setting that declares what the fix gives up: undeclared, that is still a loss."""
        if self.candidate.arrives_as is not None or not any(
            map(is_of_its_own, self.candidate.gives_up)
        ):
            # Either the title says what to declare, or all that is given up belongs to links, and
            # the chain is compared whatever is declared.
            return ()
        name = subject_of(self.trip.sent)["type"]
        return (
            f"what stays behind is asked for until portable_errors_expect has {name} -> {name}",
        )

    def _limits(self, with_foreign_cause: RoundTrip | None) -> tuple[str, ...]:
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


def _compiled(candidate: Candidate, cls: type) -> Reducers | None:
    """The dispatch table that the printed code makes; None if it does not compile or run.

    The code imports a ``copyreg`` of our own: what it registers is for this trial alone.
    """
    table: Reducers = {}
    own_copyreg = SimpleNamespace(
        pickle=lambda owner, reducer: table.update({owner: reducer}), **_without_pickle(copyreg)
    )

    def import_(name: str, *args: Any, **kwargs: Any) -> object:
        return own_copyreg if name == "copyreg" else builtins.__import__(name, *args, **kwargs)

    scope: dict[str, Any] = {
        "__builtins__": {**vars(builtins), "__import__": import_},
        "__name__": "portable_errors_fix",
        "cls": cls,
    }
    try:
        exec(_code_of(candidate.code), scope)  # our own text, as it is printed
    except Exception:  # the code imports a foreign class, which runs foreign code
        return None
    if candidate.target.in_class:
        return {cls: scope["__reduce__"]}
    return {cls: table[cls]} if cls in table else None


@functools.lru_cache(maxsize=64)
def _code_of(text: str) -> CodeType:
    return compile(text, "<fix>", "exec")


def _without_pickle(module: object) -> dict[str, object]:
    """The public names of a module, without ``pickle``."""
    return {
        name: value
        for name, value in vars(module).items()
        if not name.startswith("_") and name != "pickle"
    }
