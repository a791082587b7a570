"""What the trips of the running test came to, as plain data that its report carries, also through
pytest-xdist."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    RECEIVER_NOT_SET_UP,
    RECONSTRUCTOR_NOT_IMPORTABLE,
)
from pytest_portable_errors.diagnosis.class_source import place_of
from pytest_portable_errors.diagnosis.printable import clean, plain
from pytest_portable_errors.judging.verdicts import JudgedTrip
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS
from pytest_portable_errors.report.baseline import Entry, in_a_line
from pytest_portable_errors.report.rows import UNEXPLAINED, Detail, Entries, Finding, Row, Verdict
from pytest_portable_errors.sender.trip import RoundTrip, first_line, trip_text


class Recorder:
    """Collects while a test runs; its report takes what there is."""

    def __init__(self, *, root: str, names_credentials: bool) -> None:
        """``root`` is the folder that files are named from."""
        self._root = root
        self._names_credentials = names_credentials
        self._entries = _empty()
        self._described: set[tuple[str, str]] = set()

    def add(self, how: str, judged: Sequence[JudgedTrip]) -> None:
        """Keep what became of one exception. The first trip of each defect is kept in full."""
        self._add_row(_row(how, judged, names_credentials=self._names_credentials))
        for text in dict.fromkeys(text for one in judged for text in one.trip.not_looked_at):
            self.not_looked_at(judged[0].trip.type_name, text)
        for one in judged:
            if one.verdict is Verdict.DEFECT and defect_of(one.trip) not in self._described:
                self._described.add(defect_of(one.trip))
                self._entries["details"].append(_detail(one, how, self._root))

    @property
    def described(self) -> frozenset[tuple[str, str]]:
        """The defects that were met in this process so far."""
        return frozenset(self._described)

    def not_checked(self, cls: str, reason: str) -> None:
        """Keep that a class could not be built."""
        self._entries["not_checked"].append([clean(cls), clean(reason)])

    def not_looked_at(self, cls: str, what: str) -> None:
        """Keep that an exception, or a part of it, was too much to look at."""
        self._entries["not_looked_at"].append([clean(cls), clean(what)])

    def ignored(self, cls: str) -> None:
        """Keep that a class is left out by a setting."""
        if cls not in self._entries["ignored"]:
            self._entries["ignored"].append(clean(cls))

    def expected(self, names: Iterable[str]) -> None:
        """Keep that a class was met for which a change of type is declared under these names."""
        self._entries["expected"] += [
            clean(name) for name in names if clean(name) not in self._entries["expected"]
        ]

    def trouble(self, why: str) -> None:
        """Keep why nothing could be sent."""
        if clean(why) not in self._entries["troubles"]:
            self._entries["troubles"].append(clean(why))

    def take(self) -> Entries | None:
        """What was kept since the last time; None if nothing."""
        if not any(self._entries.values()):
            return None
        entries, self._entries = self._entries, _empty()
        return entries

    def _add_row(self, row: Row) -> None:
        for other in self._entries["rows"]:
            if {**other, "count": 1} == row:
                other["count"] += 1
                return
        self._entries["rows"].append(row)


def defect_of(trip: RoundTrip) -> tuple[str, str]:
    """One class, one cause: what the reader repairs."""
    return trip.type_name, cause_of(trip)


def cause_of(trip: RoundTrip) -> str:
    """Why it was lost, by its stable name."""
    return trip.diagnosis.cause if trip.diagnosis is not None else UNEXPLAINED


def entries_of(judged: JudgedTrip) -> list[Entry]:
    """What a baseline would have to know of it: nothing, if all is well."""
    trip = judged.trip
    cause, receiver, kinds = (
        cause_of(trip),
        trip.receiver,
        sorted({loss.kind for loss in trip.losses}),
    )
    if _only_lacks_project(judged):
        cause, receiver, kinds = CLASS_NOT_IMPORTABLE, DEFAULT_RECEIVER, ["arrival"]
    cls, serializer = way_of(trip)
    return [Entry(cls, cause, kind, serializer, clean(_portable(receiver))) for kind in kinds]


def way_of(trip: RoundTrip) -> tuple[str, str]:
    """Class and serializer as a baseline has them: in a line of a file, and on every machine."""
    return in_a_line(clean(defect_of(trip)[0])), clean(trip.serializer)


def _only_lacks_project(judged: JudgedTrip) -> bool:
    """Whether it arrived whole where the project is installed; what a test defines is not sent
    there."""
    return judged.verdict is Verdict.LACKS_PROJECT and judged.trip.arrived_whole


def _portable(receiver: str) -> str:
    return receiver if receiver in NAMED_RECEIVERS else os.path.basename(receiver)


def _empty() -> Entries:
    return Entries(
        rows=[], details=[], not_checked=[], ignored=[], expected=[], troubles=[], not_looked_at=[]
    )


def _row(how: str, judged: Sequence[JudgedTrip], *, names_credentials: bool) -> Row:
    found = (
        [
            (credential.path, credential.kind)
            for one in judged
            for credential in one.trip.credentials
        ]
        if names_credentials
        else []
    )
    return Row(
        cls=clean(judged[0].trip.type_name),
        how=how,
        count=1,
        findings=[_finding(one) for one in judged],
        credentials=[[clean(path), clean(kind)] for path, kind in dict.fromkeys(found)],
    )


def _finding(judged: JudgedTrip) -> Finding:
    entries = entries_of(judged)
    return Finding(
        verdict=judged.verdict.value,
        cause=entries[0].cause if entries else "",
        kinds=[entry.kind for entry in entries],
        serializer=clean(judged.trip.serializer),
        receiver=entries[0].receiver if entries else clean(_portable(judged.trip.receiver)),
        scope=_scope(judged),
        is_known=judged.is_known,
        whole_with_project=judged.whole_with_project or _only_lacks_project(judged),
    )


def _scope(judged: JudgedTrip) -> str:
    trip, there = judged.trip, judged.trip.with_project
    if judged.verdict is Verdict.DROPS_CHAIN or _lost(trip) == {"chain"}:
        return "chain"
    if judged.verdict is Verdict.LACKS_PROJECT:
        return "without-project"
    if cause_of(trip) == RECEIVER_NOT_SET_UP:
        return "receiver"
    if there is not None:
        return "without-project" if _lost(there) <= {"chain"} else "everywhere"
    is_lacking = trip.stage is Stage.LOADS and cause_of(trip) in (
        CLASS_NOT_IMPORTABLE,
        RECONSTRUCTOR_NOT_IMPORTABLE,
    )
    return "receiver" if is_lacking else "everywhere"


def _lost(trip: RoundTrip) -> set[str]:
    return {loss.kind for loss in trip.losses}


def _detail(judged: JudgedTrip, how: str, root: str) -> Detail:
    trip = judged.trip
    cls, cause = defect_of(trip)
    file, line = (None if judged.pending is None else place_of(judged.pending.outgoing.cls)) or (
        "",
        0,
    )
    inside = file.startswith(os.path.realpath(root) + os.sep)
    return Detail(
        cls=clean(cls),
        cause=cause,
        how=how,
        test="",
        headline=first_line(trip),
        why="" if trip.diagnosis is None else plain(trip.diagnosis.why),
        fixes=plain(trip.to_dict()["fixes"]),
        file=clean(os.path.relpath(file, os.path.realpath(root))) if inside else "",
        line=line if inside else 0,
        text=trip_text([trip]),
        trip=plain(trip.to_dict()),
    )
