"""Exceptions alike are judged by those that have travelled."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

MANY = """
@pytest.mark.parametrize("number", range(1, 9))
def test_it(number):
    with pytest.raises({cls}) as caught:
        raise {cls}({args})
"""


def checks(result: pytest.RunResult) -> str:
    return next(line for line in result.outlines if "checked " in line)


COUNTING = """
import pytest_portable_errors.sender.receivers as receivers
sent = []
original = receivers.Receivers.submit
receivers.Receivers.submit = lambda self, request: sent.append(request) or original(self, request)
def pytest_unconfigure(): print("\\nSENT", len({request.payload for request in sent if b"declined" in request.payload}))
"""

PAYLOADS = len({pickle.DEFAULT_PROTOCOL, pickle.HIGHEST_PROTOCOL})
"""How many payloads pickle and cloudpickle make of one exception: cloudpickle uses the highest
protocol, and pickle does so from Python 3.14 on."""


def sent(result: pytest.RunResult) -> int:
    return next(int(line.split()[1]) for line in result.outlines if line.startswith("SENT"))


def test_each_counts_and_fails_though_only_two_travel(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(COUNTING)
    result = run(
        MANY.format(cls="PaymentError", args="number, f'declined {number}'"),
        "--portable-errors",
        "-s",
        "test_shop.py",
    )
    result.assert_outcomes(failed=8)
    result.stdout.fnmatch_lines(["*8 tests*", "*checked 1 class, 8 exceptions: 0 whole, 1 lossy*"])
    assert 2 * PAYLOADS <= sent(result) <= 8, (
        "two exceptions, by pickle and cloudpickle, and the trials of their fix"
    )


def test_of_those_that_arrive_whole_one_is_enough(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(COUNTING)
    source = MANY.format(cls="Whole", args="f'declined {number}'")
    result = run(
        source,
        "--portable-errors",
        "-s",
        "-o",
        "portable_errors_receiver=with-project",
        "test_shop.py",
    )
    result.assert_outcomes(passed=8)
    assert "1 class, 8 exceptions: 1 whole" in checks(result)
    assert sent(result) == PAYLOADS, "one exception, by pickle and cloudpickle"


def test_what_fares_otherwise_is_still_found(run: Any, shop: Any) -> None:
    """A value that only some have is another shape."""
    with (shop / "errors.py").open("a") as file:
        file.write(
            "\n\nclass Sometimes(Exception):\n    def __init__(self, code, extra=None):\n      "
            "  super().__init__(code)\n        self.extra = extra\n"
            "        self.lock = __import__('threading').Lock() if extra else None\n"
        )
    result = run(
        MANY.format(cls="Sometimes", args="number, 'x' if number == 7 else None").replace(
            "range(1, 9)", "[1, 2, 3, 4, 5, 6, 7]"
        ),
        "--portable-errors",
        "test_shop.py",
    )
    result.assert_outcomes(failed=1, passed=6)
    result.stdout.fnmatch_lines(["   met by test_shop.py::test_it[[]7[]]"])


def test_under_a_marker_each_travels(run: Any) -> None:
    source = "@pytest.mark.portable_exception(receiver='with-project')" + MANY.format(
        cls="Whole", args="f'a {number}'"
    )
    result = run(
        source, "--portable-errors", "-o", "portable_errors_receiver=with-project", "test_shop.py"
    )
    result.assert_outcomes(passed=8)
    assert "8 exceptions: 1 whole" in checks(result)
