"""What was done before in this process, and is not done again."""

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
from pytest_portable_errors.sender.request import Content
from pytest_portable_errors.sender.trip import ExplainedTrip

PAYLOADS_KEPT = 1_000
_RECENT = 8  # trips and scans: those of one exception by several serializers and receivers
RUN_TRIAL_SECONDS = 60.0  # of processor time, for the trials of all fixes in one process


@dataclass(slots=True)
class TrialTime:
    """How long fixes may still be tried in this process."""

    left: float = RUN_TRIAL_SECONDS
    """Seconds of its processor time."""

    def of(self, wanted: float) -> float:
        """As many of the wanted seconds as are left."""
        return min(wanted, self.left)

    def spent(self, seconds: float) -> None:
        """Take what was used."""
        self.left -= seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class _Scan:
    reading: Reading
    sent: Record
    received: Record | None
    result: CredentialScan


@dataclass(slots=True, kw_only=True)
class Answered:
    """What was done before. One rule for each field; none of them changes a verdict."""

    payloads: dict[tuple[Imports, Content], PendingAnswer] = field(default_factory=dict)
    """A payload is sent to a receiver once, whichever tests raise it."""
    known_missing: defaultdict[Imports, KnownMissing] = field(
        default_factory=lambda: defaultdict(KnownMissing)
    )
    """A payload whose first import is missing is answered without sending."""
    trips: deque[tuple[PendingAnswer, Record, Hashable, ExplainedTrip]] = field(
        default_factory=lambda: deque(maxlen=_RECENT)
    )
    """Two serializers that give the same payload of an exception make the same trip."""
    scans: deque[_Scan] = field(default_factory=lambda: deque(maxlen=_RECENT))
    """A payload from which the same arrives is searched for credentials once."""
    fixes: dict[Hashable, tuple[Fix, ...]] = field(default_factory=dict)
    """The fixes of a payload are tried once."""
    trial_time: TrialTime = field(default_factory=TrialTime)
    """Fixes are tried until this is used up."""

    def keep_payload(self, key: tuple[Imports, Content], pending: PendingAnswer) -> None:
        """Keep a request, in the place of the oldest where there are too many."""
        self.payloads[key] = pending
        while len(self.payloads) > PAYLOADS_KEPT:
            del self.payloads[next(iter(self.payloads))]

    def forget(self, pending: PendingAnswer) -> None:
        """Ask again the next time: this answer may be another payload's doing, or the machine's."""
        self.payloads = {key: other for key, other in self.payloads.items() if other is not pending}

    def trip_of(
        self, pending: PendingAnswer | None, sent: Record, settings: Hashable
    ) -> ExplainedTrip | None:
        """What this payload of this exception came to, compared by the same settings."""
        for other, record, asked, explained in self.trips if pending is not None else ():
            if other is pending and record is sent and asked == settings:
                return explained
        return None

    def keep_trip(
        self,
        pending: PendingAnswer | None,
        sent: Record,
        settings: Hashable,
        explained: ExplainedTrip,
    ) -> None:
        """Keep what a payload came to."""
        if pending is not None:
            self.trips.append((pending, sent, settings, explained))

    def scan(self, reading: Reading, sent: Record, received: Record | None) -> CredentialScan:
        """Search for credentials."""
        for scan in self.scans:
            if scan.reading is reading and scan.sent is sent and scan.received == received:
                return replace(scan.result, mask=scan.result.mask.also_for(received))
        result = find_credentials(reading, sent, received)
        self.scans.append(_Scan(reading=reading, sent=sent, received=received, result=result))
        return result

    def fixes_of(self, key: Hashable, try_them: Callable[[], tuple[Fix, ...]]) -> tuple[Fix, ...]:
        """The fixes that were tried before, or are tried now."""
        if key not in self.fixes:
            self.fixes[key] = try_them()
            while len(self.fixes) > PAYLOADS_KEPT:
                del self.fixes[next(iter(self.fixes))]
        return self.fixes[key]
