"""What became of one exception on one trip: the verdict, as an object with its own text."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.diagnosis.findings import Credential, Diagnosis, Fix
from pytest_portable_errors.diagnosis.losses import Loss
from pytest_portable_errors.receiver.record import Record
from pytest_portable_errors.report.text import trip_text


class Stage(enum.Enum):
    """Where a trip ended."""

    DUMPS = "dumps"
    LOADS = "loads"
    TIMED_OUT = "timed-out"
    CRASHED = "crashed"
    ARRIVED = "arrived"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundTrip:
    """What became of one exception, or of one value, on one trip."""

    serializer: str
    receiver: str
    stage: Stage
    sent: Record
    """What it was, as ``receiver/record.py`` describes it."""
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
    is_of_tests: bool = False
    """Whether a test defines its class, what the receiver lacks, or what cannot be pickled: nothing but the tests raises such a one."""
    stopped_at: str | None = None
    """Path of the value at which dumps or loads failed; None if it did not, or if that is the exception itself or not known."""
    credentials: tuple[Credential, ...] = ()
    """Those that the payload carries. They are masked in everything that is written here."""
    not_looked_at: tuple[str, ...] = ()
    """What there was too much of: ``what the payload has past its first 7,500 opcodes``. () if all of it was looked at."""

    @property
    def took_too_long(self) -> bool:
        """Whether it was given up."""
        return self.stage is Stage.TIMED_OUT

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
            "not_looked_at": list(self.not_looked_at),
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
