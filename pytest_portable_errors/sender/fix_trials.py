"""Tries fixes on the very exception and on others of its class, before they are printed.

The code of each is compiled, and put into a dispatch table of our own, for all classes that would
use it in its place. The exceptions are pickled with that table, and sent.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from pytest_portable_errors.diagnosis.candidate import Candidate
from pytest_portable_errors.diagnosis.chain_recipe import WithChain
from pytest_portable_errors.diagnosis.credentials import is_secret_header
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.places import uses_method
from pytest_portable_errors.diagnosis.recipes import ByModule, Declaration
from pytest_portable_errors.diagnosis.refinements import without_credentials, without_obstacle
from pytest_portable_errors.diagnosis.value_path import ValuePath
from pytest_portable_errors.receiver.described import Record, Stage
from pytest_portable_errors.receiver.record import describe
from pytest_portable_errors.sender.copies import copy_without_traceback
from pytest_portable_errors.sender.fix_code import compiled
from pytest_portable_errors.sender.left_behind import value_can_travel
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle
from pytest_portable_errors.sender.repaired import Repaired
from pytest_portable_errors.sender.serializers import (
    Library,
    Pickle,
    Reducers,
    Serializer,
    WithReducers,
)
from pytest_portable_errors.sender.siblings import family, siblings_of
from pytest_portable_errors.sender.tried_fix import TriedFix, best_first, is_better, is_worse
from pytest_portable_errors.sender.trip import RoundTrip
from pytest_portable_errors.sender.unpatched import UNPATCHED

_MOST_REFINEMENTS = 6
_MOST_FIXES = 3


class MakeTrip(Protocol):
    """Makes a trip."""

    def __call__(
        self,
        outgoing: Outgoing,
        arrives_as: str | None,
        /,
        is_fresh: bool = False,
        is_told: bool = True,
    ) -> RoundTrip:
        """Make the trip of an outgoing exception.

        Args:
            outgoing: The exception, pickled with a candidate.
            arrives_as: The type that it is declared to arrive as; None: as the settings say.
            is_fresh: Whether it is rebuilt in a process that has rebuilt nothing of it before.
            is_told: Whether anything of what arrives may be told. If not, no reasons and no
                credentials are looked for, which is most of the work.
        """


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
    before: RoundTrip
    """How the exception fares without a fix."""
    repaired: Repaired
    """What earlier fixes made of exceptions; what these make is added."""
    until: float = float("inf")
    """No trial but the first of all begins after this: seconds of processor time, by this process's
    clock. So at least one is made, however slow the machine is."""
    _made: dict[type, list[BaseException]] = field(default_factory=dict)
    """Other instances, by the class that would get the code."""
    _made_before: dict[int, RoundTrip] = field(default_factory=dict)
    """How they fare without a fix, by their ids."""
    _made_sent: dict[int, Record] = field(default_factory=dict)
    """Their descriptions, by their ids."""

    def run(self, candidates: Iterable[Candidate]) -> tuple[Fix, ...]:
        """Try candidates in their order, until one repairs all instances or takes too long.

        Args:
            candidates: Those that interfere least come first.

        Returns:
            The candidates that arrived, as fixes: at most three, the best first. Where one arrives
            whole and gives up nothing, only those that arrive whole. None makes another instance
            worse than it is. () for a serializer other than the built-in ones, which takes no
            dispatch table.

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
                if fix.arrives_whole and not fix.unrepaired:
                    break  # the candidates that follow are more invasive
        if any(fix.arrives_whole and not fix.gives_up for fix in fixes):
            # Nobody wants a fix that repairs less.
            fixes = [fix for fix in fixes if fix.arrives_whole]
        by_outcome: dict[object, Fix] = {}
        for fix in fixes:  # two that read alike are one
            by_outcome.setdefault((fix.title, fix.gives_up, fix.still_lost), fix)
        return tuple(sorted(by_outcome.values(), key=best_first)[:_MOST_FIXES])

    def _try(self, candidate: Candidate) -> Fix | None:
        """Try a candidate, and again without what stopped it or exposed a credential.

        None if no version of it arrived, or it would harm an instance. Raises TookTooLong.
        """
        for number in range(_MOST_REFINEMENTS):
            if number and self._is_over():
                return None
            result = self._attempt(candidate)
            if not isinstance(result, Candidate):
                return result
            candidate = result
        return None

    def _attempt(self, candidate: Candidate) -> Fix | Candidate | None:
        """Try one version of a candidate: a fix, a better version to try, or None."""
        reducers = self._reducers(candidate)
        if reducers is None:
            return None
        outgoing = self._pickled_with(self.subject, reducers, self._sent)
        trip = self.make_trip(outgoing, candidate.arrives_as)
        if trip.took_too_long:
            raise TookTooLong
        if trip.received is None and trip.stopped_at is not None:
            return without_obstacle(
                candidate, trip.stopped_at, trip.sent, is_stuck=trip.stage is Stage.DUMPS
            )
        exposed = tuple(
            credential.path
            for credential in trip.credentials
            if credential.path not in self.carried or is_secret_header(credential.path)
        )
        if trip.received is None or exposed:
            return without_credentials(candidate, exposed)
        tried = TriedFix(candidate=candidate, trip=trip, reducers=reducers)
        if is_worse(self.before, trip, candidate) or not is_better(self.before, tried):
            return None
        instances, unrepaired, stopped_at = self._on_siblings(tried)
        if stopped_at is not None:
            refined = without_obstacle(candidate, stopped_at, trip.sent, is_stuck=True)
            # What the exception itself holds can travel: nothing of it is given up.
            return None if refined is None else replace(refined, gives_up=candidate.gives_up)
        if instances is None:
            return None
        proved = self.make_trip(
            outgoing, candidate.arrives_as, is_fresh=True, is_told=bool(trip.losses)
        )
        if (proved.stage, proved.losses) != (trip.stage, trip.losses):
            return None  # it only arrived where another had been rebuilt before
        # What became of it as another class says nothing of its own.
        is_itself = candidate.arrives_as is None
        if outgoing.payload is not None and is_itself and not tried.lost:
            self.repaired.keep(self._owner(candidate), outgoing.payload)
        if isinstance(candidate.recipe, ByModule):
            tried = replace(tried, changed=tuple(self._changed(trip)))
        fix = tried.fix(
            self.receiver,
            self._with_foreign_cause(reducers, candidate),
            owner=self._owner(candidate),
            instances=instances,
            unrepaired=unrepaired,
        )
        self.repaired.keep_fix(fix)
        return fix

    def _on_siblings(self, tried: TriedFix) -> tuple[int | None, int, str | None]:
        """Try a candidate on other instances.

        Returns:
            On how many instances it was tried, the subject among them, and how many of them are
            still lost. None for the first if one is worse off with it; then also the path of the
            value at which its dumps failed, if it did.
        """
        candidate, instances, unrepaired = tried.candidate, 1, 0
        if isinstance(candidate.recipe, Declaration):
            return 1, 0, None
        for sibling in self._siblings(self._owner(candidate)):
            if self._is_over():
                break
            if not candidate.target.method and type(sibling) is not type(self.subject):
                continue  # a registration is for one class, and no other
            outgoing = self._pickled_with(sibling, tried.reducers, self._sent_of(sibling))
            after = self.make_trip(outgoing, candidate.arrives_as, is_told=False)
            if type(sibling) is not type(self.subject) and _lacks_class_of_tests(after):
                continue  # no receiver has a subclass that a test defines
            instances += 1
            if not self._lost(sibling, after, candidate):
                continue
            unrepaired += 1
            if is_worse(self._before(sibling), after, candidate):
                stopped_at = after.stopped_at if after.stage is Stage.DUMPS else None
                return None, unrepaired, stopped_at
        return instances, unrepaired, None

    def _lost(self, exc: BaseException, trip: RoundTrip, candidate: Candidate) -> bool:
        """Whether an instance loses something that it need not: what can travel, it keeps."""
        return any(
            not candidate.covers(loss.path)
            or (
                ValuePath.of(loss.path).attribute in getattr(candidate.recipe, "stuck", ())
                and value_can_travel(exc, loss.path, self.serializer)
            )
            for loss in trip.losses
        )

    def _changed(self, trip: RoundTrip) -> Iterator[str]:
        """Names of attributes that arrived changed although the serializer can pickle them.

        That they are lost has to be declared; of what cannot be pickled nobody asks.
        """
        names = dict.fromkeys(
            path.attribute
            for loss in trip.losses
            if loss.kind == "attributes"
            and loss.sent != "missing"
            and (path := ValuePath.of(loss.path)).attribute is not None
            and not path.links
            and value_can_travel(self.subject, loss.path, self.serializer)
        )
        yield from filter(None, names)

    def _siblings(self, owner: type) -> list[BaseException]:
        if owner not in self._made:
            lost = [
                path.attribute
                for loss in self.before.losses
                if (path := ValuePath.of(loss.path)).attribute is not None and not path.links
            ]
            self._made[owner] = [
                *self.repaired.of(owner),
                *siblings_of(self.subject, owner, dict.fromkeys(lost), self.serializer),
            ]
        return self._made[owner]

    def _before(self, sibling: BaseException) -> RoundTrip:
        """How an instance fares without a fix."""
        if id(sibling) not in self._made_before:
            outgoing = describe_and_pickle(
                sibling,
                serializer=self.serializer,
                traceback=self.traceback,
                sent=self._sent_of(sibling),
            )
            self._made_before[id(sibling)] = self.make_trip(outgoing, None, is_told=False)
        return self._made_before[id(sibling)]

    def _owner(self, candidate: Candidate) -> type:
        """The class that gets the code."""
        name = (candidate.target.module, candidate.target.qualname)
        return next(
            (
                cls
                for cls in type(self.subject).__mro__
                if (cls.__module__, cls.__qualname__) == name
            ),
            type(self.subject),
        )

    def _reducers(self, candidate: Candidate) -> Reducers | None:
        """The dispatch table that stands for the code in its place; None if it does not run.

        A method is there for the subject's class, and for all classes of the family for which
        pickle would use it.
        """
        if isinstance(candidate.recipe, Declaration):
            return {}
        owner = self._owner(candidate)
        reducer = compiled(candidate, owner)
        if reducer is None:
            return None
        if not candidate.target.method:
            return {owner: reducer}
        method = candidate.target.method
        return {
            cls: reducer
            for cls in (type(self.subject), *family(owner))
            if cls is type(self.subject) or uses_method(cls, owner, method)
        }

    def _is_over(self) -> bool:
        return UNPATCHED.process_time() > self.until

    @functools.cached_property
    def _sent(self) -> Record:
        """The subject's description, which is made once: it is the same whatever pickles it."""
        return describe(self.subject, traceback=self.traceback)

    def _sent_of(self, sibling: BaseException) -> Record:
        """The description of another instance, likewise."""
        if id(sibling) not in self._made_sent:
            self._made_sent[id(sibling)] = describe(sibling, traceback=self.traceback)
        return self._made_sent[id(sibling)]

    def _pickled_with(self, exc: BaseException, reducers: Reducers, sent: Record) -> Outgoing:
        assert isinstance(self.serializer, (Pickle, Library))  # run() has seen to that
        serializer = WithReducers(of=self.serializer, reducers=reducers)
        outgoing = describe_and_pickle(
            exc, serializer=serializer, traceback=self.traceback, sent=sent
        )
        # The class may have a reducer, but the candidate's was used in its place.
        return replace(outgoing, reducer=None)

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
        sent = describe(copied, traceback=self.traceback)
        outgoing = self._pickled_with(copied, reducers, sent)
        return self.make_trip(outgoing, candidate.arrives_as, is_told=False)


class TookTooLong(Exception):
    """A trial was given up, because its time was used up."""


def _lacks_class_of_tests(trip: RoundTrip) -> bool:
    return trip.received is None and trip.is_of_tests
