"""Policies decide whether a test fails for its exceptions.

``strict_policy.py`` is for markers, fixtures and suites, ``repo_wide_policy.py`` for a run that
checks all tests of a repository.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.judging.declarations import Declarations
from pytest_portable_errors.judging.recorder import Recorder
from pytest_portable_errors.judging.shapes import Likeness
from pytest_portable_errors.judging.verdicts import (
    JudgedTrip,
    TripRequirements,
    pending_trips,
)
from pytest_portable_errors.report.rows import RAISED, Verdict
from pytest_portable_errors.sender.outgoing import Outgoing
from pytest_portable_errors.sender.pending_trip import PendingTrip, new_subject
from pytest_portable_errors.sender.receivers import Receivers


@dataclass(frozen=True, slots=True, kw_only=True)
class SentSubject:
    """One exception that was sent by all serializers to all receivers."""

    how: str
    """``raised``, or how it was built."""
    pending_trips: Sequence[PendingTrip]
    """One for each serializer and receiver."""
    likeness: Likeness | None = None
    """By what others are like it; None if no other exception can be judged by this one."""


class Policy(Protocol):
    """Sends exceptions, judges what arrives, and decides whether the test fails."""

    def begin(
        self,
        outgoing: Iterable[Outgoing],
        *,
        how: str = RAISED,
        arrives_as: str | None = None,
        subject: str | None = None,
    ) -> SentSubject:
        """Send one exception to each receiver, without waiting for an answer.

        Args:
            outgoing: The exception as each serializer pickled it.
            how: ``raised``, or how it was built.
            arrives_as: Dotted name of the type that it may arrive as; None: as declared.
            subject: What it belongs to: its class, if others of it were built as well. None: it is
                a subject by itself.

        Raises:
            PortableErrorsError: A receiver cannot start.
        """

    def conclude(
        self,
        subjects: Sequence[SentSubject],
        *,
        not_sent: Sequence[Hashable] = (),
        no_time_for: Sequence[Likeness] = (),
        test: str = "",
    ) -> str | None:
        """Wait for the trips of these subjects, judge them, and record them for the report.

        Args:
            subjects: What ``begin`` gave.
            not_sent: For each exception that was not sent, because enough like it were, the
                settled shape or outline that it is judged by.
            no_time_for: By what those are like others for which there was no time.
            test: Node ID; empty if the caller has none.

        Returns:
            The text to fail the test with; None if the test may pass.

        Raises:
            PortableErrorsError: A receiver cannot start.
        """

    def trouble(self, error: PortableErrorsError) -> str | None:
        """Handle an error that kept exceptions from being sent.

        Returns:
            The text to fail the test with; None if the summary tells the error, once for all tests.
        """


class SendingPolicy:
    """Sends exceptions as ``Policy.begin`` says; all policies do that alike."""

    def __init__(
        self,
        requirements: TripRequirements,
        receivers: Receivers,
        recorder: Recorder,
        declared: Declarations,
    ) -> None:
        self._requirements = requirements
        self._receivers = receivers
        self._recorder = recorder
        self._declared = declared

    def begin(
        self,
        outgoing: Iterable[Outgoing],
        *,
        how: str = RAISED,
        arrives_as: str | None = None,
        subject: str | None = None,
    ) -> SentSubject:
        """See ``Policy``."""
        trips: list[PendingTrip] = []
        likeness, subject = None, subject or new_subject()
        for pickled in outgoing:
            assert pickled.likeness is None or isinstance(pickled.likeness, Likeness)
            likeness = pickled.likeness
            self._recorder.expected(self._declared.expected_of(pickled.cls))
            trips += pending_trips(
                pickled,
                self._requirements,
                self._receivers,
                arrives_as=arrives_as or self._declared.arrives_as(pickled.cls),
                without=self._declared.may_lose(pickled.cls),
                subject=subject,
            )
        return SentSubject(how=how, pending_trips=trips, likeness=likeness)


def with_fixes_once(judged: JudgedTrip, with_fixes: set[tuple[object, ...]]) -> JudgedTrip:
    """Add fixes to the first trip of each defect; ``with_fixes`` has the defects that have them."""
    if judged.verdict is not Verdict.DEFECT or judged.trip.defect in with_fixes:
        return judged
    with_fixes.add(judged.trip.defect)
    return judged.with_fixes()
