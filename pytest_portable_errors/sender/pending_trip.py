"""A trip while it is made: sent, waited for, compared, explained, and repaired."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.causes import diagnose, needs_replay
from pytest_portable_errors.diagnosis.credentials import SEARCHED, CredentialScan, find_credentials
from pytest_portable_errors.diagnosis.facts import Facts, LoadsFailure, WithProject
from pytest_portable_errors.diagnosis.findings import Diagnosis, Fix
from pytest_portable_errors.diagnosis.losses import (
    DEFAULT_CHECKS,
    Comparison,
    arrival_loss,
    compare,
    only_in_tests,
)
from pytest_portable_errors.diagnosis.pickle_paths import path_of
from pytest_portable_errors.diagnosis.pickle_reader import OPCODES, Reading, read, step_at
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import module_of
from pytest_portable_errors.receiver.record import Record, depth_of, is_cut
from pytest_portable_errors.receiver.values import VALUES, canonical
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS
from pytest_portable_errors.sender.carriers import Carrier, plainly
from pytest_portable_errors.sender.extent import MUCH
from pytest_portable_errors.sender.outgoing import Outgoing, describe_and_pickle
from pytest_portable_errors.sender.receivers import (
    RUN_TRIAL_SECONDS,
    PendingAnswer,
    Receivers,
    Request,
    Search,
)
from pytest_portable_errors.sender.serializers import PLAIN_PICKLES, Library, Pickle
from pytest_portable_errors.sender.trip import RoundTrip, Stage
from pytest_portable_errors.sender.unpatched import UNPATCHED

DEFAULT_TIMEOUT = 10.0
TRIAL_SECONDS = 2.0  # of processor time, for a trip that only tries a fix
TRIALS_SECONDS = 3.0  # of processor time in this process, for all trials of one exception
# the same for one that holds much: each trial describes and pickles all of it
LARGE_TRIALS_SECONDS = 0.25


@dataclass(slots=True, kw_only=True)
class PendingTrip:
    """A trip that has begun: the payload is on its way, and the answer is read when it is
    needed."""

    outgoing: Outgoing
    reading: Reading
    pending_answer: PendingAnswer | None
    """None if dumps gave nothing that could be sent."""
    receivers: Receivers
    receiver: str
    checks: Collection[str]
    arrives_as: str | None
    timeout: float
    _known: tuple[RoundTrip, Facts] | None = None
    _elsewhere: PendingTrip | None = None
    _plain: PendingTrip | None = None

    def arrive(self) -> RoundTrip:
        """Wait for the answer, compare, explain."""
        return self._verdict()[0]

    def lacks_project(self) -> bool:
        """Whether the receiver failed for want of a module of the project, one that no test
        defines."""
        missing: Sequence[Sequence[Any]] = self._answer().get("missing") or []
        if self.receiver == "with-project" or not (missing or self._is_replaced()):
            return False
        module = missing[0][0] if missing else module_of(self.outgoing.cls) or "?"
        return self.receivers.project.owns(module) and not self.receivers.project.is_test(module)

    def _is_replaced(self) -> bool:
        """Whether a carrier gave something else than the class, so that no import failed where the
        project is not."""
        answer = self._answer()
        return (
            isinstance(self.outgoing.serializer, Carrier)
            and self.receiver in NAMED_RECEIVERS
            and answer["stage"] == "arrived"
            and answer["record"]["exceptions"][0]["type"]
            != self.outgoing.sent["exceptions"][0]["type"]
        )

    @property
    def has_chain(self) -> bool:
        """Whether there is more to arrive than the exception itself."""
        return (
            len(self.outgoing.sent["exceptions"]) > 1
            or self.outgoing.sent["exceptions"][0]["hides_context"]
        )

    def with_project(self) -> PendingTrip:
        """The same payload on its way to where the project is installed."""
        if self._elsewhere is None:
            self._elsewhere = self._another(receiver="with-project")
        return self._elsewhere

    def comparing(self, checks: Collection[str]) -> PendingTrip:
        """The same trip, with its answer compared otherwise."""
        return replace(self, checks=checks, _known=None)

    def repaired(self, trip: RoundTrip) -> RoundTrip:
        """The trip that ``arrive`` gave, with the fixes of its diagnosis: tried now, on the
        exception itself."""
        if trip.diagnosis is None:
            return trip
        if self.receivers.trial_time.left <= 0:
            untried = (
                f"fixes: all of the {RUN_TRIAL_SECONDS:g} s for trying them in one run are used up"
            )
            return replace(trip, not_looked_at=(*trip.not_looked_at, untried))
        unwrapped = self._unwrapped()
        if unwrapped is not None:
            return replace(trip, diagnosis=unwrapped.repaired(unwrapped.arrive()).diagnosis)
        sent = self.outgoing.sent
        is_known = isinstance(self.outgoing.serializer, (Pickle, Library)) and all(
            node["importable"] for node in sent["exceptions"]
        )
        if self.pending_answer is None or not is_known:
            fixes = self._tried(trip)
        else:
            # Most payloads of pickle and cloudpickle are the same, and then so is what becomes of
            # their fixes.
            same = (canonical(sent), tuple(self.checks), self.arrives_as)
            if same not in self.pending_answer.fixes:
                self.pending_answer.fixes[same] = self._tried(trip)
            fixes = self.pending_answer.fixes[same]
        if trip.with_project is not None and not trip.with_project.arrived_whole:
            with_project = self.with_project().repaired(trip.with_project)
            fixes = (*(with_project.diagnosis.fixes if with_project.diagnosis else ()), *fixes)
        return replace(trip, diagnosis=replace(trip.diagnosis, fixes=fixes))

    def _tried(self, trip: RoundTrip) -> tuple[Fix, ...]:
        # here, because nothing needs fixes where all is well
        from pytest_portable_errors.diagnosis.fixes import (
            FixContext,
            candidates,
        )
        from pytest_portable_errors.sender.fix_trials import FixTrials

        subject, facts = self.outgoing.subject, self._verdict()[1]
        if subject is None:
            return ()
        seconds = self.receivers.trial_time.of(
            LARGE_TRIALS_SECONDS if self.outgoing.extent >= MUCH else TRIALS_SECONDS
        )
        trials = FixTrials(
            subject=subject,
            serializer=plainly(self.outgoing.serializer),
            receiver=self.receiver,
            carried=frozenset(credential.path for credential in trip.credentials),
            send=lambda outgoing, become: self._another(
                outgoing, arrives_as=become, timeout=min(self.timeout, TRIAL_SECONDS)
            ),
            traceback="traceback" in self.checks,
            until=UNPATCHED.process_time() + seconds,
        )
        project = self.receivers.project
        setting = FixContext(
            is_ours=lambda module: project.owns(module) or project.is_test(module),
            is_absent=lambda module: self.receiver != "with-project" or project.is_test(module),
        )
        begun = UNPATCHED.process_time()
        try:
            return trials.run(
                candidates(
                    facts, setting, needs_chain="chain" in self.checks, declared=self.arrives_as
                )
            )
        except PortableErrorsError:
            raise  # a receiver could not start
        # as with its causes: a class may not let itself be looked at, and the verdict stands
        # without a fix
        except Exception:
            return ()
        finally:
            self.receivers.trial_time.spent(UNPATCHED.process_time() - begun)

    def _verdict(self) -> tuple[RoundTrip, Facts]:
        if self._known is None:
            self._known = self._judged_before() or self._judge()
            self.receivers.recent.append(
                (self.pending_answer, self._terms, self.outgoing.sent, *self._known)
            )
        return self._known

    def _found_credentials(self, received: Record | None) -> CredentialScan:
        """Searched once for all trips of a payload from which the same arrives: to another
        receiver, compared by other checks."""
        sent = self.outgoing.sent
        for search in self.receivers.searched:
            if (
                search.reading is self.reading
                and search.sent is sent
                and search.received == received
            ):
                return replace(search.found, mask=search.found.mask.also_for(received))
        found = find_credentials(self.reading, sent, received)
        self.receivers.searched.append(
            Search(reading=self.reading, sent=sent, received=received, found=found)
        )
        return found

    @property
    def _terms(self) -> tuple[object, ...]:
        may_copy = self.outgoing.serializer.name not in PLAIN_PICKLES and not all(
            node["importable"] for node in self.outgoing.sent["exceptions"]
        )
        return (self.receiver, tuple(self.checks), self.arrives_as, may_copy)

    def _judged_before(self) -> tuple[RoundTrip, Facts] | None:
        """What the same payload of the same exception came to, which another serializer gave."""
        for pending_answer, terms, sent, trip, facts in (
            self.receivers.recent if self.pending_answer is not None else ()
        ):
            if (
                pending_answer is self.pending_answer
                and sent is self.outgoing.sent
                and terms == self._terms
            ):
                return replace(trip, serializer=self.outgoing.serializer.name), facts
        return None

    def _judge(self) -> tuple[RoundTrip, Facts]:
        outgoing, answer = self.outgoing, self._answer()
        stage = Stage(answer["stage"])
        project = self.receivers.project
        reducer = outgoing.reducer
        from_tests = (
            reducer is not None
            and not reducer.beside_class
            and project.is_test_code(reducer.module, reducer.file)
        )
        if stage is Stage.ARRIVED:
            copies_classes = outgoing.serializer.name not in PLAIN_PICKLES
            compared = compare(
                outgoing.sent,
                answer["record"],
                checks=self.checks,
                arrives_as=self.arrives_as,
                copies_classes=copies_classes,
            )
            if from_tests and reducer is not None and not compared.losses:
                compared = replace(
                    compared, losses=(only_in_tests(outgoing.sent, reducer.location),)
                )
        else:
            compared = Comparison(losses=(arrival_loss(outgoing.sent, answer),), declared=())

        missing = tuple(
            (module, qualname, absent) for module, qualname, absent in answer.get("missing", ())
        )
        with_project = self.with_project().arrive() if self.lacks_project() else None
        facts = Facts(
            stage=stage.value,
            cls=outgoing.cls,
            sent=outgoing.sent,
            received=answer.get("record"),
            losses=compared.losses,
            reading=self.reading,
            error=answer.get("error"),
            missing=missing,
            unpicklable=outgoing.unpicklable,
            reducer=reducer,
            from_tests=from_tests,
            how=answer.get("how"),
            defined_in_test=bool(missing) and project.is_test(missing[0][0]),
            with_project=None
            if with_project is None
            else WithProject(losses=with_project.losses, diagnosis=with_project.diagnosis),
        )
        found = self._found_credentials(answer.get("record"))
        mask = found.mask
        facts = replace(
            facts, mask=mask, failure=self._halt(facts) if needs_replay(facts) else None
        )
        unwrapped = self._unwrapped()
        diagnosis = diagnose(facts) if compared.losses and unwrapped is None else None
        if unwrapped is not None:
            diagnosis = unwrapped.arrive().diagnosis
        elif stage is Stage.ARRIVED and any(
            loss.kind == "type" and loss.path == "exc" for loss in compared.losses
        ):
            diagnosis = self._replaced() or diagnosis
        trip = RoundTrip(
            serializer=outgoing.serializer.name,
            receiver=self.receiver,
            stage=stage,
            sent=mask.record(outgoing.sent),
            received=mask.record(answer["record"]) if stage is Stage.ARRIVED else None,
            losses=tuple(map(mask.loss, compared.losses)),
            declared_lost=tuple(map(mask.loss, compared.declared)),
            error=mask.data(answer.get("error")),
            diagnosis=None if diagnosis is None else mask.diagnosis(diagnosis),
            with_project=with_project,
            is_of_tests=facts.defined_in_test
            or project.is_test(module_of(outgoing.cls) or "?")
            or self._holds_what_tests_make(),
            stopped_at=_stopped_at(facts, mask.text),
            credentials=found.credentials,
            not_looked_at=tuple(_not_looked_at(outgoing, self.reading, found)),
        )
        return trip, facts

    def _unwrapped(self) -> PendingTrip | None:
        """The same payload without its carrier, where that has made no exception of it (DBOS gives
        the stored text): it tells why."""
        plain, answer = plainly(self.outgoing.serializer), self._answer()
        if (
            plain is self.outgoing.serializer
            or answer["stage"] != "arrived"
            or "args" in answer["record"]["exceptions"][0]
        ):
            return None
        if self._plain is None:
            self._plain = self._another(replace(self.outgoing, serializer=plain))
        return self._plain

    def _replaced(self) -> Diagnosis | None:
        """Where the carrier gives another class on purpose: what it does, and why, which is what
        becomes of it by plain pickle."""
        carrier, subject = self.outgoing.serializer, self.outgoing.subject
        if not isinstance(carrier, Carrier) or not carrier.replaces or subject is None:
            return None
        reason = (
            self._another(describe_and_pickle(subject, serializer=carrier.of)).arrive().diagnosis
        )
        why = carrier.replaces if reason is None else f"{carrier.replaces}\n{reason.why}"
        return Diagnosis(
            cause="replaced-by-carrier",
            why=why,
            evidence=(carrier.name, *(reason.evidence if reason is not None else ())),
        )

    def _holds_what_tests_make(self) -> bool:
        """Whether what cannot be pickled is a test's, or stands for something that production
        has."""
        value = self.outgoing.unpicklable
        return value is not None and (
            value.module == "unittest.mock" or self.receivers.project.is_test(value.module)
        )

    def _halt(self, facts: Facts) -> LoadsFailure | None:
        """Where loads failed: another process rebuilds it once more, counting. None if it fails
        otherwise there."""
        assert self.pending_answer is not None  # something was sent, and loads failed
        if self.reading.is_cut:
            return None  # an unpickler in Python takes fifty times as long
        again = self.receivers.submit(replace(self.pending_answer.request, replay=True)).answer()
        if "opcode" not in again or again["error"]["type"] != (facts.error or {}).get("type"):
            return None
        step = step_at(self.outgoing.payload or b"", again["opcode"])
        path = None if step is None else path_of(step.subject, step.root)
        return (
            None
            if step is None or path is None
            else LoadsFailure(path=path, opcode=step.opcode, subject=step.subject)
        )

    def _another(
        self,
        outgoing: Outgoing | None = None,
        *,
        receiver: str | None = None,
        arrives_as: str | None = None,
        timeout: float | None = None,
    ) -> PendingTrip:
        """A trip that is as this one but for what is given, on its way."""
        return send(
            outgoing or self.outgoing,
            receivers=self.receivers,
            receiver=receiver or self.receiver,
            checks=self.checks,
            arrives_as=arrives_as or self.arrives_as,
            timeout=timeout or self.timeout,
        )

    def _answer(self) -> dict[str, Any]:
        """What the receiver answers; or what it would have, had dumps given it anything."""
        if self.pending_answer is None:
            return {"stage": "dumps", "error": self.outgoing.error}
        return self.pending_answer.usable_answer()


def send(
    outgoing: Outgoing,
    *,
    receivers: Receivers,
    receiver: str = DEFAULT_RECEIVER,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> PendingTrip:
    """Send what departed. Several that have set out travel at the same time.

    Raises PortableErrorsError when there is no such receiver, or it cannot start, or ``timeout`` is
    no number of seconds.
    """
    if not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise PortableErrorsError(
            f"timeout={timeout!r}: expected seconds of processor time, more than 0"
        )
    reading = read(outgoing.payload or b"")
    pending_answer = None
    if outgoing.payload is not None:
        request = Request(
            receiver=receiver,
            payload=outgoing.payload,
            serializer=outgoing.serializer,
            names=[(name.module, name.qualname) for name in reading.names],
            timeout=timeout,
            traceback="traceback" in checks,
            depth=depth_of(outgoing.sent),
            names_are_cut=reading.is_cut,
        )
        pending_answer = receivers.submit(request)
    return PendingTrip(
        outgoing=outgoing,
        reading=reading,
        pending_answer=pending_answer,
        receivers=receivers,
        receiver=receiver,
        checks=checks,
        arrives_as=arrives_as,
        timeout=timeout,
    )


def _not_looked_at(
    outgoing: Outgoing, reading: Reading, credentials: CredentialScan
) -> Iterator[str]:
    """What there was too much of to look at."""
    if is_cut(outgoing.sent):
        yield f"values past the {VALUES:,} that are nearest to the surface"
    if reading.is_cut:
        yield f"what the payload has past its first {OPCODES:,} opcodes"
    if credentials.is_cut:
        yield f"credentials past {SEARCHED:,} characters of text"


def _stopped_at(facts: Facts, masked: Callable[[str], str]) -> str | None:
    if facts.unpicklable is not None and facts.unpicklable.path:
        return masked(facts.unpicklable.path)
    return (
        None if facts.failure is None or facts.failure.path == "exc" else masked(facts.failure.path)
    )
