"""What a check costs, side by side with what everyone does: a subprocess for each exception.
Ratios, each measured in turns in one run.

Not collected by itself: ``pytest tests/benchmarks/bench_receiver.py -s``
"""

from __future__ import annotations

import itertools
import os
import pickle
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import Stage, check_round_trip
from pytest_portable_errors.round_trip import shared
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import send
from pytest_portable_errors.sender.receivers import Receivers

REBUILD = (
    "import pickle, sys; e = pickle.loads(sys.stdin.buffer.read()); print(type(e), e, "
    "e.args, vars(e), e.__cause__, e.__context__)"
)
FORKS = """
import importlib, os, sys, time
sys.path.insert(0, sys.argv[1])
for name in ("check", "server", "start"): importlib.import_module("receiver." + name)
import gc; gc.collect(); gc.freeze()
for _ in sys.stdin:
    begin = time.perf_counter()
    pid = os.fork()
    if pid == 0: os._exit(0)
    os.waitpid(pid, 0)
    print(time.perf_counter() - begin, flush=True)
"""
PACKAGE = Path(__file__).resolve().parents[2] / "pytest_portable_errors"


pytestmark = pytest.mark.usefixtures("receivers")


def seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def check(make: Callable[[int], BaseException], numbers: Iterator[int]) -> None:
    """Another exception each time: an answer that is known is not asked for again. The trip alone;
    no fix is tried."""
    receivers = shared()
    outgoing = describe_and_pickle(
        make(next(numbers)), serializer=receivers.serializers.find("pickle")
    )
    trip = arrive(send(outgoing, receivers=receivers)).trip
    assert trip.stage in (Stage.ARRIVED, Stage.LOADS), "the receiver has answered"


def check_and_repair(make: Callable[[int], BaseException], numbers: Iterator[int]) -> None:
    """... and the fix that is tried, and tried with a foreign cause."""
    trip = check_round_trip(make(next(numbers)))
    assert trip.diagnosis is not None
    assert trip.diagnosis.fixes[0].arrives_whole


def in_a_subprocess(exc: BaseException) -> None:
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run(
        [sys.executable, "-I", "-c", REBUILD],
        input=pickle.dumps(exc),
        capture_output=True,
        check=False,
        env=environment,
    )


def compared(
    ours: Callable[[], object], theirs: Callable[[], float], *, rounds: int, turns: int
) -> tuple[float, float]:
    """Median milliseconds of ours, and the median of theirs divided by ours; ``turns`` of ours for
    each of theirs."""
    for _ in range(5):
        ours()
    pairs = [
        (statistics.median(seconds(ours) for _ in range(turns)), theirs()) for _ in range(rounds)
    ]
    return statistics.median(own for own, _ in pairs) * 1000, statistics.median(
        other / own for own, other in pairs
    )


def tell(what: str, milliseconds: float, ratio: float, of: str) -> None:
    print(
        f"\n{what}: {milliseconds:.2f} ms, {ratio:.1f} times as fast as {of} ({os.cpu_count()} "
        "cores)"
    )


def test_an_exception_of_the_standard_library_is_15_times_as_fast_as_a_subprocess() -> None:
    numbers = itertools.count()

    def make(number: int) -> BaseException:
        return ValueError("order", number)

    took, ratio = compared(
        lambda: check(make, numbers),
        lambda: seconds(lambda: in_a_subprocess(make(0))),
        rounds=40,
        turns=10,
    )
    tell("ValueError", took, ratio, "a subprocess")
    assert ratio >= 15


def test_an_exception_of_the_standard_library_takes_at_most_2_5_forks() -> None:
    numbers = itertools.count()
    with subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", FORKS, str(PACKAGE)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as forks:
        assert forks.stdin is not None
        assert forks.stdout is not None

        def fork() -> float:
            assert forks.stdin is not None
            assert forks.stdout is not None
            forks.stdin.write(b"\n")
            forks.stdin.flush()
            return float(forks.stdout.readline())

        took, ratio = compared(
            lambda: check(lambda number: ValueError("order", number), numbers),
            lambda: statistics.median(fork() for _ in range(10)),
            rounds=40,
            turns=10,
        )
        forks.stdin.close()
    tell("ValueError", took, ratio, "fork, exit and wait from such a server")
    assert 1 / ratio <= 2.5


