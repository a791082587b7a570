"""The recorder collects results of the running test as plain data for its report.

Reports carry plain data through pytest-xdist as well.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, cast

from pytest_portable_errors.diagnosis.cause_names import (
    CLASS_NOT_IMPORTABLE,
    RECEIVER_NOT_SET_UP,
    RECONSTRUCTOR_NOT_IMPORTABLE,
)
from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.printable import clean, plain
from pytest_portable_errors.diagnosis.source_places import (
    class_at,
    class_named,
    file_below,
    find_class,
    place_of,
)
from pytest_portable_errors.judging.verdicts import JudgedTrip
from pytest_portable_errors.receiver.described import Stage
from pytest_portable_errors.receiver.fields import type_name
from pytest_portable_errors.receiver_names import DEFAULT_RECEIVER, NAMED_RECEIVERS
from pytest_portable_errors.report.baseline import Baseline, Entry, decision_entry, in_a_line
from pytest_portable_errors.report.rows import (
    DECISIONS,
    UNEXPLAINED,
    Detail,
    Entries,
    Finding,
    Row,
    Verdict,
)
from pytest_portable_errors.sender.trip import RoundTrip, first_line, trip_text


class Recorder:
    """Collects results while a test runs; ``take`` gives them to the test's report."""

    def __init__(
        self,
        *,
        root: str,
        names_credentials: bool,
        also_for: Callable[[str, Sequence[JudgedTrip]], object] | None = None,
    ) -> None:
        """Record nothing yet.

        Args:
            root: The folder from which files are named.
            names_credentials: Whether paths and kinds of credentials are recorded.
            also_for: Is called with what ``add`` is called with; None: nobody else is interested.
        """
        self._also_for = also_for
        self._root = root
        self._names_credentials = names_credentials
        self._entries = no_entries()
        self._described: set[tuple[str, str]] = set()

    def add(self, how: str, judged: Sequence[JudgedTrip]) -> None:
        """Record what became of one exception; the first trip of each defect in full.

        Args:
            how: ``raised``, or how it was built.
            judged: Its trips, by all serializers and receivers; at least one. Those that a limit of
                ours has ended are not checked, and make no row.
        """
        if self._also_for is not None:
            self._also_for(how, judged)
        for limit in _distinct(trip.trip.over_limit for trip in judged):
            self.not_checked(judged[0].trip.type_name, limit)
            self.not_looked_at(judged[0].trip.type_name, limit)
        # Serializers that give the same payload share one check.
        for how in _distinct(trip.trip.ended_before for trip in judged):
            name = judged[0].trip.type_name
            self._entries["made_again"].append([clean(name), clean(how)])
        judged = [
            judged_trip for judged_trip in judged if judged_trip.verdict is not Verdict.NOT_CHECKED
        ]
        if not judged:
            return
        self._add_row(_row(how, judged, names_credentials=self._names_credentials))
        trips = [judged_trip.trip for judged_trip in judged]
        for limit in dict.fromkeys(limit for trip in trips for limit in trip.not_looked_at):
            self.not_looked_at(trips[0].type_name, limit)
        declared = [
            [clean(trip.type_name), clean(loss.path)]
            for trip in trips
            for loss in trip.declared_lost
        ]
        self._entries["declared_lost"] += [
            pair for pair in declared if pair not in self._entries["declared_lost"]
        ]
        for judged_trip in judged:
            defect = defect_of(judged_trip.trip)
            if judged_trip.verdict is Verdict.DEFECT and defect not in self._described:
                self._described.add(defect)
                self._entries["details"].append(_detail(judged_trip, how, self._root))

    @property
    def described(self) -> frozenset[tuple[str, str]]:
        """Class and cause of each defect that was recorded in full, since this process began."""
        return frozenset(self._described)

    def not_checked(self, cls: str, reason: str) -> None:
        """Record that no instance of a class could be built; ``cls`` is its dotted name."""
        self._entries["not_checked"].append([clean(cls), clean(reason)])

    def not_imported(self, module: str, why: str) -> None:
        """Record a module whose classes were not surveyed; ``why`` is "" if nobody imports it."""
        self._entries["not_imported"].append([clean(module), clean(why)])

    def not_looked_at(self, cls: str, limit: str) -> None:
        """Record a part of an exception past a limit: ``credentials past 1,000 characters``."""
        self._entries["not_looked_at"].append([clean(cls), clean(limit)])

    def ignored(self, cls: str) -> None:
        """Record that a setting leaves out a class; ``cls`` is its dotted name."""
        if cls not in self._entries["ignored"]:
            self._entries["ignored"].append(clean(cls))

    def expected(self, names: Iterable[str]) -> None:
        """Record which declared changes of type covered a class that was met."""
        self._entries["expected"] += [
            clean(name) for name in names if clean(name) not in self._entries["expected"]
        ]

    def trouble(self, why: str) -> None:
        """Record why nothing could be sent; each reason once."""
        if clean(why) not in self._entries["troubles"]:
            self._entries["troubles"].append(clean(why))

    def adopt(self, entries: Entries) -> None:
        """Record what another process has recorded."""
        for row in entries["rows"]:
            self._add_row(row)
        for name, values in entries.items():
            if name != "rows":
                kept: list[Any] = self._entries[name]  # type: ignore[literal-required]  # its keys
                kept += [value for value in cast(list[Any], values) if value not in kept]

    def take(self) -> Entries | None:
        """Give what was recorded since the last call; None if nothing was."""
        if not any(self._entries.values()):
            return None
        entries, self._entries = self._entries, no_entries()
        return entries

    def _add_row(self, row: Row) -> None:
        """Add a row, or count an equal one up."""
        for earlier in self._entries["rows"]:
            if {**earlier, "count": row["count"]} == row:
                earlier["count"] += row["count"]
                return
        self._entries["rows"].append({**row})


