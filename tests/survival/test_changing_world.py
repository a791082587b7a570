"""Whatever an exception or a test does to its context, the verdict is clear and the next check
works."""

from __future__ import annotations

import argparse
import copyreg
import importlib
import itertools
import os
import signal
import subprocess
import sys
import time
import types
import warnings
from pathlib import Path
from typing import Any

import error_zoo as zoo
import pytest

from pytest_portable_errors import Stage, check_round_trip
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers


class DefinedInATest(Exception):
    pass


class Endless:
    """A list whose items never end."""

    def __reduce__(self) -> Any:
        return list, (), None, (bytes(1_000_000) for _ in itertools.count())


def trip_of(exc: BaseException, **settings: Any) -> Any:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def lost(trip: Any) -> set[tuple[str, str]]:
    return {(loss.kind, loss.path) for loss in trip.losses}


class TestHostileExceptions:
    """Each is one clear verdict, and the next check works."""

    @pytest.mark.parametrize(
        ("exc", "stage", "says"),
        [
            (zoo.Exits("m"), Stage.CRASHED, "exited with status 3"),
            (zoo.Segfaults("m"), Stage.CRASHED, "ended by SIGSEGV"),
            (zoo.Kills("m"), Stage.CRASHED, "it ended the process that it was forked from, twice"),
            (zoo.Sleeps("m"), Stage.TIMED_OUT, "no answer in 3 s"),
            (zoo.Spins("m"), Stage.TIMED_OUT, "of processor time"),
            (zoo.ClosesEverything("m"), Stage.CRASHED, "before it answered"),
            (zoo.Scribbles("m"), Stage.CRASHED, "wrote into the pipe"),
            (zoo.ReducesToNonsense("m"), Stage.DUMPS, "must"),
            (zoo.ReduceExits("m"), Stage.DUMPS, "SystemExit"),
        ],
        ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
    )
    def test_a_payload_that_attacks_the_receiver(
        self, exc: BaseException, stage: Stage, says: str
    ) -> None:
        trip = trip_of(exc, timeout=0.5)
        assert trip.stage is stage
        assert says in str(trip)
        assert trip.diagnosis is not None
        assert trip_of(zoo.Portable("next")).arrived_whole

    def test_a_large_payload_for_a_module_that_fails_to_import(self) -> None:
        """The branch that was to import it ends while the payload is still being written to it."""
        assert trip_of(DefinedInATest(b"x" * 5_000_000)).stage is Stage.LOADS

    @pytest.mark.parametrize(
        "exc", [zoo.Prints("m"), zoo.Forks("m")], ids=lambda exc: type(exc).__name__
    )
    def test_what_makes_noise_arrives_whole_all_the_same(self, exc: BaseException) -> None:
        assert trip_of(exc).arrived_whole

    def test_what_arrives_is_no_exception(self) -> None:
        assert lost(trip_of(zoo.NotAnException("m"))) == {("type", "exc")}

    def test_a_str_that_raises_is_a_recorded_value(self) -> None:
        trip = trip_of(zoo.Unprintable("m"))
        assert trip.arrived_whole
        assert "reading it raised ValueError" in str(trip)

    def test_a_payload_over_the_limit_is_not_checked(self) -> None:
        """The limit is ours: it is named with the size, and no cause and no fix."""
        trip = trip_of(ValueError(b"x" * (80 * 1024 * 1024)))
        assert (trip.stage, trip.diagnosis) == (Stage.DUMPS, None)
        assert str(trip).startswith(
            "ValueError was not checked: its payload is too large (80 MB or more; the limit is "
            "64 MB)"
        )
        assert "does not arrive" not in str(trip)

    @pytest.mark.parametrize("serializer", ["pickle", "pickle:5", "cloudpickle"])
    def test_a_payload_without_end_is_ended_there(self, serializer: str) -> None:
        trip = check_round_trip(
            ValueError(Endless()), serializer=serializer, receiver="with-project"
        )
        assert (trip.stage, trip.stopped_at) == (Stage.DUMPS, None)
        assert "its payload is too large" in str(trip)

    def test_a_chain_of_any_length_and_a_cycle(self) -> None:
        exc: BaseException = ValueError("innermost")
        for number in range(20_000):
            exc = zoo.chained(ValueError(number), context=exc)
        assert lost(trip_of(exc)) == {("chain", "exc.__context__")}
        one, other = ValueError(1), ValueError(2)
        one.__context__, other.__context__ = other, one
        assert lost(trip_of(one)) == {("chain", "exc.__context__")}

    def test_lone_surrogates_and_control_characters_do_not_get_out(self) -> None:
        text = str(trip_of(zoo.NotFound("\ud800\x1b[31m\n\u202e")))
        text.encode()
        assert "\x1b" not in text
        assert "\\ud800" in text


