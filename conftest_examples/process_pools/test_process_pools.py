"""What the plugin says of each error, and what real pools do with those that arrive.

The pools run in a process of their own. A pool is run only after the plugin has said of each error
that it arrives: one that cannot be rebuilt would break the pool, or leave it waiting for ever.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import pools_errors
import pytest

from pytest_portable_errors import RoundTrip, Stage, check_round_trip

HERE = Path(__file__).parent
SERIALIZERS = {
    "concurrent.futures": "process-pool",
    "multiprocessing": "multiprocessing",
    "joblib": "loky",
}
BUT_THE_CHAIN = ("type", "message", "args", "attributes", "notes", "members")
SECONDS = 240
"""After which a pool that does not end is killed. It takes a few."""
Reports = Callable[[str], "Report"]


class Report:
    """What ``pools_run.py`` printed: what was raised, and what callers got."""

    def __init__(self, printed: str) -> None:
        tables: dict[str, Any] = json.loads(printed)
        self.sent, self.alone, self.because_of_another = (
            tables["sent"],
            tables["alone"],
            tables["because of another"],
        )


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """The report of a pool, which is run once."""

    @cache
    def report(carrier: str) -> Report:
        for name, error in pools_errors.ARRIVE.items():
            trip = said(carrier, error())
            assert trip.stage is Stage.ARRIVED, f"no pool is given what is {name!r}:\n{trip}"
        environment = {**os.environ, "JOBLIB_TEMP_FOLDER": str(tmp_path_factory.mktemp("joblib"))}
        parent = subprocess.Popen(
            [sys.executable, HERE / "pools_run.py", carrier],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        try:
            # Its workers hold the pipes, too: when these are at their end, so is everybody.
            printed, noise = parent.communicate(timeout=SECONDS)
        except BaseException:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(parent.pid, signal.SIGKILL)
            parent.communicate()
            raise
        assert parent.returncode == 0, noise
        return Report(printed)

    return report


class TestThePoolsThemselves:
    """Real pools, with the errors that arrive."""

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    @pytest.mark.parametrize("name", ["of Python's own", "repaired"])
    def test_the_control_others_arrive_whole(
        self, reports: Reports, carrier: str, name: str
    ) -> None:
        assert arrived(reports(carrier).alone[name]) == arrived(reports(carrier).sent[name])

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_an_error_that_changes_its_message_raises_nothing_else(
        self, reports: Reports, carrier: str
    ) -> None:
        seen = reports(carrier).alone["changes its message"]
        assert (seen["type"], seen["message"]) == (
            "pools_errors.NotFound",
            "not found: not found: bob",
        )


class TestWhatThePluginSaysBeforehand:
    """Without a pool: the same exceptions, by the serializer that stands for it."""

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    @pytest.mark.parametrize("name", pools_errors.ARRIVE)
    def test_agrees_with_what_the_pool_does(
        self, reports: Reports, carrier: str, name: str
    ) -> None:
        report = reports(carrier)
        trip, seen = said(carrier, pools_errors.ARRIVE[name]()), report.alone[name]
        assert trip.received is not None
        exception = trip.received["exceptions"][0]
        assert (seen["type"], seen["message"]) == (exception["type"], exception["message"]["text"])
        assert trip.arrived_whole == (arrived(seen) == arrived(report.sent[name]))

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_and_tells_the_errors_apart(self, carrier: str) -> None:
        trips = {
            name: said(carrier, error())
            for name, error in {**pools_errors.ARRIVE, **pools_errors.DO_NOT_ARRIVE}.items()
        }
        assert {name: trip.stage for name, trip in trips.items()} == {
            "of Python's own": Stage.ARRIVED,
            "repaired": Stage.ARRIVED,
            "changes its message": Stage.ARRIVED,
            "cannot be rebuilt": Stage.LOADS,
            # multiprocessing.Pool sends an error of its own in place of it.
            "cannot be pickled": Stage.ARRIVED if carrier == "multiprocessing" else Stage.DUMPS,
        }
        assert {name for name, trip in trips.items() if trip.arrived_whole} == {
            "of Python's own",
            "repaired",
        }

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_and_names_the_call_that_breaks_the_pool(self, carrier: str) -> None:
        """The pool itself names neither the class nor the call."""
        trip = said(carrier, pools_errors.DO_NOT_ARRIVE["cannot be rebuilt"]())
        assert trip.error is not None
        assert trip.error["type"] == "builtins.TypeError"
        assert "missing 1 required positional argument: 'reason'" in trip.error["message"]["text"]
        assert trip.diagnosis is not None
        assert trip.diagnosis.cause == "init-does-not-fit-args"

    @pytest.mark.portable_exception(
        raises=pools_errors.PaymentError,
        receiver="with-project",
        serializers=tuple(SERIALIZERS.values()),
        checks=BUT_THE_CHAIN,
    )
    def test_this_is_how_a_team_writes_it(self) -> None:
        pools_errors.charge("repaired")


class TestTheCause:
    """A pool puts the worker's traceback in ``__cause__``. Whoever asks whether there is one is
    told yes, whatever was raised."""

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_there_is_one_where_none_was(self, reports: Reports, carrier: str) -> None:
        assert reports(carrier).sent["repaired"]["has cause"] is False
        assert reports(carrier).alone["repaired"]["has cause"] is True

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_and_where_one_was_it_is_text(self, reports: Reports, carrier: str) -> None:
        cause = reports(carrier).because_of_another["repaired"]["cause"]
        assert cause.startswith(("RemoteTraceback", "_RemoteTraceback"))
        assert "KeyError: 'order 7'" in cause

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_the_plugin_says_that_the_cause_is_lost(self, carrier: str) -> None:
        with pytest.raises(pools_errors.PaymentError) as caught:
            pools_errors.charge_unknown_order("repaired")
        trip = check_round_trip(caught, serializer=SERIALIZERS[carrier], receiver="with-project")
        assert [loss.path for loss in trip.losses if loss.kind == "chain"] == ["exc.__cause__"]

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_what_the_error_itself_stores_arrives(self, reports: Reports, carrier: str) -> None:
        assert reports(carrier).because_of_another["repaired"]["attributes"] == {
            "order_id": "7",
            "reason": "'declined'",
        }


def said(carrier: str, exc: BaseException) -> RoundTrip:
    """What the plugin says of an exception that is to travel through this pool."""
    return check_round_trip(
        exc, serializer=SERIALIZERS[carrier], receiver="with-project", checks=BUT_THE_CHAIN
    )


def arrived(outcome: dict[str, Any]) -> list[Any]:
    """What an exception is to those who catch it, but for its cause."""
    return [outcome.get(what) for what in ("type", "message", "args", "attributes")]
