"""Keeps what was learned from the answers so far in this process, so that it is not done again."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, replace

from pytest_portable_errors.diagnosis.credentials import CredentialScan, find_credentials
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.pickle_reader import Reading
from pytest_portable_errors.receiver.described import Record
from pytest_portable_errors.sender.known_missing import KnownMissing
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.project import Imports
from pytest_portable_errors.sender.repaired import Repaired
from pytest_portable_errors.sender.request import Content
from pytest_portable_errors.sender.trip import ExplainedTrip

PAYLOADS_KEPT = 1_000  # payloads whose requests and fixes are kept; the oldest go first
_RECENT = 8  # trips and scans: those of one exception by several serializers and receivers
RUN_TRIAL_SECONDS = 60.0  # processor time of one process, for the trials of all fixes


@dataclass(slots=True)
class TrialTime:
    """How long fixes may still be tried in this process."""

    left: float = RUN_TRIAL_SECONDS
    """Seconds of this process's processor time; below 0 where the last trials took longer."""

    def of(self, seconds: float) -> float:
        """Return as many of these seconds as are left."""
        return min(seconds, self.left)

    def spent(self, seconds: float) -> None:
        """Subtract the seconds that trials have used."""
        self.left -= seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    """One search for credentials: what was searched, and the result."""

    reading: Reading
    sent: Record
    received: Record | None
    """None: nothing arrived."""
    result: CredentialScan


@dataclass(slots=True, kw_only=True)
class Answered:
    """What was learned from the answers so far; none of it changes a verdict."""

    payloads: dict[tuple[Imports, Content], PendingAnswer] = field(default_factory=dict)
    """A payload is sent to a receiver once, whichever tests raise it."""
    known_missing: defaultdict[Imports, KnownMissing] = field(
        default_factory=lambda: defaultdict(KnownMissing)
    )
    """A payload whose first import is missing is answered without sending it."""
    trips: deque[tuple[PendingAnswer, Record, Hashable, ExplainedTrip]] = field(
        default_factory=lambda: deque(maxlen=_RECENT)
    )
    """Two serializers that give the same payload of an exception make the same trip."""
    scans: deque[_Scan] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """A payload is searched for credentials once, where the same arrives from it."""
    fixes: dict[Hashable, tuple[Fix, ...]] = field(default_factory=dict)
    """The fixes of a payload are tried once."""
    repaired: Repaired = field(default_factory=Repaired)
    """What the fixes made of exceptions; others are tried on those, too."""
    trial_time: TrialTime = field(default_factory=TrialTime)
    """Fixes are tried until this is used up."""

    def keep_payload(self, key: tuple[Imports, Content], pending: PendingAnswer) -> None:
        """Keep a request that was submitted; beyond ``PAYLOADS_KEPT`` the oldest is forgotten."""
        self.payloads[key] = pending
        while len(self.payloads) > PAYLOADS_KEPT:
            del self.payloads[next(iter(self.payloads))]

    def forget(self, pending: PendingAnswer) -> None:
        """Forget a request, so that it is sent again.

        For an answer that may be another payload's doing, or the machine's.
        """
        self.payloads = {
            key: answer for key, answer in self.payloads.items() if answer is not pending
        }

    def trip_of(
        self, pending: PendingAnswer | None, sent: Record, settings: Hashable
    ) -> ExplainedTrip | None:
        """Return the trip that was kept for a payload of an exception.

        Args:
            pending: The request; None if nothing was sent, for which no trip is kept.
            sent: The record of the exception, the very object.
            settings: All else that the trip depends on.

        Returns:
            The trip. None if it was not made before, or not lately.
        """
        if pending is None:
            return None
        for trip_pending, trip_sent, trip_settings, explained in self.trips:
            if trip_pending is pending and trip_sent is sent and trip_settings == settings:
                return explained
        return None

    def keep_trip(
        self,
        pending: PendingAnswer | None,
        sent: Record,
        settings: Hashable,
        explained: ExplainedTrip,
    ) -> None:
        """Keep a trip, which ``trip_of`` finds by the same arguments; without a request, none."""
        if pending is not None:
            self.trips.append((pending, sent, settings, explained))

    def scan(self, reading: Reading, sent: Record, received: Record | None) -> CredentialScan:
        """Search a payload and its records for credentials, unless that was done lately.

        Args:
            reading: The payload's opcodes, the very object.
            sent: The record of what was sent, the very object.
            received: The record of what arrived; None if nothing did.

        Returns:
            The credentials, and the mask that hides them.
        """
        for scan in self.scans:
            if scan.reading is reading and scan.sent is sent and scan.received == received:
                return replace(scan.result, mask=scan.result.mask.also_for(received))
        result = find_credentials(reading, sent, received)
        self.scans.append(_Scan(reading=reading, sent=sent, received=received, result=result))
        return result

    def fixes_of(self, key: Hashable, run_trials: Callable[[], tuple[Fix, ...]]) -> tuple[Fix, ...]:
        """Return the fixes of a payload.

        Args:
            key: All that the fixes depend on.
            run_trials: Tries them; called where no fixes are kept for the key.
        """
        if key not in self.fixes:
            self.fixes[key] = run_trials()
            while len(self.fixes) > PAYLOADS_KEPT:
                del self.fixes[next(iter(self.fixes))]
        return self.fixes[key]
