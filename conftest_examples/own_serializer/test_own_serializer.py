"""The worker and the client are processes of their own. What the client gets agrees with what the
plugin says by the format."""

from __future__ import annotations

import shutil
import subprocess
import sys
from datetime import date, datetime, timezone
from pathlib import Path
from typing import Any

import pytest
from envelope_errors import BadRow, QuotaExceeded
from envelope_wire import Envelope
from envelope_worker import summarise

from pytest_portable_errors import Stage, check_round_trip

HERE = Path(__file__).parent
HALF_PAST = datetime(2030, 1, 1, 12, 30, tzinfo=timezone.utc)
WIRE = Envelope()
FIRST_VERSION = Envelope(name="envelope-1", default=str)
BUT_THE_CHAIN = ("type", "message", "args", "attributes", "notes", "members")


class TestTheWorkerAndTheClient:
    """As their users met it."""

    def client(self, folder: Path, stored: bytes) -> subprocess.CompletedProcess[str]:
        """The client's answer; its folder has the modules that clients have."""
        for module in ("envelope_client.py", "envelope_errors.py", "envelope_wire.py"):
            shutil.copy(HERE / module, folder)
        return subprocess.run(
            [sys.executable, folder / "envelope_client.py"],
            input=stored.decode(),
            capture_output=True,
            text=True,
        )

    def stored(self, *args: str) -> bytes:
        return subprocess.run(
            [sys.executable, HERE / "envelope_worker.py", *args], capture_output=True, check=True
        ).stdout

    def test_the_client_knows_when_to_try_again(self, tmp_path: Path) -> None:
        done = self.client(tmp_path, self.stored())
        assert done.returncode == 0, done.stderr
        assert done.stdout == "acme: again in 0:30:00"

    def test_the_control_in_the_first_version_it_fails_on_a_date_that_is_text(
        self, tmp_path: Path
    ) -> None:
        done = self.client(tmp_path, self.stored("--version-1"))
        assert done.returncode == 1
        assert (
            "TypeError: unsupported operand type(s) for -: 'str' and 'datetime.datetime'"
            in done.stderr
        )


class TestWhatThePluginSays:
    """``without-project`` is the client: it has what the serializer needs, and nothing else of the
    project."""

    @pytest.mark.portable_exception(
        raises=QuotaExceeded,
        serializers=(WIRE,),
        receiver="without-project",
        checks=BUT_THE_CHAIN,
        reason="clients wait until then",
    )
    def test_this_is_how_a_team_writes_it(self) -> None:
        summarise("acme")

    def test_in_the_first_version_the_date_became_text(self) -> None:
        trip = check_round_trip(
            QuotaExceeded("acme", until=HALF_PAST),
            serializer=FIRST_VERSION,
            receiver="without-project",
        )
        assert [(loss.path, loss.received) for loss in trip.losses] == [
            ("exc.until", "'2030-01-01 12:30:00+00:00'")
        ]

    def test_what_the_format_does_not_know_is_refused_by_the_worker(self) -> None:
        trip = check_round_trip(
            BadRow([3, date(2030, 1, 1)]), serializer=WIRE, receiver="without-project"
        )
        assert trip.stage is Stage.DUMPS
        assert trip.error is not None
        assert trip.error["message"]["text"].startswith("date is not in the wire format")

    def test_an_error_that_is_not_reported_arrives_as_text(self) -> None:
        trip = check_round_trip(
            ValueError("seven"),
            serializer=WIRE,
            receiver="without-project",
            arrives_as="envelope_errors.RemoteError",
        )
        assert received(trip)["type"] == "envelope_errors.RemoteError"
        assert received(trip)["message"]["text"] == "ValueError: seven"


class TestNamedInTheSettings:
    """By the name that ``conftest.py`` gives it, for every marker that names none: a run of pytest
    of its own."""

    def run(self, folder: Path, name: str) -> subprocess.CompletedProcess[str]:
        for module in (
            "conftest.py",
            "envelope_errors.py",
            "envelope_wire.py",
            "envelope_worker.py",
        ):
            shutil.copy(HERE / module, folder)
        (folder / "pytest.ini").write_text(
            f"[pytest]\nportable_errors_serializers = {name}\nportable_errors_checks = "
            f"{' '.join(BUT_THE_CHAIN)}\n"
        )
        (folder / "test_jobs.py").write_text(
            "import pytest\n"
            "from envelope_errors import QuotaExceeded\n"
            "from envelope_worker import summarise\n"
            "\n"
            "@pytest.mark.portable_exception(raises=QuotaExceeded)\n"
            "def test_summarise():\n"
            "    summarise('acme')\n"
        )
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "."]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True)

    def test_it_passes(self, tmp_path: Path) -> None:
        assert "1 passed" in self.run(tmp_path, "envelope").stdout

    def test_the_control_the_first_version_fails(self, tmp_path: Path) -> None:
        told = self.run(tmp_path, "envelope-1").stdout
        assert "envelope_errors.QuotaExceeded arrives changed: attributes" in told
        assert "1 failed" in told


class TestTheFormatsLimits:
    """Losses that this format makes and the team lives with: it knows of them now."""

    def test_a_tuple_arrives_as_a_list(self) -> None:
        trip = check_round_trip(BadRow((3, "bob")), serializer=WIRE, receiver="without-project")
        assert [(loss.path, loss.sent, loss.received) for loss in trip.losses] == [
            ("exc.row", "(3, 'bob')", "[3, 'bob']")
        ]

    def test_the_control_a_list_arrives_whole(self) -> None:
        assert check_round_trip(
            BadRow([3, "bob"]), serializer=WIRE, receiver="without-project"
        ).arrived_whole

    def test_there_is_no_chain(self) -> None:
        error = BadRow([3, "bob"])
        error.__cause__ = ValueError("no number")
        trip = check_round_trip(error, serializer=WIRE, receiver="without-project")
        assert {loss.path for loss in trip.losses} == {"exc.__cause__"}


def received(trip: Any) -> Any:
    """What arrived, outermost first."""
    return trip.received["exceptions"][0]
