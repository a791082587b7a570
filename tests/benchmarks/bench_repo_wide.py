"""What ``pytest --portable-errors`` adds to a run: paired runs of a generated suite, with the flag
and without, in turns.

Not collected by itself: ``pytest tests/benchmarks/bench_repo_wide.py -s``
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from pathlib import Path

PAIRS = 5
LIMIT = 1.5
SOURCE = """
import pytest
import time
from shop.errors import NotFound, ShopError

@pytest.mark.parametrize("number", range(200))
def test_quiet(number):
    time.sleep(0.005)

@pytest.mark.parametrize("number", range(100))
def test_raises(number):
    with pytest.raises(ShopError):
        raise ShopError(f"order {number}")
    with pytest.raises(ValueError):
        int(f"seven {number}")

@pytest.mark.parametrize("number", range(20))
def test_raises_what_has_to_travel(number):
    with pytest.raises(ShopError):
        raise ShopError({number})
"""


def seconds(folder: Path, *flags: str) -> float:
    start = time.perf_counter()
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
        *flags,
    ]
    environment = {
        name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
    }
    subprocess.run(command, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)
    return time.perf_counter() - start


def test_ratio_of_paired_runs(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    errors = Path(__file__).parents[1] / "sample_repo" / "shop" / "errors.py"
    (package / "errors.py").write_text(errors.read_text())
    (tmp_path / "pytest.ini").write_text("[pytest]\npythonpath = .\n")
    (tmp_path / "test_bench.py").write_text(SOURCE)
    seconds(tmp_path, "--portable-errors-mode=warn")  # bytecode
    pairs = [
        (seconds(tmp_path), seconds(tmp_path, "--portable-errors-mode=warn")) for _ in range(PAIRS)
    ]
    ratio = statistics.median(on / off for off, on in pairs)
    print(
        f"\npytest --portable-errors, 320 tests, 220 exceptions: {ratio:.2f} times the run "
        "without it"
    )
    assert ratio <= LIMIT
