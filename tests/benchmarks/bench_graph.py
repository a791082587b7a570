"""What errors cost that hold a large graph of objects: a suite with the flag against the same
without, in processor time of all processes.

Not collected by itself: ``pytest tests/benchmarks/bench_graph.py -s``. Decides nothing: the
machine's noise is in it.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

ERRORS, SHAPES, OBJECTS = 200, 60, 50_000
GRAPH = f'''
class Node:
    """With its dict, list and table, four objects."""

    def __init__(self, number):
        self.name, self.near, self.table = f"node {{number}}", [], {{}}

NODES = [Node(number) for number in range({OBJECTS} // 4)]
for number, node in enumerate(NODES):
    node.near += [NODES[number // 2], NODES[number // 3]]
    node.table["up"] = NODES[number // 5]
'''
LIBRARY = """
class ShopError(Exception):
    pass

class Whole(ShopError):
    pass

class Lossy(ShopError):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code

class Unpicklable(ShopError):
    def __init__(self, message):
        super().__init__(message)
        self.lines = (line for line in "ab")
"""
TESTS = f"""
import pytest
from errors_with_graphs import NODES

@pytest.mark.parametrize("number", range({ERRORS}))
def test_one(number):
    from errors_with_graphs import Lossy, Unpicklable, Whole
    kind, extra = number % 3, number % {SHAPES} // 3
    with pytest.raises((Lossy, Unpicklable, Whole)):
        exc = Lossy("m", number) if kind == 0 else (Whole, Unpicklable)[kind - 1]("m")
        exc.graph = NODES
        setattr(exc, f"extra_{{extra}}", number)
        raise exc
"""


def processor_seconds(folder: Path, *options: str) -> tuple[float, str]:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        *options,
        "test_graph.py",
    ]
    run = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, run.stdout


@pytest.mark.parametrize("mode", ["warn", "error"])
def test_errors_that_hold_one_graph(mode: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "errors_with_graphs.py").write_text(GRAPH + LIBRARY)
    (tmp_path / "test_graph.py").write_text(TESTS)
    plain, _ = processor_seconds(tmp_path, "-p", "no:portable_errors")
    looked, told = processor_seconds(
        tmp_path, f"--portable-errors-mode={mode}", "--portable-errors-receiver=with-project"
    )
    print(
        f"\n{mode}: {(looked - plain) / ERRORS * 1000:.1f} ms an error ({looked:.2f} s against "
        f"{plain:.2f} s)"
    )
    print(
        "\n".join(
            line for line in told.splitlines() if line.startswith(("not looked at", "checked"))
        )
    )
    assert f"{ERRORS} exceptions" in told
