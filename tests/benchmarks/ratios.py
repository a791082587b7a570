"""What the plugin costs: ratios of processor time and of memory, all measured in one run.

    python tests/benchmarks/ratios.py                  compare with ratios.json; 15 % worse fail
    python tests/benchmarks/ratios.py --update         write ratios.json
    python tests/benchmarks/ratios.py --against PYTHON the same rows with another version as well

Each ratio has the same work without the plugin below the line, or what everyone does instead: so it
says the same on a fast machine and on a slow one. ``nox -s bench`` runs it, and with a revision or
a wheel after ``--`` also against that. Processor time counts all processes; memory is the
proportional share (PSS) of the receivers, as Linux tells it.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

TABLE = Path(__file__).with_name("ratios.json")
TOLERANCE = 0.15
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"},
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
}
PYTEST = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
WARN = "--portable-errors-mode=warn"
OFF = ("-p", "no:portable_errors")

# Like the errors of a validator: each holds another schema, and the class loses its message.
SCHEMAS = """
import pytest

class ValidationError(Exception):
    def __init__(self, message, instance=None, schema=None, path=()):
        super().__init__(f"{message}: {instance!r}")
        self.instance, self.schema, self.path = instance, schema, list(path)

def schema(number):
    kinds = ("string", "number", "array", "object", "null")
    fields = {f"field {number} {n}": {"type": kinds[n]} for n in range(number % 5 + 1)}
    return {"type": "object", "properties": fields, "required": [f"field {number} 0"]}

def instance(number):
    return (number, str(number), [number], {f"key {number}": number}, number / 2)[number % 5]
"""
SCHEMA_TESTS = """
from validation import ValidationError, instance, schema
import pytest

@pytest.mark.parametrize("number", range(2_052))
def test_it(number):
    with pytest.raises(ValidationError):
        raise ValidationError("bad", instance(number), schema(number), ["a", number])
"""
# As most suites are: many tests that raise nothing, and some that raise the same few errors.
ORDINARY_TESTS = """
import pytest
from validation import ValidationError

@pytest.mark.parametrize("number", range(1_000))
def test_quiet(number):
    assert sum(range(2_000)) == 1_999_000

@pytest.mark.parametrize("number", range(200))
def test_raises(number):
    with pytest.raises(ValueError):
        int(f"seven {number}")
    with pytest.raises(ValidationError):
        raise ValidationError(f"bad {number}")
"""
QUIET_TESTS = """
import pytest, time

@pytest.mark.parametrize("number", range(50))
def test_quiet(number):
    time.sleep(0.002)
"""
# The same, by a subprocess for each and by us.
EXCEPTIONS = """
import pickle, subprocess, sys
from pytest_portable_errors.round_trip import shared
from pytest_portable_errors.sender.arrival import arrive
from pytest_portable_errors.sender.outgoing import describe_and_pickle
from pytest_portable_errors.sender.pending_trip import send

REBUILD = (
    "import pickle, sys; e = pickle.loads(sys.stdin.buffer.read()); "
    "print(type(e), e, e.args, vars(e), e.__cause__, e.__context__)"
)

def by_subprocess(exc):
    command = [sys.executable, "-I", "-c", REBUILD]
    subprocess.run(command, input=pickle.dumps(exc), capture_output=True)

def outgoing(number):
    pickle = shared().serializers.find("pickle")
    pickled = describe_and_pickle(ValueError("order", number), serializer=pickle)
    return send(pickled, receivers=shared())

way, count = sys.argv[1], int(sys.argv[2])
if way == "subprocess":
    for number in range(count):
        by_subprocess(ValueError("order", number))
elif way == "each":
    for number in range(count):
        assert arrive(outgoing(number)).trip.arrived_whole
elif way == "batches":
    for start in range(0, count, 100):
        pending = [outgoing(number) for number in range(start, start + 100)]
        assert all(arrive(trip).trip.arrived_whole for trip in pending)
"""


def seconds(command: list[str], folder: Path) -> float:
    """Processor time of a command, with all that it waited for."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    null = subprocess.DEVNULL
    subprocess.run(command, cwd=folder, env=ENVIRONMENT, stdout=null, stderr=null, check=False)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(rounds: int, above: Callable[[], float], below: Callable[[], float]) -> float:
    """The median of so many ratios, each of two measurements one after the other."""
    return statistics.median(above() / below() for _ in range(rounds))


def warn_to_off(python: str, folder: Path, test: str, rounds: int) -> float:
    """What a suite takes in warn mode, as a multiple of what it takes without the plugin."""
    command = [python, *PYTEST]
    return ratio(
        rounds,
        lambda: seconds([*command, WARN, test], folder),
        lambda: seconds([*command, *OFF, test], folder),
    )


def litellm(python: str, folder: Path) -> float:
    """The LiteLLM suite, all fixes tried, as a multiple of ``import litellm``."""
    return ratio(
        2,
        lambda: seconds([python, *PYTEST, "--portable-errors-suite", "litellm"], folder),
        lambda: seconds([python, "-c", "import litellm"], folder),
    )


