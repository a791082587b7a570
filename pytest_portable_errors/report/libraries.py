"""What the survey of a project's dependencies found, library by library."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypedDict

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.report.rows import Entries
from pytest_portable_errors.report.summary_line import GREEN, YELLOW, Line, count
from pytest_portable_errors.report.tally import Tally

_MOST_NAMED = 10  # places of the project's code that name what is lost


class SurveyedClass(TypedDict):
    """One exception class of a library, or what a suite raised of it, and how it fared."""

    cls: str
    """Dotted name."""
    names: list[str]
    """Dotted names under which the library's public modules hold it, the shortest first."""
    bases: list[str]
    """Dotted names of its bases in the library, the closest first."""
    entries: Entries


class Library(TypedDict):
    """What was found of one distribution."""

    library: str
    """The distribution's name."""
    version: str
    """Empty if it is not installed."""
    classes: list[SurveyedClass]
    said: list[str]
    """What happened beside that: modules that could not be imported, a limit that was met, what
    its import did."""
    is_cut: bool
    """Whether its process ended before it had told all, so that a later run may find more."""


class LibraryCounts(TypedDict):
    """A row of the table."""

    library: str
    version: str
    classes: int
    whole: int
    lossy: int
    """Classes that do not arrive, or arrive changed."""
    causes: dict[str, int]
    """Cause -> how many of the lossy ones, the most frequent first."""
    credentials: int
    """Classes whose payloads carry a credential."""
    not_built: int
    """Classes of which no instance could be made."""
    said: list[str]
    named: list[list[str]]
    """Of the lossy classes that the project's code names: class, cause, and the place that names
    it; see ``named_losses``."""


class KeptLibrary(TypedDict):
    """What a run needs of a ``Library``; the cache holds it."""

    row: LibraryCounts
    """Without what the project's code names: its lines move."""
    classes: list[SurveyedClass]
    """Those that the project's code names."""


def tally_of(classes: Iterable[SurveyedClass]) -> Tally:
    """What was found of some classes, added up."""
    tally = Tally()
    for number, one in enumerate(classes):
        tally.add(f"{number}", "call", one["entries"])
    return tally


def named_losses(tally: Tally, named: Mapping[str, str]) -> list[list[str]]:
    """What is lost of classes that the project's code names.

    Args:
        tally: What was found.
        named: Class that is named, or that is met where a base is named -> place.
    """
    return [[cls, cause, named[cls]] for cls, cause in _losses(tally) if cls in named]


def counts_of(library: Library) -> LibraryCounts:
    """The row of a library, without what the project's code names."""
    tally = tally_of(library["classes"])
    return LibraryCounts(
        library=clean(library["library"]),
        version=clean(library["version"]),
        classes=tally.totals.classes,
        whole=tally.totals.whole,
        lossy=tally.totals.lossy,
        causes=dict(Counter(cause for _, cause in _losses(tally)).most_common()),
        credentials=len({cls for cls, _, _ in tally.credentials}),
        not_built=len(tally.not_checked),
        said=[clean(text) for text in library["said"]],
        named=[],
    )


def _losses(tally: Tally) -> list[tuple[str, str]]:
    """Class and cause of each defect, sorted."""
    return sorted({(defect.cls, defect.cause) for defect in tally.defects})


def library_lines(rows: Sequence[LibraryCounts], verbosity: int) -> Iterator[Line]:
    """The table, those with losses first; then what the project's code names of them.

    Args:
        rows: One for each library.
        verbosity: The count of -v less that of -q: below 0 gives the totals alone.
    """
    lossy = sorted((row for row in rows if row["lossy"]), key=lambda row: -row["lossy"])
    well = [row for row in rows if not row["lossy"] and row["classes"]]
    empty = [row for row in rows if not row["classes"] and not row["said"]]
    total = sum(row["lossy"] for row in rows)
    yield Line(
        f"dependencies: {count(len(rows), 'library', 'libraries')}, "
        f"{sum(row['classes'] for row in rows):,} exception classes: "
        + (f"{total:,} do not arrive as they were" if total else "all arrive"),
        YELLOW if total else GREEN,
        is_title=verbosity >= 0,
    )
    if verbosity < 0:
        return
    if lossy:
        yield from _table(lossy)
    if well:
        yield Line(f"all whole: {_listed(well, verbosity)}")
    if empty:
        yield Line(f"no exception class: {_listed(empty, verbosity)}")
    for row in rows:
        for text in row["said"]:
            yield Line(f"{_titled(row)}: {brief(text, 160)}", YELLOW)
    yield from _named(rows, verbosity)


def _table(rows: Sequence[LibraryCounts]) -> Iterator[Line]:
    width = max(len("library"), *(len(_titled(row)) for row in rows))
    yield Line(f"{'library':<{width}}  classes  whole  lossy  credentials")
    for row in rows:
        causes = ", ".join(f"{number} {cause}" for cause, number in row["causes"].items())
        carried = f"{row['credentials'] or '':>11}"
        yield Line(
            f"{_titled(row):<{width}}  {row['classes']:>7,}  {row['whole']:>5,}  "
            f"{row['lossy']:>5,}  {carried}  {causes}"
        )


def _named(rows: Sequence[LibraryCounts], verbosity: int) -> Iterator[Line]:
    named = [entry for row in rows for entry in row["named"]]
    if not named:
        if any(row["lossy"] for row in rows):
            yield Line("your code names none of those that are lost", GREEN)
        return
    yield Line(f"your code names {len(named):,} of those that are lost:", YELLOW)
    by_place: dict[tuple[str, ...], list[str]] = {}
    for number, (cls, cause, place) in enumerate(named):
        # An except that catches a base names all that inherit it: without -v one of them is told.
        key = (place, cause, str(number) if verbosity > 0 else "")
        by_place.setdefault(key, []).append(clean(short_name(cls)))
    shown = list(by_place.items())[: None if verbosity > 0 else _MOST_NAMED]
    for (place, cause, _), (first, *others) in shown:
        more = f" and {count(len(others), 'more class', 'more classes')}" if others else ""
        yield Line(f"  {clean(place)}: {first}{more} ({cause})", YELLOW)
    if len(by_place) > len(shown):
        left = sum(len(classes) for classes in list(by_place.values())[len(shown) :])
        yield Line(f"  ... and {left:,} more, which -v names", YELLOW)


def _titled(row: LibraryCounts) -> str:
    return f"{row['library']} {row['version']}".strip()


def _listed(rows: Sequence[LibraryCounts], verbosity: int) -> str:
    most = len(rows) if verbosity > 0 else 12
    more = f" and {len(rows) - most:,} more" if len(rows) > most else ""
    return ", ".join(map(_titled, rows[:most])) + more
