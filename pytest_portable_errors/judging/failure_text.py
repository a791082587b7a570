"""What a failing test says of several trips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_portable_errors.diagnosis.printable import brief, clean
from pytest_portable_errors.diagnosis.shown import short_name
from pytest_portable_errors.judging.recorder import defect_of
from pytest_portable_errors.report.rows import RAISED
from pytest_portable_errors.sender.trip import RoundTrip, by_defect, first_line, trip_lines

if TYPE_CHECKING:
    from pytest_portable_errors.sender.trip import RoundTrip


def reference(trip: RoundTrip) -> str:
    return (
        f"{first_line(trip)}\n\n  same defect as {clean(short_name(defect_of(trip)[0]))}, "
        "see the summary"
    )


def credential_texts(trips: Iterable[RoundTrip]) -> list[str]:
    """The failure's text where credentials in a payload are an error."""
    found = [(trip.type_name, credential) for trip in trips for credential in trip.credentials]
    if not found:
        return []
    names = ", ".join(dict.fromkeys(clean(short_name(name)) for name, _ in found))
    lines = "\n".join(
        dict.fromkeys(
            f"  {brief(credential.path)}   {clean(credential.kind)}" for _, credential in found
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
    """What became of several exceptions: ``(how it came about, trip)``; each defect once, with the
    ways of building that met it."""
    blocks = []
    for group in by_defect([trip for _, trip in trips]):
        ways = dict.fromkeys(
            how for how, trip in trips if how != RAISED and any(trip is member for member in group)
        )
        blocks.append(
            "\n".join([*trip_lines(group), *(["", f"  built {', '.join(ways)}"] if ways else [])])
        )
    return "\n\n".join(blocks)
