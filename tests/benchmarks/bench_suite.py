"""How long the LiteLLM suite takes, as a multiple of ``import litellm``, both measured in turns on
this machine.

Not collected by itself: ``pytest tests/benchmarks/bench_suite.py -s``
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

ROUNDS = 3
LIMIT = 3.0


def seconds(command: list[str], folder: Path) -> float:
    start = time.perf_counter()
    environment = {**os.environ, "LITELLM_LOCAL_MODEL_COST_MAP": "True"}
    subprocess.run(
        command, cwd=folder, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    return time.perf_counter() - start


def test_the_suite_takes_at_most_three_imports_of_litellm(tmp_path: Path) -> None:
    suite = [sys.executable, "-m", "pytest", "--portable-errors-suite", "litellm", "-q"]
    importing = [sys.executable, "-c", "import litellm"]
    seconds(importing, tmp_path)  # writes the bytecode
    rounds = [(seconds(importing, tmp_path), seconds(suite, tmp_path)) for _ in range(ROUNDS)]
    ratios = [both / alone for alone, both in rounds]
    for (alone, both), ratio in zip(rounds, ratios, strict=True):
        print(f"import litellm {alone:.1f} s, suite {both:.1f} s: {ratio:.2f} times")
    assert sorted(ratios)[ROUNDS // 2] <= LIMIT