def exceptions(python: str, folder: Path, way: str) -> float:
    """How many times as fast an exception of Python's own is as by a subprocess.

    What starting takes is in neither: it is measured with no exception, and taken off.
    """
    script = [python, "exceptions.py"]

    def each(way: str, count: int) -> float:
        start = seconds([*script, way, "0"], folder)
        return (seconds([*script, way, str(count)], folder) - start) / count

    return ratio(3, lambda: each("subprocess", 20), lambda: each(way, 1_000))


def memory(python: str, folder: Path, workers: int) -> float:
    """The largest share of memory in MB that the receivers of a LiteLLM suite have together."""
    command = [python, *PYTEST, "--portable-errors-suite", "litellm", "-n", str(workers)]
    null = subprocess.DEVNULL
    run = subprocess.Popen(command, cwd=folder, env=ENVIRONMENT, stdout=null, stderr=null)
    largest = [0.0]

    def watch() -> None:
        while run.poll() is None:
            largest[0] = max(largest[0], sum(map(share, receivers_below(run.pid))))
            time.sleep(0.25)

    watcher = threading.Thread(target=watch)
    watcher.start()
    run.wait()
    watcher.join()
    return largest[0]


def receivers_below(root: int) -> list[int]:
    """Process IDs of receivers and of what they have forked."""
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                parents[int(name)] = int(stat.read().rpartition(")")[2].split()[1])
        except OSError:
            continue
    found, size = {root}, 0
    while len(found) > size:
        size = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return [pid for pid in found if is_receiver(pid)]


def is_receiver(pid: int) -> bool:
    try:
        return b"/receiver\0" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def share(pid: int) -> float:
    """A process's share of memory in MB; 0 if it has ended."""
    try:
        rows = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(row.split()[1]) / 1024 for row in rows if row.startswith("Pss:")), 0.0)


ROWS: dict[str, Callable[[str, Path], float]] = {
    "2,052 errors of one class, each of another shape: warn / off": (
        lambda python, folder: warn_to_off(python, folder, "test_schemas.py", 1)
    ),
    "1,200 tests, 400 errors: warn / off": (
        lambda python, folder: warn_to_off(python, folder, "test_ordinary.py", 3)
    ),
    "50 tests, nothing raised: warn / off": (
        lambda python, folder: warn_to_off(python, folder, "test_quiet.py", 7)
    ),
    "LiteLLM suite / import litellm": litellm,
    "receivers' memory of the LiteLLM suite, -n 4 / -n 1": (
        lambda python, folder: memory(python, folder, 4) / memory(python, folder, 1)
    ),
    "a ValueError by a subprocess / by us": (
        lambda python, folder: exceptions(python, folder, "each")
    ),
    "a ValueError by a subprocess / by us, in batches of 100": (
        lambda python, folder: exceptions(python, folder, "batches")
    ),
}
MORE_IS_BETTER = tuple(row for row in ROWS if row.startswith("a ValueError"))


def is_worse(row: str, measured: float, known: float) -> bool:
    """Whether a ratio is worse than the table's by more than ``TOLERANCE``."""
    if row in MORE_IS_BETTER:
        return measured < known / (1 + TOLERANCE)
    return measured > known * (1 + TOLERANCE)


def main() -> int:
    """Measure all rows, print them, and compare; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--update", action="store_true", help="write the table")
    parser.add_argument("--against", metavar="PYTHON", help="that has another version installed")
    parser.add_argument("--only", metavar="TEXT", default="", help="rows with this text")
    options = parser.parse_args()
    table: dict[str, float] = json.loads(TABLE.read_text()) if TABLE.exists() else {}
    worse = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "pyproject.toml").touch()
        (folder / "conftest.py").write_text("import sys\nsys.path.insert(0, '.')\n")
        (folder / "validation.py").write_text(SCHEMAS)
        (folder / "test_schemas.py").write_text(SCHEMA_TESTS)
        (folder / "test_ordinary.py").write_text(ORDINARY_TESTS)
        (folder / "test_quiet.py").write_text(QUIET_TESTS)
        (folder / "exceptions.py").write_text(EXCEPTIONS)
        for row, measure in ROWS.items():
            if options.only not in row:
                continue
            measured = round(measure(sys.executable, folder), 2)
            known = table.get(row)
            if known is not None and is_worse(row, measured, known):
                worse.append(row)
            told = "" if known is None else f"  (table: {known:g})"
            if options.against:
                told += f"  (the other version: {measure(options.against, folder):.2f})"
            print(f"{measured:8.2f}  {row}{told}", flush=True)
            table[row] = measured if options.update or known is None else known
    if options.update:
        TABLE.write_text(json.dumps(table, indent=2) + "\n")
    for row in worse if not options.update else ():
        print(f"worse by more than {TOLERANCE:.0%}: {row}")
    return bool(worse) and not options.update


if __name__ == "__main__":
    sys.exit(main())
