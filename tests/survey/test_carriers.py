"""The command ``carriers``: what each installed one makes of the probes, or of a class."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
from pathlib import Path

import pytest
from carriers_here import is_here

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.sender.carriers import table
from pytest_portable_errors.sender.carriers.text_only import TEXT_ONLY
from pytest_portable_errors.survey.carriers import carrier_rows
from pytest_portable_errors.survey.probes import PROBES

SHOP = """
class PaymentError(Exception):
    def __init__(self, order_id, reason):
        super().__init__(f"order {order_id}: {reason}")
        self.order_id, self.reason = order_id, reason

class Order:
    pass
"""


def run(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest_portable_errors", "carriers", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "__init__.py").touch()
    (tmp_path / "shop" / "errors.py").write_text(SHOP)
    return tmp_path


def test_one_carrier_and_all_probes(tmp_path: Path) -> None:
    done = run("process-pool", cwd=tmp_path)
    version = platform.python_version()
    told = done.stdout.replace(version, "3.x").replace("3.x-", "3.x").replace("group, ", "")
    refused = "_pickle.PicklingError" if sys.version_info >= (3, 14) else "AttributeError"
    assert re.sub(r" \((seen with )?CPython 3[^)]*\)", "", told) == (
        f"""process-pool      [CPython 3.x]
  whole: plain class, own __setstate__, UnicodeDecodeError, FileNotFoundError, CancelledError
  changed: chain: attribute, note and cause
  loads: TypeError: two arguments, keyword arguments, holds such an error
    then  result() raises BrokenProcessPool, which speaks of a process that was terminated; the \
pool takes no more tasks
  changed: message, args: message made anew
  dumps: TypeError: holds a lock
    then  result() raises that error in place of it, and the pool lives on
  dumps: {refused}: class in a function
    then  result() raises that error in place of it, and the pool lives on
  ends a process: SystemExit, KeyboardInterrupt, GeneratorExit

"""
    ), done.stderr
    assert done.returncode == 0


def test_a_class_of_ones_own(shop: Path) -> None:
    done = run("multiprocessing", "--class", "shop.errors.PaymentError", cwd=shop)
    lines = done.stdout.splitlines()
    assert lines[1].startswith("  loads: TypeError: shop.errors.PaymentError, required")
    assert lines[2].startswith("    then  the caller waits for ever: the thread that reads")
    assert not any(name in done.stdout for name in TEXT_ONLY)


def test_as_json(shop: Path) -> None:
    done = run("process-pool", "--json", "--class", "shop.errors.PaymentError", cwd=shop)
    (row,) = json.loads(done.stdout)
    assert (row["carrier"], row["installed"].split()[0]) == ("process-pool", "CPython")
    assert {cell["outcome"] for cell in row["cells"]} == {"loads: TypeError"}
    assert all("BrokenProcessPool" in cell["then"] for cell in row["cells"])


def test_without_a_name_all_that_are_installed_and_those_that_keep_text_alone() -> None:
    makers = {"plain class": PROBES["plain class"]}
    rows = carrier_rows((), makers, check_round_trip)
    assert [row.carrier for row in rows] == list(filter(is_here, table.names()))
    assert {len(row.cells) for row in rows} == {1}


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (("rayx",), "unknown carrier 'rayx': expected some of docket, dbos, "),
        (
            ("--class", "shop.errors.Order"),
            "--class shop.errors.Order: shop.errors.Order is no exc",
        ),
        (("--class", "shop.errors.Missing"), "has no attribute 'Missing'"),
        (("--class", "shops.errors.Missing"), "No module named 'shops'"),
        (
            ("--class", "PaymentError"),
            "--class PaymentError: expected a dotted name, such as shop.",
        ),
    ],
)
def test_what_is_wrong_is_told(shop: Path, arguments: tuple[str, ...], text: str) -> None:
    done = run(*arguments, cwd=shop)
    assert (done.returncode, done.stdout) == (2, "")
    assert text in done.stderr