class TestAChangingWorld:
    """What tests do to the process around the exception."""

    def test_the_same_payload_is_checked_again_where_the_receiver_has_another_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        verdicts = []
        for number, init in enumerate(("", "    def __init__(self, a, b): super().__init__(a)\n")):
            folder = tmp_path / str(number)
            folder.mkdir()
            (folder / "changing_module.py").write_text(f"class E(Exception):\n    pass\n{init}")
            with monkeypatch.context() as patch:
                patch.syspath_prepend(folder)
                module = importlib.import_module("changing_module")
                verdicts.append(
                    check_round_trip(
                        module.E(*"ab"[: number + 1]), receiver="with-project"
                    ).arrived_whole
                )
                del sys.modules["changing_module"]
        assert verdicts == [True, False]

    def test_a_path_object_a_missing_folder_and_a_relative_entry_in_sys_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "below").mkdir()
        (tmp_path / "below" / "relative_module.py").write_text("class E(Exception): pass\n")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "path", [Path("no-such-folder"), "below", 7, *sys.path])
        module = importlib.import_module("relative_module")
        assert check_round_trip(module.E("a"), receiver="with-project").arrived_whole

    def test_a_lazy_module_that_raises_when_asked(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        lazy = types.ModuleType("lazy_module")
        lazy.__getattr__ = lambda _: 1 / 0  # type: ignore[method-assign]  # PEP 562
        monkeypatch.setitem(sys.modules, "lazy_module", lazy)
        monkeypatch.syspath_prepend(tmp_path)
        assert check_round_trip(ValueError("a"), receiver="with-project").arrived_whole

    def test_a_reducer_that_only_the_sender_registered_is_no_difference(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setitem(
            copyreg.dispatch_table,
            argparse.Namespace,
            lambda found: (argparse.Namespace, (), vars(found)),
        )
        assert check_round_trip(ValueError(argparse.Namespace(a=1))).arrived_whole

    def test_ignored_children_of_the_sender(self, tmp_path: Path) -> None:
        source = (
            "import signal; signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nfrom "
            "pytest_portable_errors import check_round_trip\n"
        )
        run = subprocess.run(
            [sys.executable, "-c", source + "print(check_round_trip(KeyError(1)))"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert run.stdout.startswith("KeyError arrives whole"), run.stderr

    def test_a_fork_of_the_sender_does_not_delay_its_end(self, tmp_path: Path) -> None:
        receivers = Receivers(ProjectContext(root=tmp_path))
        before = share(receivers)
        assert check_round_trip(ValueError("a")).arrived_whole
        with warnings.catch_warnings():
            # from Python 3.12 on: there are threads, those of the receivers among them
            warnings.simplefilter("ignore", DeprecationWarning)
            child = os.fork()
        if child == 0:
            time.sleep(30)
            os._exit(0)
        share(before)
        ending = [running.process for running in receivers._running.values()]
        receivers.close()
        assert all(process.returncode == 0 for process in ending), (
            "ended by itself, and was not killed after a time"
        )
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)

    def test_ctrl_c_while_describing_is_the_users(self) -> None:
        class Interrupts(Exception):
            def __str__(self) -> str:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            check_round_trip(Interrupts())
