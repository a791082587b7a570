"""Whatever an exception does to whoever rebuilds it, there is one clear verdict, the next check
works, and nothing stays behind."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import error_zoo as zoo
import hostile_zoo
import pytest
from in_matrix import MATRIX, rest_in_matrix
from processes import below, wait_until_gone

from pytest_portable_errors import PortableErrorsError, Stage, check_round_trip
from pytest_portable_errors.round_trip import shared
from pytest_portable_errors.sender import client, started
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import TripSettings, send
from pytest_portable_errors.sender.process_receivers import share
from pytest_portable_errors.sender.project_context import ProjectContext
from pytest_portable_errors.sender.receivers import Receivers


def trip_of(exc: BaseException, **settings: Any) -> Any:
    return check_round_trip(exc, **{"receiver": "with-project", **settings})


def test_there_are_kinds_enough() -> None:
    assert len({kind.name for kind in hostile_zoo.KINDS}) == len(hostile_zoo.KINDS) >= 60


@pytest.mark.parametrize(
    ("kind", "serializer"),
    rest_in_matrix(
        itertools.product(hostile_zoo.KINDS, hostile_zoo.BOTH),
        here=lambda each: (
            not each[0].is_slow
            or (each[0].name, each[1])
            in {("hang-in-python", "pickle"), ("spin-in-c", "pickle"), ("alarm", "cloudpickle")}
        ),
    ),
    ids=lambda value: getattr(value, "name", value),
)
def test_one_clear_verdict_and_the_next_check_works(
    kind: hostile_zoo.Kind, serializer: str
) -> None:
    trip = trip_of(kind.make(), serializer=serializer, timeout=kind.timeout)
    assert trip.stage is kind.stage, str(trip)
    assert kind.says in str(trip)
    assert trip.arrived_whole == (kind.says == "arrives whole")
    assert trip.arrived_whole or trip.losses
    str(trip).encode()
    assert not set(str(trip)) & {chr(n) for n in (*range(10), *range(11, 32), 0x202E)}
    assert trip_of(zoo.Portable("next"), serializer=serializer).arrived_whole


@pytest.mark.parametrize("with_slow", [False, pytest.param(True, marks=MATRIX)])
def test_in_a_run_of_all_tests_none_changes_an_outcome(
    run: Any, pytester: pytest.Pytester, with_slow: bool
) -> None:
    """Those that end at once. What looks at hundreds of exceptions takes short cuts, and asks
    classes on the way."""
    pytester.makeini(f"[pytest]\npythonpath = . {Path(hostile_zoo.__file__).parent}\n")
    names = [
        kind.name
        for kind in hostile_zoo.KINDS
        if kind.stage in (Stage.ARRIVED, Stage.DUMPS) and (with_slow or not kind.is_slow)
    ]
    source = (
        f"import hostile_zoo\nMAKE = {{kind.name: kind.make for kind in hostile_zoo.KINDS}}\n\n"
        f"@pytest.mark.parametrize('name', {names} * 2)\ndef test_it(name):\n"
        "    with pytest.raises(BaseException):\n        raise MAKE[name]()\n"
    )
    result = run(
        source,
        "--portable-errors-mode=warn",
        "-o",
        "portable_errors_receiver=with-project",
        "test_shop.py",
    )
    assert result.parseoutcomes() == {"passed": 2 * len(names)}
    # One past a limit of ours is not checked, unless others of its shape were before it.
    too_large = 2 * sum(
        "too large" in kind.says for kind in hostile_zoo.KINDS if kind.name in names
    )
    counts = [
        f"checked * classes, {2 * len(names) - n} exceptions: *" for n in range(too_large + 1)
    ]
    assert any(fnmatch(line, count) for line in result.outlines for count in counts)


def test_nothing_stays_behind(receivers: Receivers) -> None:
    """Not even what forked twice into a session of its own, nor what was left when its server was
    killed."""
    check_round_trip(ValueError("begin"), receiver="with-project")
    reaper = receivers._running[next(iter(receivers._running))].process.pid
    for name in ("fork-twice-and-stay", "fork-and-hold-the-pipe"):
        assert trip_of(hostile_zoo.Attacks(name)).arrived_whole
    orphans = below(reaper)
    assert trip_of(hostile_zoo.Attacks("kill-parent-leaving-an-orphan")).stage is Stage.CRASHED
    orphans |= below(reaper)
    receivers.close()
    assert not wait_until_gone(orphans | {reaper}, seconds=10)


def test_a_payload_that_kills_the_receiver_takes_no_other_along() -> None:
    """All are under way when it happens; the bystander is sent again."""
    pickle = shared().serializers.find("pickle")
    each = [
        describe_and_pickle(exc, serializer=pickle)
        for exc in (zoo.Kills("m"), zoo.Sleeps("m"), zoo.Portable("bystander"))
    ]
    pending_trips = [
        send(
            outgoing,
            receivers=shared(),
            settings=TripSettings(receiver="with-project", timeout=0.5),
        )
        for outgoing in each
    ]
    assert [arrive(pending).trip.stage for pending in pending_trips] == [
        Stage.CRASHED,
        Stage.TIMED_OUT,
        Stage.ARRIVED,
    ]


class TestImports:
    """What the payload names is imported first, on a budget of its own."""

    @pytest.fixture
    def make(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, receivers: Receivers) -> Any:
        """An exception of a module whose import does something in the receiver."""
        monkeypatch.setattr(client, "STALL_SECONDS", 1.0)
        monkeypatch.setattr(client, "IMPORT_SECONDS", 2.0)
        monkeypatch.syspath_prepend(tmp_path)

        def make(deed: str) -> BaseException:
            """In the sender the module is made by hand: only the receiver imports it."""
            (tmp_path / "hostile_module.py").write_text(
                f"import os, sys, threading, time\n{deed}\nclass E(Exception): pass\n"
            )
            import sys
            import types

            module = types.ModuleType("hostile_module")
            exec("class E(Exception): pass", module.__dict__)
            module.E.__module__ = "hostile_module"
            monkeypatch.setitem(sys.modules, "hostile_module", module)
            exc: BaseException = module.E("a")
            return exc

        return make

    @pytest.mark.parametrize(
        ("deed", "stage", "says"),
        [
            (
                "time.sleep(10_000)",
                Stage.TIMED_OUT,
                "importing hostile_module hangs: it used no processor time for 1 s",
            ),
            (
                "while True: pass",
                Stage.TIMED_OUT,
                "importing hostile_module takes more than 2 s of processor time",
            ),
            ("os._exit(3)", Stage.CRASHED, "exited with status 3"),
            ("sys.exit(3)", Stage.LOADS, "SystemExit: 3"),
            ("os.kill(os.getpid(), 11)", Stage.CRASHED, "ended by SIGSEGV"),
            ("os.closerange(3, 4096)", Stage.CRASHED, "before it answered"),
            (
                "threading.Thread(target=time.sleep, args=(10_000,)).start()",
                Stage.ARRIVED,
                "arrives whole",
            ),
            ("sys.path.clear(); sys.setrecursionlimit(50)", Stage.ARRIVED, "arrives whole"),
            ("if os.fork() == 0: time.sleep(10_000)", Stage.ARRIVED, "arrives whole"),
            ("os.fork()", Stage.ARRIVED, "arrives whole"),
        ],
    )
    def test_one_clear_verdict(self, make: Any, deed: str, stage: Stage, says: str) -> None:
        trip = trip_of(make(deed), timeout=0.5)
        assert (trip.stage, says in str(trip)) == (stage, True), str(trip)
        assert trip_of(ValueError("next")).arrived_whole

    def test_it_does_not_count_as_time_of_the_check(self, make: Any) -> None:
        assert trip_of(
            make("end = time.process_time() + 1.2\nwhile time.process_time() < end: pass"),
            timeout=0.2,
        ).arrived_whole

    def test_nobody_waits_twice_for_an_import_that_hangs(self, make: Any) -> None:
        """The second payload is answered for at once: the clock of the first has told."""
        first = make("time.sleep(10_000)")
        assert trip_of(first).stage is Stage.TIMED_OUT
        first.args = ("another",)
        assert trip_of(first).stage is Stage.TIMED_OUT

    def test_a_branch_whose_import_hangs_holds_up_nobody(
        self, make: Any, receivers: Receivers
    ) -> None:
        pickle = receivers.serializers.find("pickle")
        hanging = send(
            describe_and_pickle(make("time.sleep(10_000)"), serializer=pickle),
            receivers=receivers,
            settings=TripSettings(receiver="with-project"),
        )
        assert trip_of(ValueError("meanwhile")).arrived_whole
        assert hanging.pending_answer is not None
        assert hanging.pending_answer.known is None, "the other answer came first"
        assert arrive(hanging).trip.stage is Stage.TIMED_OUT


class TestSetup:
    """What a consumer does at its start."""

    @pytest.fixture
    def with_setup(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
        opened: list[Receivers] = []
        before = share(None)
        monkeypatch.syspath_prepend(tmp_path)

        def with_setup(source: str) -> None:
            (tmp_path / "consumer.py").write_text(source)
            opened.append(
                Receivers(ProjectContext(root=tmp_path, receiver_setup=("consumer:start",)))
            )
            share(opened[-1])

        yield with_setup
        share(before)
        for receivers in opened:
            receivers.close()

    def test_it_runs_once_for_all_checks(self, with_setup: Any, tmp_path: Path) -> None:
        with_setup(f"def start():\n    open({str(tmp_path / 'log')!r}, 'a').write('.')\n")
        assert all(trip_of(ValueError(number)).arrived_whole for number in range(3))
        assert (tmp_path / "log").read_text() == "." or started.start_method() == "spawn"

    def test_it_runs_in_each_check_where_it_starts_threads(
        self, with_setup: Any, tmp_path: Path
    ) -> None:
        with_setup(
            "import threading, time\ndef start():\n"
            f"    open({str(tmp_path / 'log')!r}, 'a').write('.')\n"
            "    threading.Thread(target=time.sleep, args=(9,), daemon=True).start()\n"
        )
        assert all(trip_of(ValueError(number)).arrived_whole for number in range(3))
        assert (tmp_path / "log").read_text() in ("....", "...")  # once in vain, for a branch

    def test_one_that_raises_is_named(self, with_setup: Any) -> None:
        with_setup("def start(): raise RuntimeError('no database')\n")
        with pytest.raises(
            PortableErrorsError,
            match=(
                "portable_errors_receiver_setup = consumer:start: raised RuntimeError: no database"
            ),
        ):
            trip_of(ValueError("a"))

    def test_it_is_not_for_the_receiver_without_the_project(self, with_setup: Any) -> None:
        with_setup("def start(): raise RuntimeError('no database')\n")
        assert trip_of(ValueError("a"), receiver="without-project").arrived_whole
