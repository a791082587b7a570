"""The texts with which tests fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.judging.recorder import defect_of
from pytest_portable_errors.report.rows import RAISED
from pytest_portable_errors.sender.trip import RoundTrip, by_defect, first_line, trip_lines


def reference(trip: RoundTrip) -> str:
    """The text for a defect that another test has told in full: one line, and where to look."""
    return (
        f"{first_line(trip)}\n\n  same defect as {clean(short_name(defect_of(trip)[0]))}, "
        "see the summary"
    )


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
