"""What the plugin says of each carrier and each probe is what the real one does.

Each real run is a process of its own. Where a caller is never answered, or not soon, nothing is
run: that is said in words alone.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import RoundTrip, Stage, check_round_trip
from pytest_portable_errors.diagnosis.checks import CHECKS
from pytest_portable_errors.diagnosis.losses import compare
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.carrier import Carrier
from pytest_portable_errors.sender.carriers.consequences import Consequence, Where, consequence
from pytest_portable_errors.survey.probes import PROBES

pytestmark = pytest.mark.carriers

SYSTEMS = Path(__file__).parent / "systems.py"
NO_SYSTEM = {
    "prefect:json": "its functions are called directly: a flow's state is read by pickle or not",
}
DISAGREE: dict[tuple[str, str], str] = {
    ("prefect", "class in a function"): "the run and its reader are one process here, in which "
    "cloudpickle knows the class again",
}
"""Where the two disagree, why."""


def trip_of(carrier: str, probe: str) -> RoundTrip:
    try:
        raise PROBES[probe]()
    except BaseException as error:
        return check_round_trip(error, serializer=carrier, receiver="with-project")


def real(carrier: str, probe: str, folder: Path) -> Any:
    """The record of what a real caller is given."""
    answer, errors = folder / "answer.json", folder / "errors"
    # No pipes, and a session of its own: servers that a library has started may live on.
    with errors.open("w") as printed:
        process = subprocess.Popen(
            [sys.executable, str(SYSTEMS), carrier, probe, str(answer)],
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=printed,
            start_new_session=True,
        )
        try:
            process.wait(timeout=300)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    assert answer.exists(), errors.read_text()
    return json.loads(answer.read_text(encoding="utf-8"))["record"]


def consequence_of(carrier: Carrier, trip: RoundTrip, cls: type[BaseException]) -> Any:
    where: Where
    if trip.stage is Stage.DUMPS:
        where = "dumps" if trip.error is not None else "not sent"
    elif trip.received is None:
        where = "loads"
    elif issubclass(cls, carrier.ends_caller):
        where = "ends"
    elif any(loss.kind == "type" and loss.path == "exc" for loss in trip.losses):
        where = "replaced"
    else:
        return None
    return consequence(carrier.then, where, cls)


@pytest.mark.parametrize("probe", PROBES)
@pytest.mark.parametrize("carrier", table.names())
def test_the_real_one_does_what_is_said(carrier: str, probe: str, tmp_path: Path) -> None:
    row = table.carrier(carrier)
    assert isinstance(row, Carrier)
    if not row.is_installed:
        pytest.skip(f"{row.distribution} is not installed")
    if carrier in NO_SYSTEM:
        pytest.skip(NO_SYSTEM[carrier])
    if (carrier, probe) in DISAGREE:
        pytest.xfail(DISAGREE[carrier, probe])
    trip = trip_of(carrier, probe)
    then: Consequence | None = consequence_of(row, trip, type(PROBES[probe]()))
    if then is not None and not then.is_answered:
        pytest.skip(f"in words alone: {then.says}")
    given = real(carrier, probe, tmp_path)
    subject = given["exceptions"][0]
    if trip.received is None:
        raises = then.raises if then is not None else ""
        fallen = trip.error["type"] if trip.error is not None else "builtins.NoneType"
        assert subject["type"] == (raises or fallen)
        return
    expected = trip.received["exceptions"][0]
    assert subject["type"] == expected["type"], subject
    losses = compare(
        trip.sent, given, checks=CHECKS, arrives_as=None, without=(), copies_classes=True
    ).losses
    if trip.losses and {loss.kind for loss in trip.losses} != {"arrival"}:
        assert lost(losses) == lost(trip.losses)
    else:
        assert lost(losses) == []


def lost(losses: Any) -> list[tuple[str, str]]:
    return sorted({(loss.kind, loss.path) for loss in losses if loss.kind != "traceback"})
