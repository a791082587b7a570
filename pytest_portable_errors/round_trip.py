"""An exception's journey, top to bottom. Knows nothing of pytest."""

from __future__ import annotations

import builtins
import enum
import reprlib
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, replace
from typing import Any

from pytest_portable_errors.diagnosis.causes import diagnose, needs_replay
from pytest_portable_errors.diagnosis.contents import path_of
from pytest_portable_errors.diagnosis.credentials import find_credentials
from pytest_portable_errors.diagnosis.facts import Elsewhere, Facts, Halt
from pytest_portable_errors.diagnosis.findings import Credential, Diagnosis, Fix
from pytest_portable_errors.diagnosis.fixes import candidates
from pytest_portable_errors.diagnosis.losses import CHECKS, DEFAULT_CHECKS, Comparison, Loss, compare, error_text, headline
from pytest_portable_errors.diagnosis.payload import Reading, read, step_at
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.receiver.record import Record
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS
from pytest_portable_errors.report.text import trip_text
from pytest_portable_errors.sender.departure import Departure, depart
from pytest_portable_errors.sender.receivers import Receivers, Request, Ticket, shared
from pytest_portable_errors.sender.serializers import PLAIN_PICKLES, Serializer
from pytest_portable_errors.sender.trials import Trials

DEFAULT_TIMEOUT = 10.0


