"""Loads a golden with today's code, and says why what arrives is not what arrived then."""

from __future__ import annotations

from dataclasses import dataclass, replace

from pytest_portable_errors.errors import PortableErrorsError
from pytest_portable_errors.goldens.causes import diagnose
from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.reader import Reader, compared
from pytest_portable_errors.goldens.trials import Trials
from pytest_portable_errors.receiver.described import Answer
from pytest_portable_errors.receiver.record import depth_of
from pytest_portable_errors.sender.pending_answer import PendingAnswer
from pytest_portable_errors.sender.receivers import Receivers
from pytest_portable_errors.sender.serializers import Serializer
from pytest_portable_errors.sender.trip import RoundTrip


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
    answer = reader.submit(
        golden.payload, serializer, name=golden.name, depth=depth_of(golden.record)
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
            PortableErrorsError: The receiver cannot start, or its set-up raised.
        """
        answer, golden = self.answer.usable_answer(), self.golden
        absent = _not_installed(answer, self.reader.receivers)
        if absent is not None:
            raise NotChecked(f"needs {absent}, which is not installed")
        trip = compared(golden, answer, receiver=self.reader.receiver, checks=self.reader.checks)
        if trip.arrived_whole:
            return trip
        trials = Trials(golden=golden, serializer=self.serializer, reader=self.reader)
        diagnosis = diagnose(golden, answer, trip, trials)
        return replace(trip, diagnosis=diagnosis)


def _not_installed(answer: Answer, receivers: Receivers) -> str | None:
    """The library for want of which loads failed; None if another reason is known."""
    for module, _, absent in answer.get("missing", ()):
        top = module.partition(".")[0]
        if absent == top and not receivers.project.owns(top):
            return top
    return None