def test_an_exception_that_needs_a_process_of_its_own() -> None:
    """A class of an already imported standard module: not one of those after which a process is as
    good as new. No promise, but told."""
    numbers = itertools.count()

    def make(number: int) -> BaseException:
        import json

        return json.JSONDecodeError("order", "doc", number)

    took, ratio = compared(
        lambda: check(make, numbers),
        lambda: seconds(lambda: in_a_subprocess(make(0))),
        rounds=20,
        turns=10,
    )
    tell("JSONDecodeError", took, ratio, "a subprocess")
    assert ratio >= 3


def test_an_httpx_exception_is_30_times_as_fast_as_a_subprocess() -> None:
    httpx = pytest.importorskip("httpx")
    numbers = itertools.count()
    request = httpx.Request("GET", "https://example.org")

    def make(number: int) -> BaseException:
        exc: BaseException = httpx.ConnectTimeout(f"attempt {number}", request=request)
        return exc

    took, ratio = compared(
        lambda: check(make, numbers),
        lambda: seconds(lambda: in_a_subprocess(make(0))),
        rounds=12,
        turns=10,
    )
    tell("httpx.ConnectTimeout", took, ratio, "a subprocess")
    assert ratio >= 30


def test_a_litellm_exception_is_200_times_as_fast_as_a_subprocess(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
    pytest.importorskip("litellm")
    from litellm.exceptions import RateLimitError

    numbers = itertools.count()

    def make(number: int) -> BaseException:
        exc: BaseException = RateLimitError(f"slow down {number}", "openai", "gpt-4o")
        return exc

    took, ratio = compared(
        lambda: check(make, numbers),
        lambda: seconds(lambda: in_a_subprocess(make(0))),
        rounds=4,
        turns=20,
    )
    tell("litellm.RateLimitError", took, ratio, "a subprocess")
    repaired = (
        statistics.median(seconds(lambda: check_and_repair(make, numbers)) for _ in range(20))
        * 1000
    )
    tell("... with its fix", repaired, took * ratio / repaired, "a subprocess")
    assert ratio >= 200


def memory(pid: int) -> int:
    """Bytes that a process has in memory for itself and shares with nobody."""
    with open(f"/proc/{pid}/smaps_rollup") as rollup:
        rows: dict[str, Any] = dict(line.split()[:2] for line in rollup.readlines()[1:])
    return (int(rows["Private_Dirty:"]) + int(rows["Private_Clean:"])) * 1024


@pytest.mark.parametrize(
    "kind", [ValueError, "a class of json"], ids=["plain", "in-a-process-each"]
)
def test_10_000_exceptions_take_time_in_proportion_and_no_memory(
    receivers: Receivers, kind: Any
) -> None:
    import json

    def make(number: int) -> BaseException:
        return (
            ValueError("order", number)
            if kind is ValueError
            else json.JSONDecodeError("order", "doc", number)
        )

    def thousand(start: int) -> float:
        return seconds(lambda: [check_round_trip(make(start + number)) for number in range(1000)])

    def grown() -> int:
        children = [
            int(name)
            for name in os.listdir("/proc")
            if name.isdigit() and parent(name) in {os.getpid(), *reapers}
        ]
        return memory(os.getpid()) + sum(memory(pid) for pid in children)

    reapers = {running.process.pid for running in receivers._running.values()}
    thousand(0), thousand(1000)  # the answers kept are as many now as they will ever be
    reapers = {running.process.pid for running in receivers._running.values()}
    before = grown()
    took = [thousand(1000 * turn) for turn in range(2, 12)]
    growth = (grown() - before) / 1e6
    halves = statistics.median(took[5:]) / statistics.median(took[:5])
    print(
        f"\n10,000 exceptions: {sum(took):.1f} s, the second half {halves:.2f} times the "
        f"first; memory grew by {growth:.1f} MB"
    )
    assert halves < 1.5
    assert growth < 20


def parent(pid: str) -> int:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            return int(file.read().rpartition(b")")[2].split()[1])
    except OSError:
        return -1


def test_installed_and_unused_it_costs_at_most_5_ms_of_processor_time(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text("def test_it(): pass\n")

    def processor_time(*options: str) -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        command = [sys.executable, "-m", "pytest", "--co", "-q", "-p", "no:cacheprovider", *options]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)  # who installs a plugin has its bytecode
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    # Other work on the machine only ever adds, so the least of many is nearest to the truth.
    runs = [
        (processor_time("-p", "pytest_portable_errors.plugin"), processor_time()) for _ in range(80)
    ]
    with_, without = map(min, zip(*runs, strict=True))
    cost = (with_ - without) * 1000
    print(f"\ninstalled and unused: {cost:.1f} ms of processor time more than {without * 1000:.0f}")
    assert cost <= 5
