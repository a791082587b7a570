"""A trip that has begun: the payload is on its way, and its answer was not read yet."""

from __future__ import annotations

import itertools
from base64 import b64decode
from collections.abc import Collection
from dataclasses import dataclass, replace

from pytest_portable_errors.diagnosis.checks import DEFAULT_CHECKS, DEFAULT_TIMEOUT, MOST_HOPS
from pytest_portable_errors.diagnosis.pickle_reader import Reading, read
from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.receiver.described import Answer, Stage, subject_of
from pytest_portable_errors.receiver.record import depth_of
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.outgoing import Outgoing, megabytes
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.request import Request
from pytest_portable_errors.sender.serializers import (
    PICKLES,
    Library,
    Pickle,
    Serializer,
    WithReducers,
)
from pytest_portable_errors.sender.unpatched import UNPATCHED

_SUBJECTS = itertools.count(1)


def new_subject() -> str:
    """Name a subject: an exception or a class, whose payloads are rebuilt in one process.

    The name is that of no other subject, of this process or another.
    """
    return f"{UNPATCHED.getpid()}-{next(_SUBJECTS)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class TripSettings:
    """Where an exception is sent, and how what arrives is compared."""

    receiver: str = DEFAULT_RECEIVER
    """``without-project``, ``stdlib``, ``with-project``, or the path of an interpreter."""
    checks: tuple[str, ...] = DEFAULT_CHECKS
    """What is compared: some of ``CHECKS``."""
    arrives_as: str | None = None
    """Dotted name of the type that it is declared to become. None: its own."""
    without: tuple[str, ...] = ()
    """Names of its attributes that are declared to stay behind."""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds of processor time in the receiver, more than 0 and finite."""
    hops: int = 1
    """How often it is pickled and rebuilt, 1 to ``MOST_HOPS``: what arrived is pickled again by the
    receiver, and loaded in another process."""

    def __post_init__(self) -> None:
        """Check the timeout and the hops.

        Raises:
            PortableErrorsError: ``timeout`` is no number of seconds, or out of its range; or
                ``hops`` is.
        """
        if type(self.hops) is not int or not 1 <= self.hops <= MOST_HOPS:
            raise PortableErrorsError(
                f"hops={self.hops!r}: expected a whole number, 1 to {MOST_HOPS}"
            )
        if not isinstance(self.timeout, (int, float)) or not 0 < self.timeout < float("inf"):
            raise PortableErrorsError(
                f"timeout={self.timeout!r}: expected seconds of processor time, more than 0"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTrip:
    """An outgoing exception on its way to one receiver."""

    outgoing: Outgoing
    reading: Reading
    """What the payload's opcodes show; empty without a payload."""
    pending_answer: PendingAnswer | None
    """The request that was sent. None: dumps gave nothing that could be sent."""
    receivers: Receivers
    settings: TripSettings
    subject: str
    """What it belongs to; trips that are made of it belong to the same."""
    hop: int = 1
    """Which hop this is, from 1."""

    def answer(self) -> Answer:
        """Wait for the receiver's answer; without a payload, what dumps raised is the answer.

        Raises:
            PortableErrorsError: The receiver cannot start, lacks what the serializer needs, or its
                set-up raised.
        """
        if self.pending_answer is None:
            return _not_sent(self.outgoing)
        return self.pending_answer.usable_answer()

    def over_limit(self) -> str | None:
        """Wait for the answer; which limit of ours kept the exception from being checked, in words.

        None if none did. A limit is ours, and no defect of the class.

        Raises:
            PortableErrorsError: See ``answer``.
        """
        if not self.answer().get("is_describing"):
            return self.outgoing.over_limit
        size = megabytes(len(self.outgoing.payload or b""))
        seconds = f"{self.settings.timeout:g} s"
        return f"it took more than {seconds} to be described (its payload has {size})"

    @property
    def has_chain(self) -> bool:
        """Whether a chain or members were sent, or there is a context that Python hides."""
        sent = self.outgoing.sent
        return len(sent["exceptions"]) > 1 or subject_of(sent)["hides_context"]

    def with_project(self) -> PendingTrip:
        """Send the same payload to where the project is installed.

        Raises:
            PortableErrorsError: The receiver cannot start.
        """
        return self.resent(settings=replace(self.settings, receiver="with-project"))

    def next_hop(self) -> PendingTrip:
        """Send on what arrived, as the receiver has pickled it; where it could not, nothing.

        Raises:
            PortableErrorsError: The receiver cannot start.
        """
        again = self.answer()["again"]
        payload = b64decode(again["payload"]) if "payload" in again else None
        serializer = self.outgoing.serializer
        outgoing = replace(
            self.outgoing,
            payload=payload,
            error=again.get("error"),
            # What a carrier has brought is sent on by plain pickle.
            serializer=PICKLES[0] if isinstance(serializer, Carrier) else serializer,
        )
        following = replace(
            self,
            outgoing=outgoing,
            reading=read(payload or b""),
            hop=self.hop + 1,
            subject=new_subject(),
        )
        return following._submitted()

    def comparing(self, checks: Collection[str]) -> PendingTrip:
        """Return the same trip, whose answer is compared by other checks; nothing is sent."""
        return replace(self, settings=replace(self.settings, checks=tuple(checks)))

    def resent(
        self,
        *,
        outgoing: Outgoing | None = None,
        settings: TripSettings | None = None,
        is_fresh: bool = False,
    ) -> PendingTrip:
        """Send again.

        Args:
            outgoing: What to send. None: the same.
            settings: Where to send it, and how to compare what arrives. None: the same.
            is_fresh: Whether it is rebuilt in a process of its own, which has rebuilt nothing of
                this subject before.

        Raises:
            PortableErrorsError: There is no such receiver, or it cannot start.
        """
        reading = self.reading if outgoing is None else read(outgoing.payload or b"")
        again = replace(
            self,
            outgoing=outgoing or self.outgoing,
            reading=reading,
            settings=settings or self.settings,
        )
        return again._submitted(is_fresh=is_fresh)

    def _submitted(self, *, is_fresh: bool = False) -> PendingTrip:
        """The same trip, once its payload was handed to the receiver. Raises as ``send`` does."""
        outgoing, settings = self.outgoing, self.settings
        if outgoing.payload is None:
            return replace(self, pending_answer=None)
        request = Request(
            receiver=settings.receiver,
            payload=outgoing.payload,
            serializer=outgoing.serializer,
            names=[(name.module, name.qualname) for name in self.reading.names],
            timeout=settings.timeout,
            traceback="traceback" in settings.checks,
            depth=depth_of(outgoing.sent),
            names_are_cut=self.reading.is_cut,
            again=dumper_of(outgoing.serializer) if self.hop < settings.hops else "",
            subject=self.subject,
            is_fresh=is_fresh,
        )
        return replace(self, pending_answer=self.receivers.submit(request))


