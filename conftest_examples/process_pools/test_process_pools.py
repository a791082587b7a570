"""The pools are real and run in a process of their own. What they do with each error agrees with
what the plugin says of it beforehand."""

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
    "multiprocessing": "pickle",
    "joblib": "cloudpickle",
}
BUT_THE_CHAIN = ("type", "message", "args", "attributes", "notes", "members")
SECONDS = 240
"""After which everything is killed, for the day that a pool hangs where this does not expect it. It
takes a few."""
Reports = Callable[[str], "Report"]


class Report:
    """What ``pools_run.py`` printed: what was raised, and what callers got."""

    def __init__(self, printed: str, noise: str) -> None:
        tables: dict[str, Any] = json.loads(printed)
        self.sent, self.alone, self.because_of_another = (
            tables["sent"],
            tables["alone"],
            tables["because of another"],
        )
        self.noise = noise


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Reports:
    """The report of a pool, which is run once."""

    @cache
    def report(carrier: str) -> Report:
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
        return Report(printed, noise)

    return report


class TestThePoolsThemselves:
    """As their users met it. Each pool had just delivered a ValueError and a repaired error: it was
    working."""

    def test_concurrent_futures_says_that_a_process_was_terminated(self, reports: Reports) -> None:
        seen = reports("concurrent.futures").alone["cannot be rebuilt"]
        assert seen["type"] == "concurrent.futures.process.BrokenProcessPool"
        assert "terminated abruptly" in seen["message"]
        assert "missing 1 required positional argument: 'reason'" in seen["cause"], (
            "which is what really happened, in the parent"
        )

    def test_and_the_pool_takes_no_more_tasks(self, reports: Reports) -> None:
        assert "pool works" not in reports("concurrent.futures").alone["cannot be rebuilt"]

    def test_multiprocessing_never_delivers_this_result_or_any_other(
        self, reports: Reports
    ) -> None:
        seen = reports("multiprocessing").alone["cannot be rebuilt"]
        assert (seen["result"], seen["the next task"]) == ("TimeoutError", "TimeoutError")
        assert seen["thread died of"] == (
            "TypeError: FormatsItsMessage.__init__() missing 1 required positional "
            "argument: 'reason'"
        )

    def test_joblib_blames_what_the_function_returned(self, reports: Reports) -> None:
        seen = reports("joblib").alone["cannot be rebuilt"]
        assert seen["type"].endswith(".BrokenProcessPool")
        assert "failed to un-serialize" in seen["message"]

    def test_joblib_takes_an_error_that_cannot_be_pickled_for_a_crash(
        self, reports: Reports
    ) -> None:
        seen = reports("joblib").alone["cannot be pickled"]
        assert seen["type"].endswith(".TerminatedWorkerError")
        assert "segmentation fault" in seen["message"]

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    @pytest.mark.parametrize("name", ["of Python's own", "repaired"])
    def test_the_control_others_arrive_whole(
        self, reports: Reports, carrier: str, name: str
    ) -> None:
        assert arrived(reports(carrier).alone[name]) == arrived(reports(carrier).sent[name])


class TestWhatThePluginSaysBeforehand:
    """Without a pool: the same exceptions, by the serializer that stands for it."""

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    @pytest.mark.parametrize("name", pools_errors.ERRORS)
    def test_agrees_with_what_the_pool_does(
        self, reports: Reports, carrier: str, name: str
    ) -> None:
        report = reports(carrier)
        trip, seen = said(carrier, pools_errors.ERRORS[name]()), report.alone[name]
        if trip.arrived_whole:
            assert arrived(seen) == arrived(report.sent[name])
        elif trip.received is not None:
            assert arrived(seen) != arrived(report.sent[name])
            exception = trip.received["exceptions"][0]
            assert (seen["type"], seen["message"]) == (
                exception["type"],
                exception["message"]["text"],
            )
        else:
            assert trip.error is not None
            assert seen["type"] != report.sent[name]["type"]
            words = "\n".join([*map(str, seen.values()), report.noise])
            assert trip.error["message"]["text"] in words, "wherever the pool hides them"

    @pytest.mark.parametrize("carrier", SERIALIZERS)
    def test_and_tells_the_errors_apart(self, carrier: str) -> None:
        trips = {name: said(carrier, error()) for name, error in pools_errors.ERRORS.items()}
        assert {name: trip.stage for name, trip in trips.items()} == {
            "of Python's own": Stage.ARRIVED,
            "repaired": Stage.ARRIVED,
            "cannot be rebuilt": Stage.LOADS,
            "changes its message": Stage.ARRIVED,
            "cannot be pickled": Stage.DUMPS,
        }
        assert {name for name, trip in trips.items() if trip.arrived_whole} == {
            "of Python's own",
            "repaired",
        }

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