def _distinct(texts: Iterable[str | None]) -> list[str]:
    return [text for text in dict.fromkeys(texts) if text is not None]


def defect_of(trip: RoundTrip) -> tuple[str, str]:
    """The defect that a trip shows: dotted name of the class, and cause."""
    return trip.type_name, cause_of(trip)


def cause_of(trip: RoundTrip) -> str:
    """The cause of what was lost; ``unexplained`` if no rule explains it."""
    return trip.diagnosis.cause if trip.diagnosis is not None else UNEXPLAINED


def is_known(judged: JudgedTrip, baseline: Baseline) -> bool:
    """Whether a baseline has the decision that this trip is lost for, or all that it lost."""
    if judged.verdict in DECISIONS and baseline.knows([decision_entry(judged.verdict.value)]):
        return True
    return baseline.knows(_entries_of(judged))


def _entries_of(judged: JudgedTrip) -> list[Entry]:
    """The entries that a baseline needs to know this trip; [] if nothing was lost."""
    trip = judged.trip
    cause, receiver, kinds = (
        cause_of(trip),
        trip.receiver,
        sorted({loss.kind for loss in trip.losses}),
    )
    if _only_lacks_project(judged):
        cause, receiver, kinds = CLASS_NOT_IMPORTABLE, DEFAULT_RECEIVER, ["arrival"]
    cls, serializer = way_of(trip)
    return [Entry.of(cls, cause, kind, serializer, clean(_portable(receiver))) for kind in kinds]


def way_of(trip: RoundTrip) -> tuple[str, str]:
    """Class and serializer as a baseline's line writes them, the same on every machine."""
    return in_a_line(clean(defect_of(trip)[0])), in_a_line(clean(trip.serializer))


def _only_lacks_project(judged: JudgedTrip) -> bool:
    """Whether the exception arrived whole where the project is installed.

    One that a test defines is not sent there.
    """
    return judged.verdict is Verdict.LACKS_PROJECT and judged.trip.arrived_whole


def _portable(receiver: str) -> str:
    """A receiver's name; of an interpreter's path the last part, as the rest is one machine's."""
    return receiver if receiver in NAMED_RECEIVERS else os.path.basename(receiver)


def no_entries() -> Entries:
    """The entries of a test that met nothing."""
    return Entries(
        rows=[],
        details=[],
        not_checked=[],
        ignored=[],
        expected=[],
        troubles=[],
        declared_lost=[],
        not_looked_at=[],
        not_imported=[],
        made_again=[],
    )