class Stage(enum.Enum):
    """Where a trip ended."""

    DUMPS = "dumps"
    LOADS = "loads"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What became of one exception on one trip."""

    serializer: str
    receiver: str
    stage: Stage
    sent: Record
    """What the exception was, as ``receiver/record.py`` describes it."""
    received: Record | None
    """What it is in the receiver; None if it did not arrive."""
    losses: tuple[Loss, ...]
    declared_lost: tuple[Loss, ...] = ()
    """Differences that ``arrives_as`` declares; they are no losses."""
    error: dict[str, Any] | None = None
    """What stopped it: ``type`` and ``message`` of the error that dumps or loads raised."""
    diagnosis: Diagnosis | None = None
    """Why. None if it arrived whole, or if no rule explains it."""
    with_project: RoundTrip | None = None
    """The same payload's trip to where the project is installed; None unless the receiver lacked a module of the project."""
    stopped_at: str | None = None
    """Path of the value at which dumps or loads failed; None if it did not, or if that is the exception itself or not known."""
    credentials: tuple[Credential, ...] = ()
    """Those that the payload carries. They are masked in everything that is written here."""

    @property
    def defect(self) -> tuple[object, ...]:
        """What is the same for trips that show the same defect."""
        what = self.diagnosis.cause if self.diagnosis else self.losses
        return (self.sent["exceptions"][0]["type"], self.stage, frozenset(loss.kind for loss in self.losses), what)

    @property
    def arrived_whole(self) -> bool:
        """Whether nothing was lost."""
        return not self.losses

    def __str__(self) -> str:
        """The text that a failing test shows."""
        return trip_text([self])

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON."""
        return {
            "type": self.sent["exceptions"][0]["type"],
            "serializer": self.serializer,
            "receiver": self.receiver,
            "stage": self.stage.value,
            "arrived_whole": self.arrived_whole,
            "losses": [_loss_row(loss) for loss in self.losses],
            "declared_lost": [_loss_row(loss) for loss in self.declared_lost],
            "error": self.error,
            "cause": self.diagnosis and self.diagnosis.cause,
            "why": self.diagnosis and self.diagnosis.why,
            "evidence": list(self.diagnosis.evidence) if self.diagnosis else [],
            "fixes": [_fix_row(fix) for fix in self.diagnosis.fixes] if self.diagnosis else [],
            "stopped_at": self.stopped_at,
            "credentials": [{"path": credential.path, "kind": credential.kind} for credential in self.credentials],
            "arrives_with_project": self.with_project and self.with_project.arrived_whole,
            "sent": self.sent,
            "received": self.received,
        }


def _loss_row(loss: Loss) -> dict[str, str]:
    return {"kind": loss.kind, "path": loss.path, "sent": loss.sent, "received": loss.received}


def _fix_row(fix: Fix) -> dict[str, Any]:
    return {
        "title": fix.title,
        "code": fix.code,
        "receiver": fix.receiver,
        "arrives_whole": fix.arrives_whole,
        "gives_up": list(fix.gives_up),
        "still_lost": list(fix.still_lost),
        "limits": list(fix.limits),
    }


def check_round_trip(
    exc: object,
    *,
    serializer: str | Serializer = "pickle",
    receiver: str = DEFAULT_RECEIVER,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: type[BaseException] | str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> RoundTrip:
    """Send an exception to a fresh interpreter and compare what arrives with what was sent.

    ``exc`` is an exception or a ``pytest.ExceptionInfo``. ``serializer`` is a name or a Serializer. ``receiver`` is ``without-project``,
    ``stdlib``, ``with-project``, or the path of a Python interpreter. ``arrives_as`` declares a deliberate change of type, by the class or
    its dotted name. ``timeout`` is seconds of processor time in the receiver; the limit on the wall clock is six times that.

    What the exception does on the way is data in the RoundTrip. Raises PortableErrorsError only when this function is misused or the
    receiver cannot start.
    """
    subject = exception_of(exc, asked_by="check_round_trip()")
    checks, declared = checked_names(checks), dotted_name(arrives_as)
    receivers = shared()
    departure = depart(subject, serializer=receivers.serializers.find(serializer), traceback="traceback" in checks)
    journey = set_out(departure, receivers=receivers, receiver=receiver, checks=checks, arrives_as=declared, timeout=timeout)
    trip = journey.arrive()
    return trip if trip.arrived_whole else journey.repaired(trip)


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """A trip that has begun: the payload is on its way, and the answer is read when it is needed."""

    departure: Departure
    reading: Reading
    ticket: Ticket | None
    """None if dumps gave nothing that could be sent."""
    receivers: Receivers
    receiver: str
    checks: Collection[str]
    arrives_as: str | None
    timeout: float

    def arrive(self) -> RoundTrip:
        """Wait for the answer, compare, explain."""
        return self._verdict()[0]

    def repaired(self, trip: RoundTrip) -> RoundTrip:
        """The trip that ``arrive`` gave, with the fixes of its diagnosis: tried now, on the exception itself."""
        subject, facts = self.departure.subject, self._verdict()[1]
        if subject is None or trip.diagnosis is None:
            return trip
        trials = Trials(
            subject=subject,
            serializer=self.departure.serializer,
            receiver=self.receiver,
            carried=frozenset(credential.path for credential in trip.credentials),
            send=self._send_instead,
            traceback="traceback" in self.checks,
        )
        project = self.receivers.project
        fixes = trials.run(candidates(facts, is_ours=lambda module: project.owns(module) or project.is_test(module)))
        if trip.with_project is not None and not trip.with_project.arrived_whole:
            elsewhere = self._again("with-project").repaired(trip.with_project)
            fixes = (*(elsewhere.diagnosis.fixes if elsewhere.diagnosis else ()), *fixes)
        return replace(trip, diagnosis=replace(trip.diagnosis, fixes=fixes))

    def _verdict(self) -> tuple[RoundTrip, Facts]:
        departure, answer = self.departure, self._answer()
        stage = Stage(answer["stage"])
        project = self.receivers.project
        reducer = departure.reducer
        from_tests = reducer is not None and not reducer.beside_class and project.is_test_code(reducer.module, reducer.file)
        if stage is Stage.ARRIVED:
            copies_classes = departure.serializer.name not in PLAIN_PICKLES
            compared = compare(
                departure.sent, answer["record"], checks=self.checks, arrives_as=self.arrives_as, copies_classes=copies_classes
            )
            if from_tests and reducer is not None and not compared.losses:
                compared = replace(compared, losses=(_only_in_tests(departure, reducer.location),))
        else:
            compared = Comparison(losses=(_arrival_loss(departure, answer),), declared=())

        missing = tuple((module, qualname, absent) for module, qualname, absent in answer.get("missing", ()))
        with_project = None
        if missing and self.receiver != "with-project" and project.owns(missing[0][0]) and not project.is_test(missing[0][0]):
            with_project = self._again("with-project").arrive()
        facts = Facts(
            stage=stage.value,
            cls=departure.cls,
            sent=departure.sent,
            losses=compared.losses,
            reading=self.reading,
            error=answer.get("error"),
            missing=missing,
            unpicklable=departure.unpicklable,
            reducer=reducer,
            from_tests=from_tests,
            how=answer.get("how"),
            defined_in_test=bool(missing) and project.is_test(missing[0][0]),
            with_project=None if with_project is None else Elsewhere(losses=with_project.losses, diagnosis=with_project.diagnosis),
        )
        found = find_credentials(self.reading, departure.sent, answer.get("record"))
        mask = found.mask
        facts = replace(facts, mask=mask, halt=self._halt(facts) if needs_replay(facts) else None)
        diagnosis = diagnose(facts) if compared.losses else None
        trip = RoundTrip(
            serializer=departure.serializer.name,
            receiver=self.receiver,
            stage=stage,
            sent=mask.record(departure.sent),
            received=mask.record(answer["record"]) if stage is Stage.ARRIVED else None,
            losses=tuple(map(mask.loss, compared.losses)),
            declared_lost=tuple(map(mask.loss, compared.declared)),
            error=mask.data(answer.get("error")),
            diagnosis=None if diagnosis is None else mask.diagnosis(diagnosis),
            with_project=with_project,
            stopped_at=_stopped_at(facts, mask.text),
            credentials=found.credentials,
        )
        return trip, facts

    def _halt(self, facts: Facts) -> Halt | None:
        """Where loads failed: another process rebuilds it once more, counting. None if it fails otherwise there."""
        assert self.ticket is not None  # something was sent, and loads failed
        again = self.receivers.submit(replace(self.ticket.request, replay=True)).answer()
        if "opcode" not in again or again["error"]["type"] != (facts.error or {}).get("type"):
            return None
        step = step_at(self.departure.payload or b"", again["opcode"])
        path = None if step is None else path_of(step.subject, step.root)
        return None if step is None or path is None else Halt(path=path, opcode=step.opcode, subject=step.subject)

    def _again(self, receiver: str) -> Journey:
        return set_out(
            self.departure,
            receivers=self.receivers,
            receiver=receiver,
            checks=self.checks,
            arrives_as=self.arrives_as,
            timeout=self.timeout,
        )

    def _send_instead(self, departure: Departure, arrives_as: str | None) -> RoundTrip:
        """The trip of what a fix made of the exception."""
        return set_out(
            departure,
            receivers=self.receivers,
            receiver=self.receiver,
            checks=self.checks,
            arrives_as=arrives_as or self.arrives_as,
            timeout=self.timeout,
        ).arrive()

    def _answer(self) -> dict[str, Any]:
        """What the receiver answers; or what it would have, had dumps given it anything."""
        if self.ticket is None:
            return {"stage": "dumps", "error": self.departure.error}
        answer = self.ticket.answer()
        if answer["stage"] == "loader":
            serializer, why = self.departure.serializer, error_text(answer["error"])
            if self.receiver in NAMED_RECEIVERS:
                raise PortableErrorsError(
                    f"serializer {serializer.name!r}: receiver {self.receiver!r} cannot import its loader {serializer.loader} ({why}). "
                    "Name the modules that it needs in `needs`"
                )
            raise PortableErrorsError(
                f"serializer {serializer.name!r} cannot be used in receiver {self.receiver!r} ({why}). Install it there, or choose another"
            )
        if answer["stage"] == "setup":
            raise PortableErrorsError(
                f"portable_errors_receiver_setup = {answer['setup']}: raised {error_text(answer['error'])} in receiver {self.receiver!r}"
            )
        return answer


def set_out(
    departure: Departure,
    *,
    receivers: Receivers,
    receiver: str = DEFAULT_RECEIVER,
    checks: Collection[str] = DEFAULT_CHECKS,
    arrives_as: str | None = None,
    timeout: float = DEFAULT_TIMEOUT,
) -> Journey:
    """Send what departed. Several that have set out travel at the same time.

    Raises PortableErrorsError when there is no such receiver, or it cannot start, or ``timeout`` is no number of seconds.
    """
    if not isinstance(timeout, (int, float)) or not 0 < timeout < float("inf"):
        raise PortableErrorsError(f"timeout={timeout!r}: expected seconds of processor time, more than 0")
    reading = read(departure.payload or b"")
    ticket = None
    if departure.payload is not None:
        request = Request(
            receiver=receiver,
            payload=departure.payload,
            serializer=departure.serializer,
            names=[(name.module, name.qualname) for name in reading.names],
            timeout=timeout,
            traceback="traceback" in checks,
        )
        ticket = receivers.submit(request)
    return Journey(
        departure=departure,
        reading=reading,
        ticket=ticket,
        receivers=receivers,
        receiver=receiver,
        checks=checks,
        arrives_as=arrives_as,
        timeout=timeout,
    )


def told(pairs: Iterable[tuple[Journey, RoundTrip]]) -> list[RoundTrip]:
    """The trips as people are to read of them: with fixes, for the first of each defect."""
    trips: list[RoundTrip] = []
    known: set[tuple[object, ...]] = set()
    for journey, trip in pairs:
        trips.append(trip if trip.arrived_whole or trip.defect in known else journey.repaired(trip))
        known.add(trip.defect)
    return trips


def _stopped_at(facts: Facts, masked: Callable[[str], str]) -> str | None:
    if facts.unpicklable is not None:
        return masked(facts.unpicklable.path)
    return None if facts.halt is None or facts.halt.path == "exc" else masked(facts.halt.path)


def _only_in_tests(departure: Departure, location: str) -> Loss:
    received = f"whole, by a reducer that only the tests have ({location})"
    return Loss(kind="arrival", path="exc", sent=headline(departure.sent["exceptions"][0]), received=received)


def _arrival_loss(departure: Departure, answer: dict[str, Any]) -> Loss:
    received = error_text(answer["error"]) if answer.get("error") else answer["how"]
    return Loss(kind="arrival", path="exc", sent=headline(departure.sent["exceptions"][0]), received=f"nothing. {received}")


def exception_of(subject: object, *, asked_by: str) -> BaseException:
    """The exception itself, or the one in a ``pytest.ExceptionInfo``.

    Raises PortableErrorsError, naming ``asked_by``, for anything else.
    """
    if issubclass(type(subject), BaseException):
        return subject  # type: ignore[return-value]  # just seen, past a __class__ that may raise
    if type(subject).__name__ == "ExceptionInfo" and type(subject).__module__.startswith("_pytest."):
        held: object = getattr(subject, "_excinfo", None)  # `value` asserts where the block has not ended yet
        if held is None:
            raise PortableErrorsError(
                f"{asked_by}: this ExceptionInfo holds no exception yet; call it after the `with pytest.raises(...)` block"
            )
        return subject.value  # type: ignore[attr-defined, no-any-return]  # pytest is not imported here
    if isinstance(subject, type) and issubclass(subject, BaseException):
        raise PortableErrorsError(f"{asked_by} got the class {subject.__name__}: expected an instance, e.g. {subject.__name__}(...)")
    raise PortableErrorsError(
        f"{asked_by} got {reprlib.repr(subject)} ({type(subject).__name__}): expected an exception or a pytest.ExceptionInfo"
    )


def checked_names(checks: Collection[str]) -> tuple[str, ...]:
    """The same checks, if all of them exist. Raises PortableErrorsError that names the one that does not."""
    if isinstance(checks, str) or not isinstance(checks, Collection) or not checks:
        raise PortableErrorsError(f"checks={checks!r}: expected a tuple of some of {', '.join(CHECKS)}")
    for check in checks:
        if check not in CHECKS:
            raise PortableErrorsError(f"unknown check {check!r}: expected some of {', '.join(CHECKS)}")
    return tuple(checks)


def dotted_name(arrives_as: type[BaseException] | str | None) -> str | None:
    """A declared type by its dotted name. Raises PortableErrorsError for what is neither an exception class nor a dotted name."""
    if arrives_as is None:
        return None
    if isinstance(arrives_as, type) and issubclass(arrives_as, BaseException):
        return type_name(arrives_as)
    if isinstance(arrives_as, str) and all(part.isidentifier() for part in arrives_as.split(".")):
        name = arrives_as if "." in arrives_as else f"builtins.{arrives_as}"
        built_in = getattr(builtins, name.removeprefix("builtins."), None)
        if not name.startswith("builtins.") or (isinstance(built_in, type) and issubclass(built_in, BaseException)):
            return name
    raise PortableErrorsError(f"arrives_as={arrives_as!r}: expected an exception class, or its dotted name such as 'builtins.RuntimeError'")