def send(
    outgoing: Outgoing,
    *,
    receivers: Receivers,
    settings: TripSettings | None = None,
    subject: str | None = None,
) -> PendingTrip:
    """Send an outgoing exception, without waiting; several trips can be pending at the same time.

    Args:
        outgoing: What ``describe_and_pickle`` gave.
        receivers: Those of this process.
        settings: Where to send it, and how to compare what arrives. None: the defaults.
        subject: What it belongs to, as ``new_subject`` names it. None: it is a subject by itself.

    Returns:
        The pending trip; without a payload nothing is sent.

    Raises:
        PortableErrorsError: There is no such receiver, it cannot start, or what the serializer
            needs is not installed here.
    """
    pending = PendingTrip(
        outgoing=outgoing,
        reading=read(outgoing.payload or b""),
        pending_answer=None,
        receivers=receivers,
        settings=settings or TripSettings(),
        subject=subject or new_subject(),
    )
    return pending._submitted()


def dumper_of(serializer: Serializer) -> str:
    """By what a receiver pickles again what a serializer sent, ``module:protocol``.

    Raises:
        PortableErrorsError: It is none of those that a receiver can use by themselves.
    """
    of = serializer.of if isinstance(serializer, WithReducers) else serializer
    if isinstance(of, Pickle):
        return f"pickle:{'' if of.protocol is None else of.protocol}"
    if isinstance(of, Library):
        return f"{of.name}:"
    if isinstance(serializer, Carrier):
        return "pickle:"
    raise PortableErrorsError(
        f"serializer {serializer.name!r} makes one hop: a receiver has no dumps of it"
    )


def _not_sent(outgoing: Outgoing) -> Answer:
    """Return what stands for an answer where dumps gave nothing that could be sent."""
    answer: Answer = {"stage": Stage.DUMPS.value}
    how = outgoing.never_sent or outgoing.over_limit
    if how is not None:
        answer["how"] = how
    if outgoing.error is not None:
        answer["error"] = outgoing.error
    return answer
