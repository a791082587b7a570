"""The worker and the client are processes of their own, in two environments. What becomes of an
error agrees with what the plugin says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import consumer_worker
import pytest
import shopclient

from pytest_portable_errors import check_round_trip

HERE = Path(__file__).parent
KINDS = ("PaymentError", "PaymentExpired")
WHAT_CLIENTS_GET_OF_2_0 = {
    "PaymentError": (
        "TypeError: PaymentError.__init__() takes 3 positional arguments but 4 were given"
    ),
    "PaymentExpired": (
        "AttributeError: Can't get attribute 'PaymentExpired' on <module 'shopclient'"
    ),
}


@pytest.fixture
def release(tmp_path: Path) -> Any:
    """Makes a folder that has one release of ``shopclient``."""
    sources = {"2.0": HERE / "release_2_0" / "shopclient.py", "2.1": HERE / "shopclient.py"}

    def folder(version: str) -> Path:
        made = tmp_path / version
        made.mkdir()
        shutil.copy(sources[version], made)
        return made

    return folder


class TestTheWorkerAndTheClient:
    """As their users met it."""

    def trip(self, kind: str, *, worker: Path, client: str) -> subprocess.CompletedProcess[bytes]:
        """What the client says; ``worker`` is the folder of the worker's release, ``client`` the
        client's interpreter."""
        stored = subprocess.run(
            [sys.executable, shutil.copy(HERE / "consumer_worker.py", worker), kind],
            capture_output=True,
            check=True,
        ).stdout
        return subprocess.run(
            [client, "-I", shutil.copy(HERE / "consumer_client.py", worker.parent)],
            input=stored,
            capture_output=True,
        )

    @pytest.mark.parametrize("kind", KINDS)
    def test_a_client_of_1_0_reads_the_errors_of_2_1(
        self, kind: str, release: Any, consumer_python: str
    ) -> None:
        done = self.trip(kind, worker=release("2.1"), client=consumer_python)
        assert done.returncode == 0, done.stderr
        assert done.stdout == b"shopclient 1.0: order 7 was not paid: declined"

    @pytest.mark.parametrize("kind", KINDS)
    def test_the_control_it_cannot_read_those_of_2_0(
        self, kind: str, release: Any, consumer_python: str
    ) -> None:
        done = self.trip(kind, worker=release("2.0"), client=consumer_python)
        assert done.returncode == 1
        assert WHAT_CLIENTS_GET_OF_2_0[kind] in done.stderr.decode()


class TestWhatThePluginSays:
    def test_this_is_how_a_team_writes_it(
        self, consumer_python: str, assert_roundtrip: Any
    ) -> None:
        with pytest.raises(shopclient.PaymentError) as caught:
            consumer_worker.collect("PaymentError")
        assert_roundtrip(caught, serializers=("pickle",), receiver=consumer_python)

    def test_a_class_that_clients_lack_arrives_as_the_one_that_they_have(
        self, consumer_python: str
    ) -> None:
        trip = check_round_trip(
            shopclient.PaymentExpired(7, "declined", 60),
            receiver=consumer_python,
            arrives_as="shopclient.PaymentError",
        )
        assert trip.arrived_whole, str(trip)
        assert trip.received is not None
        assert trip.received["exceptions"][0]["attributes"]["retry_after"]["text"] == "60", (
            "1.0 has no such attribute, and gets it"
        )

    def test_the_errors_of_2_0_fail_in_the_clients_environment(
        self, release: Any, consumer_python: str
    ) -> None:
        told = run_pytest(release("2.0"), receiver=consumer_python)
        assert "2 failed" in told
        for kind, error in WHAT_CLIENTS_GET_OF_2_0.items():
            assert f"shopclient.{kind} does not arrive: loads raised" in told
            assert error in told

    def test_the_control_and_nowhere_else(self, release: Any) -> None:
        assert "2 passed" in run_pytest(release("2.0"), receiver="with-project")


def run_pytest(folder: Path, *, receiver: str) -> str:
    """What a run of pytest tells of marked tests, with the receiver in its settings."""
    shutil.copy(HERE / "consumer_worker.py", folder)
    (folder / "pytest.ini").write_text(
        f"[pytest]\nportable_errors_receiver = {receiver}\nportable_errors_serializers = pickle\n"
    )
    (folder / "test_jobs.py").write_text(
        "import consumer_worker, pytest, shopclient\n"
        "\n"
        "@pytest.mark.portable_exception(raises=shopclient.PaymentError)\n"
        f"@pytest.mark.parametrize('kind', {KINDS!r})\n"
        "def test_collect(kind):\n"
        "    consumer_worker.collect(kind)\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "."]
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True
    ).stdout