def _row(how: str, judged: Sequence[JudgedTrip], *, names_credentials: bool) -> Row:
    credentials = (
        [
            (credential.path, credential.kind)
            for judged_trip in judged
            for credential in judged_trip.trip.credentials
        ]
        if names_credentials
        else []
    )
    return Row(
        cls=clean(judged[0].trip.type_name),
        how=how,
        count=1,
        findings=[_finding(judged_trip) for judged_trip in judged],
        credentials=[[clean(path), clean(kind)] for path, kind in dict.fromkeys(credentials)],
    )


def _finding(judged: JudgedTrip) -> Finding:
    entries = _entries_of(judged)
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
    """Where the exception is lost: see ``Finding.scope``."""
    trip, with_project = judged.trip, judged.trip.with_project
    if judged.verdict is Verdict.DROPS_CHAIN or _lost_kinds(trip) == {"chain"}:
        return "chain"
    if judged.verdict is Verdict.LACKS_PROJECT:
        return "without-project"
    if cause_of(trip) == RECEIVER_NOT_SET_UP:
        return "receiver"
    if with_project is not None:
        return "without-project" if _lost_kinds(with_project) <= {"chain"} else "everywhere"
    is_lacking = trip.stage is Stage.LOADS and cause_of(trip) in (
        CLASS_NOT_IMPORTABLE,
        RECONSTRUCTOR_NOT_IMPORTABLE,
    )
    return "receiver" if is_lacking else "everywhere"


def _lost_kinds(trip: RoundTrip) -> set[str]:
    return {loss.kind for loss in trip.losses}


def _detail(judged: JudgedTrip, how: str, root: str) -> Detail:
    trip = judged.trip
    cls, cause = defect_of(trip)
    file, line = (None if judged.pending is None else place_of(judged.pending.outgoing.cls)) or (
        "",
        0,
    )
    inside = file_below(os.path.realpath(root), file)
    owner, is_held = _owner(judged)
    row = trip.to_dict()
    if trip.diagnosis is not None:
        row["fixes"] = [fix_row(fix, root) for fix in trip.diagnosis.fixes]
    return Detail(
        cls=clean(cls),
        cause=cause,
        how=how,
        test="",
        headline=first_line(trip),
        why="" if trip.diagnosis is None else plain(trip.diagnosis.why),
        fixes=plain(row["fixes"]),
        file=clean(inside),
        line=line if inside else 0,
        owner=clean(owner),
        is_held=is_held,
        text=trip_text([trip]),
        trip=plain(row),
    )


def _owner(judged: JudgedTrip) -> tuple[str, bool]:
    """The class in whose body the defect lies, by its dotted name.

    Returns:
        The name, of the exception's own class where none is known; and whether it is the class of
        an exception that this one holds, and not one that it inherits from.
    """
    trip, name = judged.trip, judged.trip.type_name
    if judged.pending is None or trip.diagnosis is None:
        return name, False
    owner = class_at(judged.pending.outgoing.cls, trip.diagnosis.evidence)
    if owner is not None:
        return type_name(owner), False
    for held_name in itertools.islice(dict.fromkeys(_types_in(trip.sent)), _MOST_HELD):
        held = class_named(held_name, find_class)
        owner = None if held is None else class_at(held, trip.diagnosis.evidence)
        if owner is not None:
            return type_name(owner), True
    return name, False


_MOST_HELD = 50  # classes of what an exception holds, of which one may own the defect


def _types_in(described: object) -> Iterator[str]:
    """The type names in a record, or a part of it."""
    if isinstance(described, dict):
        if isinstance(described.get("type"), str):
            yield described["type"]
        for part in described.values():
            yield from _types_in(part)
    elif isinstance(described, list):
        for part in described:
            yield from _types_in(part)


def fix_row(fix: Fix, root: str) -> dict[str, Any]:
    """A fix as plain data, its file as it is seen from the root."""
    row: dict[str, Any] = plain(dataclasses.asdict(fix))
    return {**row, "file": clean(_from_root(fix.file, root))}


def _from_root(file: str, root: str) -> str:
    """A file as it is seen from the root, its links resolved; "" if it lies elsewhere."""
    real = os.path.realpath(root)
    return os.path.relpath(file, real) if file.startswith(real + os.sep) else ""
