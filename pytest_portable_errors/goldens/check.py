"""Loads a golden with today's code, and says why what arrives is not what arrived then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.causes import diagnose
from pytest_portable_errors.goldens.folder import Stored
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.guard import Refused
from pytest_portable_errors.goldens.reader import Reader, compared
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import Answer, is_exception
from pytest_portable_errors.receiver.record import depth_of
from pytest_portable_errors.sender.carriers.carrier import plain_serializer
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip, first_line, trip_text

AHEAD = 64
"""Goldens that are under way at once, so that the receiver always has something to do."""


class NotChecked(Exception):
    """A golden cannot be checked here; the text says why."""


def begin(golden: Golden, reader: Reader) -> PendingGolden:
    """Have a golden rebuilt, without waiting.

    Raises:
        NotChecked: Its serializer is not installed here.
        Refused: Loads would call what exceptions do not call.
        PortableErrorsError: The receiver cannot start.
    """
    try:
        serializer = reader.receivers.serializers.find(golden.serializer)
    except PortableErrorsError as error:
        raise NotChecked(str(error)) from error
    return _begun(golden, serializer, reader)


def _begun(golden: Golden, serializer: Serializer, reader: Reader) -> PendingGolden:
    answer = reader.submit(
        golden.payload,
        serializer,
        name=golden.name,
        depth=depth_of(golden.record),
        bases=golden.bases,
    )
    return PendingGolden(golden=golden, serializer=serializer, answer=answer, reader=reader)


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingGolden:
    """A golden on its way to today's code."""

    golden: Golden
    serializer: Serializer
    answer: PendingAnswer
    reader: Reader

    def conclude(self) -> RoundTrip:
        """Wait for the answer, and say what today's code lost of what arrived then.

        Returns:
            A trip whose ``sent`` is what arrived then, with causes of its own and fixes that were
            tried on the golden.

        Raises:
            NotChecked: A library that it needs is not installed.
            Refused: Its record is none that could be compared.
            PortableErrorsError: The receiver cannot start, or its set-up raised.
        """
        answer, golden = self.answer.usable_answer(), self.golden
        absent = _not_installed(answer, self.reader.receivers)
        if absent is not None:
            raise NotChecked(f"needs {absent}, which is not installed")
        try:
            trip = compared(
                golden, answer, receiver=self.reader.receiver, checks=self.reader.checks
            )
        except (LookupError, TypeError, AttributeError, ValueError, RecursionError) as error:
            raise Refused(f"its record was changed by hand ({error!r})") from error
        if trip.arrived_whole:
            return trip
        plain = plain_serializer(self.serializer)
        if (
            plain is not self.serializer
            and trip.received is not None
            and not is_exception(trip.received)
        ):
            # A carrier that only wraps pickle gives something else where pickle fails: that says
            # why, and what would repair it.
            below = _begun(golden, plain, self.reader).conclude()
            return replace(trip, diagnosis=below.diagnosis)
        trials = Trials(golden=golden, serializer=self.serializer, reader=self.reader)
        return replace(trip, diagnosis=diagnose(golden, answer, trip, trials))


class Told:
    """The texts of goldens that are lost: the same of several is told once in full."""

    def __init__(self) -> None:
        self._by: dict[tuple[object, ...], str] = {}

    def text(self, golden: Golden, trip: RoundTrip) -> str:
        """What became of a golden, or of which other the same did.

        Args:
            golden: The golden.
            trip: What ``PendingGolden.conclude`` gave; something was lost.
        """
        cause = trip.diagnosis.cause if trip.diagnosis is not None else None
        earlier = self._by.setdefault((golden.name, golden.release, cause), golden.id)
        if earlier == golden.id or cause is None:
            return trip_text([trip])
        return f"{first_line(trip)}      [{trip.serializer}]\n\n  why   as of {earlier}: {cause}"


class GoldenChecks:
    """The goldens of a run, of which the next ones are under way while one is waited for."""

    def __init__(self, stored: list[Stored], reader: Reader, *, ahead: int) -> None:
        """Take the files; nothing is sent yet.

        Args:
            stored: What they hold.
            reader: Where they are read.
            ahead: How many are under way at once, at least 1.
        """
        self.stored = stored
        self.told = Told()
        self._reader = reader
        self._ahead = ahead
        self._begun: dict[int, PendingGolden | Exception] = {}
        self._next = 0
        """The first that was not begun ahead."""

    def pending(self, number: int) -> PendingGolden:
        """The golden of a number, on its way; as are those after it.

        Raises:
            NotChecked: It cannot be checked here.
            Refused: It is not loaded.
            PortableErrorsError: The receiver cannot start.
        """
        last = min(number + self._ahead, len(self.stored))
        for near in (number, *range(max(number + 1, self._next), last)):
            self._begin(near)
        self._next = max(self._next, last)
        begun = self._begun[number]
        self._begun[number] = NotChecked("it was checked before")  # it need not be kept
        if isinstance(begun, Exception):
            raise begun
        return begun

    def _begin(self, number: int) -> None:
        golden = self.stored[number].golden
        if golden is not None and number not in self._begun:
            try:
                self._begun[number] = begin(golden, self._reader)
            except Exception as error:  # of this one alone: it is told in its own test
                self._begun[number] = error


def _not_installed(answer: Answer, receivers: Receivers) -> str | None:
    """The library for want of which loads failed; None if another reason is known."""
    for module, _, absent in answer.get("missing", ()):
        top = module.partition(".")[0]
        if absent == top and not receivers.project.owns(top):
            return top
    return None
