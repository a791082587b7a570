"""Tries repairs on a golden: in a process of their own, where the classes are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pytest_portable_errors.goldens.golden import Golden
from pytest_portable_errors.goldens.reader import Reader, compared
from pytest_portable_errors.receiver.described import is_exception
from pytest_portable_errors.receiver.record import depth_of
from pytest_portable_errors.sender.serializers import PICKLE_LOADER, Serializer
from pytest_portable_errors.sender.trip import RoundTrip


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Makes the trips of one golden with repairs."""

    golden: Golden
    serializer: Serializer
    reader: Reader

    def trip(self, repair: dict[str, Any]) -> RoundTrip | None:
        """Rebuild the golden as repaired code would.

        Args:
            repair: See ``receiver/guarded_loads.py``.

        Returns:
            What is lost then; a class that has another name now is no loss, because the repair
            says so. None if nothing arrives, or if nothing can be tried with its serializer.

        Raises:
            PortableErrorsError: The receiver cannot start.
        """
        # Other loaders find their names themselves.
        if self.serializer.loader != PICKLE_LOADER:
            return None
        golden = self.golden
        pending = self.reader.submit(
            golden.payload,
            self.serializer,
            name=golden.name,
            depth=depth_of(golden.record),
            bases=golden.bases,
            repair=repair,
        )
        trip = compared(
            golden,
            pending.usable_answer(),
            receiver=self.reader.receiver,
            checks=self.reader.checks,
            aliases={".".join(old): ".".join(new) for old, new in repair.get("names", ())},
        )
        if trip.received is None:
            return None
        if golden.has_exception and not is_exception(trip.received):
            return None  # a class of that name that is no exception's
        return trip
