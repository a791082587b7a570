"""Exceptions alike are judged by those that have travelled: of one shape, and of one outline."""

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


OTHER_SHAPES = """
@pytest.mark.parametrize("number", range(1, {count} + 1))
def test_it(number):
    with pytest.raises({cls}) as caught:
        raise {cls}({{f"key {{number}}": "declined", **{{str(n): n for n in range(number)}}}}{more})
"""
JUDGED = (
    "not looked at: judged by others of their class before them; portable_errors_thorough = true "
    "sends each ({count} exceptions: shop.errors.{cls})"
)
WITH_PROJECT = ("-o", "portable_errors_receiver=with-project", "test_shop.py")
ALIKE = 5
"""How many exceptions of one outline are sent."""


class TestOutlines:
    """Each exception has another shape: it holds another dict."""

    @pytest.fixture(autouse=True)
    def counting(self, pytester: pytest.Pytester) -> None:
        pytester.makeconftest(COUNTING)

    def test_of_those_that_arrive_whole_five_travel(self, run: Any) -> None:
        source = OTHER_SHAPES.format(cls="Whole", count=30, more="")
        result = run(source, "--portable-errors", "-s", *WITH_PROJECT)
        result.assert_outcomes(passed=30)
        assert "1 class, 30 exceptions: 1 whole" in checks(result)
        assert sent(result) == ALIKE * PAYLOADS
        assert JUDGED.format(count=30 - ALIKE, cls="Whole") in result.outlines

    def test_the_others_fail_for_the_same_defect(self, run: Any) -> None:
        source = OTHER_SHAPES.format(cls="PaymentError", count=30, more=", 'a'")
        result = run(source, "--portable-errors", "-s", *WITH_PROJECT)
        result.assert_outcomes(failed=30)
        result.stdout.fnmatch_lines(["*checked 1 class, 30 exceptions: 0 whole, 1 lossy*"])
        assert JUDGED.format(count=30 - ALIKE, cls="PaymentError") in result.outlines

    def test_thorough_sends_each(self, run: Any) -> None:
        source = OTHER_SHAPES.format(cls="Whole", count=30, more="")
        result = run(
            source, "--portable-errors", "-s", "-o", "portable_errors_thorough=true", *WITH_PROJECT
        )
        assert sent(result) == 30 * PAYLOADS
        assert "1 class, 30 exceptions: 1 whole" in checks(result)
        result.stdout.no_fnmatch_line("*not looked at*")

    def test_in_one_test_a_class_travels_a_hundred_times(self, run: Any) -> None:
        source = """
def test_it():
    for number in range(1, 121):
        with pytest.raises(Whole):
            raise Whole({f"key {number}": "declined"})
"""
        result = run(source, "--portable-errors", "-s", *WITH_PROJECT)
        assert "1 class, 120 exceptions: 1 whole" in checks(result)
        assert sent(result) == 100 * PAYLOADS
        assert JUDGED.format(count=20, cls="Whole") in result.outlines

    def test_what_fares_now_so_now_so_is_told_of_past_the_first_hundred(
        self, run: Any, shop: Any
    ) -> None:
        with (shop / "errors.py").open("a") as file:
            file.write(
                "\n\nclass Fickle(Exception):\n    def __reduce__(self):\n"
                "        return (Fickle, self.args if len(self.args[0]) % 2 else ())\n"
            )
        source = OTHER_SHAPES.format(cls="Fickle", count=110, more="")
        result = run(source, "--portable-errors", "-s", *WITH_PROJECT)
        result.assert_outcomes(failed=50, passed=60)
        result.stdout.fnmatch_lines(
            ["not looked at: past the first 100 of a class,*; * (10 exceptions: *.Fickle)"]
        )

    @pytest.mark.parametrize(
        "value",
        ["__import__('threading').Lock()", "'sk-0123456789abcdef0123'", "LosesAttribute('a')"],
        ids=["unpicklable", "credential", "another class"],
    )
    def test_what_fares_otherwise_is_still_found(self, run: Any, shop: Any, value: str) -> None:
        with (shop / "errors.py").open("a") as file:
            file.write(
                "\n\nclass LosesAttribute(Exception):\n    def __init__(self, text):\n"
                "        super().__init__(text, 1)\n"
                "    def __reduce__(self):\n        return (LosesAttribute, (text,))\n"
            )
        source = OTHER_SHAPES.format(cls="Whole", count=20, more="").replace(
            '"declined"', f"'declined' if number < 20 else {value}"
        )
        result = run(
            source,
            *("--portable-errors", "-o", "portable_errors_credentials=error"),
            *WITH_PROJECT,
        )
        result.assert_outcomes(passed=19, failed=1)


def test_thorough_is_true_or_false(run: Any) -> None:
    result = run("", "--portable-errors", "-o", "portable_errors_thorough=often")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(
        ['*portable_errors_thorough (-o): unknown "often": expected one of true, false']
    )


def test_what_cannot_be_pickled_is_looked_for_once_in_exceptions_that_are_alike(
    run: Any, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        "import pytest_portable_errors.sender.outgoing as outgoing\n"
        "looked, original = [], outgoing.find_unpicklable\n"
        "def find(*args, **named):\n"
        "    looked.append(args[2].name)\n"
        "    return original(*args, **named)\n"
        "outgoing.find_unpicklable = find\n"
        "def pytest_unconfigure(): print('\\nLOOKED', looked.count('pickle'))\n"
    )
    source = """
import threading

class Locked(Exception):
    def __init__(self, rows):
        super().__init__("locked")
        self.lock, self.rows = threading.Lock(), rows

@pytest.mark.parametrize("number", range(1, 5))
def test_it(number):
    with pytest.raises(Locked):
        raise Locked([{"a": [number] * number}] * number)
"""
    words = ("--portable-errors-mode=warn", "-s", "-p", "no:randomly", "test_shop.py")
    result = run(source, *words)
    result.stdout.fnmatch_lines(["LOOKED 1"])
    result = run(source, *words, "-o", "portable_errors_thorough=true")
    result.stdout.fnmatch_lines(["LOOKED 4"])
