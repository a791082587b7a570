"""The texts with which tests fail."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Sequence

from pytest_portable_errors.diagnosis.findings import Fix, tried, tried_on
from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.judging.recorder import defect_of
from pytest_portable_errors.report.repeated import same_defect
from pytest_portable_errors.report.rows import RAISED
from pytest_portable_errors.sender.trip import (
    RoundTrip,
    brief_trip_lines,
    by_defect,
    first_line,
    trip_lines,
)

MOST_LINES = 12
"""Of the text of a test that fails in a run which tells each defect in its summary."""
_MOST_CODE = 6  # lines of a fix that is shown in such a text
_MOST_LOSSES = 2
_MOST_OTHERS = 3  # further defects of one test, a line each


def reference(trip: RoundTrip) -> str:
    """The text for a defect that another test has told, on one line."""
    return same_defect(first_line(trip), defect_of(trip)[0])


def brief_texts(
    failing: Sequence[tuple[str, RoundTrip]], earlier: Container[tuple[str, str]]
) -> list[str]:
    """The texts of a test: one for the defects that it is the first to meet, a line for others."""
    new = [(how, trip) for how, trip in failing if defect_of(trip) not in earlier]
    repeated = [reference(trip) for _, trip in failing if defect_of(trip) in earlier]
    return [*([brief_text(new)] if new else []), *dict.fromkeys(repeated)]


def brief_text(failing: Sequence[tuple[str, RoundTrip]]) -> str:
    """What became of the exceptions of one test, in at most ``MOST_LINES`` lines.

    The first defect is told with its reason and fix, further ones by their headlines: the summary
    tells them all.

    Args:
        failing: ``(how, trip)`` as for ``trips_text``; at least one.
    """
    first, *others = by_defect([trip for _, trip in failing])
    also = [f"  also  {first_line(group[0])}" for group in others[:_MOST_OTHERS]]
    if len(others) > _MOST_OTHERS:
        also[-1] = f"  also  {len(others) - _MOST_OTHERS + 1:,} more, see the summary"
    lines = list(brief_trip_lines(first, most_losses=_MOST_LOSSES))
    fixes = first[0].diagnosis.fixes if first[0].diagnosis is not None else ()
    lines += _fix_lines(fixes[0], MOST_LINES - len(lines) - len(also)) if fixes else []
    return "\n".join([*lines, *also])


def _fix_lines(fix: Fix, most: int) -> Iterator[str]:
    """The code of a fix, if it fits in so many lines; otherwise one line on what it does."""
    code = [f"        {clean(line)}".rstrip() for line in fix.code.rstrip().splitlines()]
    if fix.arrives_whole and len(code) <= min(_MOST_CODE, most - 1):
        yield f"  fix   {brief(fix.title)} ({tried_on(fix)})"
        yield from code
    elif fix.arrives_whole:
        without = f", without {', '.join(map(clean, fix.gives_up))}" if fix.gives_up else ""
        option = "--portable-errors-fix" + ("" if fix.is_safe else "-unsafe")
        yield f"  fix   {option} writes it{without} ({tried_on(fix)})"
    else:
        yield f"  fix   {brief(fix.title)} ({tried(fix, fix.receiver)})"


def credential_texts(trips: Iterable[RoundTrip]) -> list[str]:
    """The text to fail a test with where credentials in a payload are an error.

    Returns:
        One text for all trips; [] if no payload carries a credential.
    """
    carried = [(trip.type_name, credential) for trip in trips for credential in trip.credentials]
    if not carried:
        return []
    names = ", ".join(dict.fromkeys(clean(short_name(name)) for name, _ in carried))
    lines = "\n".join(
        dict.fromkeys(
            f"  {brief(credential.path)}   {clean(credential.kind)}" for _, credential in carried
        )
    )
    text = (
        f"{names} carries credentials\n\n{lines}\n\n"
        "  Whatever stores or logs the payload has them. Leave them out of what the exception "
        "keeps, or of its __reduce__;\n"
        "  portable_errors_credentials = warn only names them in the summary."
    )
    return [text]


def trips_text(trips: Sequence[tuple[str, RoundTrip]]) -> str:
    """What became of several exceptions: each defect once, with the ways of building that met it.

    Args:
        trips: ``(how, trip)``; how is ``raised``, or how the exception was built.
    """
    blocks = []
    for group in by_defect([trip for _, trip in trips]):
        ways = dict.fromkeys(
            how for how, trip in trips if how != RAISED and any(trip is member for member in group)
        )
        blocks.append(
            "\n".join([*trip_lines(group), *(["", f"  built {', '.join(ways)}"] if ways else [])])
        )
    return "\n\n".join(blocks)
