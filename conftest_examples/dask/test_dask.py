"""The cluster is real and runs in processes of its own. What its client gets agrees with what the
plugin says beforehand."""

from __future__ import annotations

import contextlib
import copyreg
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import dask_errors
import pytest

from pytest_portable_errors import check_round_trip

HERE = Path(__file__).parent
SECONDS = 240
"""After which everything is killed. It takes a few."""
ARRIVES = ("ValueError", "KeyError", "FileNotFoundError", "ImportError", "of the project")
Report = dict[str, dict[str, Any]]


def run(script: str, *args: str) -> Any:
    """What a script prints as JSON, once it and all its workers have ended."""
    process = subprocess.Popen(
        [sys.executable, HERE / script, *args],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        printed, noise = process.communicate(timeout=SECONDS)  # the workers hold the pipes, too
    except BaseException:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise
    assert process.returncode == 0, noise
    return json.loads(printed)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What was raised on the cluster, and what its client got."""
    return run("dask_run.py", str(tmp_path_factory.mktemp("dask")))


@pytest.fixture(scope="module")
def said() -> Any:
    """What the plugin says of plain pickle, before and after distributed is imported."""
    return run("dask_importing.py")


class TestTheClusterItself:
    """As its users meet it: ``future.exception()``."""

    @pytest.mark.parametrize("name", ARRIVES)
    def test_most_errors_arrive_whole(self, report: Report, name: str) -> None:
        assert report["received"][name] == report["sent"][name]

    def test_the_chain_arrives(self, report: Report) -> None:
        assert report["received"]["find"] == report["sent"]["find"]
        assert report["received"]["find"]["because of"] == "KeyError: 'upload.csv'"

    @pytest.mark.parametrize(
        ("name", "message", "lost"),
        [
            ("UnicodeDecodeError", "", "reason"),
            ("SyntaxError", "None", "lineno"),
            ("StopIteration", "the last row", "value"),
        ],
    )
    def test_some_of_pythons_own_arrive_empty(
        self, report: Report, name: str, message: str, lost: str
    ) -> None:
        seen = report["received"][name]
        if seen == report["sent"][name]:
            pytest.skip("the tblib that is installed has it repaired")
        assert seen["type"] == f"builtins.{name}"
        assert seen["message"] == message
        assert seen["attributes"][lost] in ("None", "0")

    @pytest.mark.parametrize("name", ["holds a lock", "has its own __new__"])
    def test_what_cannot_travel_arrives_as_a_text(self, report: Report, name: str) -> None:
        seen = report["received"][name]
        assert (seen["type"], seen["message"]) == (
            "builtins.Exception",
            repr(dask_errors.ERRORS[name]()),
        )

    def test_an_error_of_ones_own_says_what_would_be_dropped(self, report: Report) -> None:
        seen = report["received"]["read"]
        assert seen == report["sent"]["read"]
        assert seen["message"] == (
            "upload.csv: 'utf-8' codec can't decode byte 0xe9 in position 3: unexpected end of data"
        )
        assert seen["because of"] is None


class TestWhatThePluginSaysBeforehand:
    """Without a cluster: the same exceptions, by the serializer that stands for it."""

    @pytest.mark.parametrize("name", dask_errors.ERRORS)
    def test_agrees_with_what_the_client_gets(self, report: Report, name: str) -> None:
        sent, seen = report["sent"][name], report["received"][name]
        trip = check_round_trip(
            dask_errors.ERRORS[name](), serializer="dask", receiver="with-project"
        )
        assert trip.arrived_whole == (seen == sent)
        assert trip.received is not None
        exception = trip.received["exceptions"][0]
        assert (seen["type"], seen["message"]) == (exception["type"], exception["message"]["text"])
        if seen["type"] == sent["type"]:
            differ = {
                f"exc.{field}"
                for field, value in sent["attributes"].items()
                if seen["attributes"][field] != value
            }
            assert {loss.path for loss in trip.losses if loss.kind == "attributes"} == differ

    @pytest.mark.portable_exception(
        raises=dask_errors.UploadError, receiver="with-project", serializers=("dask",)
    )
    @pytest.mark.parametrize("task", [dask_errors.find, dask_errors.read])
    def test_this_is_how_a_team_writes_it(self, task: Any) -> None:
        task()


class TestASuiteThatImportsDistributed:
    """It tests something else than production."""

    def test_an_error_that_plain_pickle_cannot_rebuild_seems_to_be_fine(self, said: Report) -> None:
        assert said["before"]["of the project"]["whole"] is False
        assert said["after"]["of the project"]["whole"] is True

    def test_one_that_plain_pickle_carries_seems_to_be_broken_and_the_plugin_names_the_reducer(
        self, said: Report
    ) -> None:
        assert said["before"]["UnicodeDecodeError"]["whole"] is True
        if said["after"]["UnicodeDecodeError"]["whole"]:
            pytest.skip("the tblib that is installed has it repaired")
        assert (
            "pickle_exception of tblib.pickling_support"
            in said["after"]["UnicodeDecodeError"]["why"]
        )

    def test_to_ask_for_dask_leaves_the_tests_as_they_are(self) -> None:
        before = dict(copyreg.dispatch_table)
        check_round_trip(ValueError("seven"), serializer="dask")
        assert copyreg.dispatch_table == before
