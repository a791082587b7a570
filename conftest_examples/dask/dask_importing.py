"""What ``check_round_trip`` says of two errors that travel by plain pickle, before and after
distributed is imported, as JSON."""

from __future__ import annotations

import json
import sys

import dask_errors

from pytest_portable_errors import check_round_trip


def said() -> dict[str, dict[str, object]]:
    """By error, whether plain pickle carries it, and why not."""
    trips = {
        name: check_round_trip(dask_errors.ERRORS[name](), receiver="with-project")
        for name in ("of the project", "UnicodeDecodeError")
    }
    return {
        name: {"whole": trip.arrived_whole, "why": trip.diagnosis and trip.diagnosis.why}
        for name, trip in trips.items()
    }


if __name__ == "__main__":
    before = said()
    import distributed  # noqa: F401  # for what importing it registers

    json.dump({"before": before, "after": said()}, sys.stdout)
