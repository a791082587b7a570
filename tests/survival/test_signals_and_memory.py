"""What tests do to signals and to ``os`` does not end a green run; and thousands of green tests
cost next to no memory."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from chosen_plugins import NO_OTHERS, chosen

KILLS = """
import os, signal
from unittest import mock
from pytest_portable_errors import check_round_trip

class Kills(Exception):
    def __reduce__(self):
        return eval, ("__import__('os').kill(__import__('os').getppid(), 9)",)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize("workers", [(), ("-n", "1")], ids=["alone", "xdist"])
def test_sigpipe_at_its_default(run: Any, workers: tuple[str, ...]) -> None:
    """Command line tools set it, and their tests do so in this process; a receiver that has gone is
    written to all the same."""
    source = f"""
{KILLS}
def test_it():
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for number in range(4):
        check_round_trip(Kills(number), receiver="stdlib")
        assert check_round_trip(ValueError(number), receiver="stdlib").arrived_whole
"""
    if workers:
        pytest.importorskip("xdist")
    run(source, *workers).assert_outcomes(passed=1)


def test_sigpipe_that_a_branch_gives_its_default(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        cli_library="import signal\nsignal.signal(signal.SIGPIPE, signal.SIG_DFL)\n"
        "class E(Exception): pass\n"
    )
    source = f"""
{KILLS}
import cli_library
class KillsThere(Kills):
    def __reduce__(self):
        return eval, (super().__reduce__()[1][0], {{"e": cli_library.E}})
def test_it():
    for number in range(3):
        check_round_trip(KillsThere(number), receiver="with-project")
        assert check_round_trip(cli_library.E(number), receiver="with-project").arrived_whole
"""
    run(source).assert_outcomes(passed=1)


@pytest.mark.parametrize("name", ["write", "kill", "listdir"])  # subprocess itself needs others
def test_a_function_of_os_that_is_replaced(run: Any, name: str) -> None:
    """Also where the test that replaces it is the first to need a receiver."""
    source = f"""
{KILLS}
def test_it(monkeypatch):
    with monkeypatch.context() as patch:
        check = check_round_trip
        patch.setattr(os, {name!r}, mock.MagicMock())
        trip = check(ValueError("a"), receiver="stdlib")
    assert trip.arrived_whole
"""
    run(source).assert_outcomes(passed=1)


SIZES = """
import os, pytest
@pytest.mark.parametrize("number", range(int(os.environ["TESTS"])))
def test_it(number):
    for kind in (KeyError, ValueError):
        with pytest.raises(kind): raise kind(f"message number {number}")
"""
MEASURES = """
def pytest_sessionfinish(session):
    import gc, tracemalloc
    gc.collect()
    print("BYTES", tracemalloc.get_traced_memory()[0])
"""


def test_memory_does_not_grow_with_green_tests(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """1,000 bytes for each test at most, beyond what pytest itself keeps of it.

    Counted by :mod:`tracemalloc`: what the system says of a process grows by whole arenas.
    """
    (tmp_path / "test_it.py").write_text(SIZES)
    (tmp_path / "conftest.py").write_text(MEASURES)
    (tmp_path / "pytest.ini").write_text("[pytest]\n")

    def held(tests: int, *flags: str) -> int:
        monkeypatch.setenv("TESTS", str(tests))
        command = [sys.executable, "-X", "tracemalloc", "-m", "pytest", "-q", "-s"]
        out = subprocess.run(
            [*command, "-p", "no:cacheprovider", *chosen(), *flags, "test_it.py"],
            cwd=tmp_path,
            env={**os.environ, **NO_OTHERS},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        return int(out.partition("BYTES")[2].split()[0])

    few, many = 200, 1_000
    own = held(many) - held(few)
    with_plugin = held(many, "--portable-errors") - held(few, "--portable-errors")
    assert (with_plugin - own) / (many - few) <= 1_000
