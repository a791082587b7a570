"""``dbos workflow steps``, run where the project is not installed, shows what went wrong."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pickle
import sqlite3
import subprocess
import sys
from pathlib import Path

import dbos_errors_before
import pytest
from dbos_errors import StepFailed
from dbos_run import WITHOUT_PROJECT, Run

from pytest_portable_errors import check_round_trip


class TestBeforehand:
    """What the plugin says, without DBOS having to run."""

    @pytest.mark.portable_exception(
        raises=StepFailed, arrives_as=RuntimeError, serializers=("dbos",)
    )
    def test_a_failed_step_can_be_read_by_everybody(self) -> None:
        raise StepFailed("fetch", 503)

    @pytest.mark.parametrize("receiver", ["without-project", "with-project"])
    def test_the_control_the_unfixed_class_arrives_as_the_text_that_is_stored(
        self, receiver: str
    ) -> None:
        unfixed = dbos_errors_before.StepFailed("fetch", 503)
        trip = check_round_trip(
            unfixed, serializer="dbos", receiver=receiver, arrives_as=RuntimeError
        )
        assert not trip.arrived_whole
        assert [loss.received for loss in trip.losses] == ["str, which is no exception"]
        assert trip.diagnosis is not None
        assert "__init__ takes (step, code)" in trip.diagnosis.why


class TestTheCommandLine:
    """``dbos workflow steps`` from a folder and an environment without the project."""

    def test_shows_the_message(self, after: Run, tmp_path: Path) -> None:
        done = after.listed(tmp_path)
        [step] = json.loads(done.stdout)
        assert step["error"] == "fetch failed with 503"
        assert "could not be deserialized" not in done.stderr
        assert done.returncode == 0

    def test_the_control_before_the_fix_it_showed_base64_and_a_warning(
        self, before: Run, tmp_path: Path
    ) -> None:
        done = before.listed(tmp_path)
        [step] = json.loads(done.stdout)
        assert b"StepFailed" in base64.b64decode(step["error"], validate=True)
        assert "exception object could not be deserialized" in done.stderr
        assert "No module named 'dbos_errors_before'" in done.stderr
        assert done.returncode == 0, "nothing but the warning says that something is wrong"

    @pytest.mark.parametrize("module", ["dbos_errors", "dbos_errors_before"])
    def test_the_control_the_project_really_is_absent_there(
        self, module: str, tmp_path: Path
    ) -> None:
        command = [sys.executable, "-c", f"import dbos; import {module}"]
        done = subprocess.run(
            command, cwd=tmp_path, env=WITHOUT_PROJECT, capture_output=True, text=True
        )
        assert done.stderr.rstrip().endswith(f"ModuleNotFoundError: No module named '{module}'")


class TestTheWorkflowAskedForAgain:
    """Where the project is installed: the second time, the error comes from the database."""

    def test_raises_what_the_fix_stored(self, after: Run) -> None:
        assert after.told == [
            "StepFailed: fetch failed with 503",
            "RuntimeError: fetch failed with 503",
        ]

    def test_the_control_before_the_fix_it_raised_what_nobody_meant(self, before: Run) -> None:
        first, again = before.told
        assert first == "StepFailed: fetch failed with 503"
        assert again.startswith("TypeError: ")
        assert "missing 1 required positional argument: 'code'" in again


class TestRowsFromBeforeTheFix:
    """They stay in the database. ``inspect`` shows their text, and runs nothing of theirs."""

    def inspect(self, file: Path, *, path: Path | None = None) -> str:
        environment = WITHOUT_PROJECT if path is None else {**os.environ, "PYTHONPATH": str(path)}
        command = [sys.executable, "-m", "pytest_portable_errors", "inspect", file.name]
        done = subprocess.run(
            command, cwd=file.parent, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def stored(self, database: Path) -> str:
        with contextlib.closing(sqlite3.connect(database)) as connection:
            [(row,)] = connection.execute("SELECT error FROM operation_outputs").fetchall()
        return str(row)

    def test_the_whole_database(self, before: Run) -> None:
        shown = self.inspect(before.database)
        assert "operation_outputs.error, row 1 (base64" in shown
        assert (
            "  dbos_errors_before.StepFailed: fetch failed with 503\n      step = 'fetch'\n    "
            "  code = 503\n"
        ) in shown
        assert "this interpreter has no module 'dbos_errors_before'" in shown

    def test_one_row_and_nothing_of_it_is_run(self, before: Run, tmp_path: Path) -> None:
        trap, sprung = tmp_path / "dbos_errors_before.py", tmp_path / "sprung"
        trap.write_text(f"open({str(sprung)!r}, 'w').close()\nclass StepFailed(Exception): ...\n")
        row = tmp_path / "row.txt"
        row.write_text(self.stored(before.database))
        assert "dbos_errors_before.StepFailed: fetch failed with 503" in self.inspect(
            row, path=tmp_path
        )
        assert not sprung.exists()
        loads = "import base64, pickle, sys; pickle.loads(base64.b64decode(sys.stdin.read()))"
        subprocess.run(
            [sys.executable, "-c", loads],
            cwd=tmp_path,
            input=row.read_text(),
            text=True,
            check=True,
        )
        assert sprung.exists(), "the control: unpickling the row does run it"

    def test_the_control_a_row_of_today_needs_nothing_of_the_project(self, after: Run) -> None:
        error = pickle.loads(base64.b64decode(self.stored(after.database)))
        assert (type(error), str(error)) == (RuntimeError, "fetch failed with 503")
