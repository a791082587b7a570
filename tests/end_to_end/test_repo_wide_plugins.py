"""A repo-wide run sees what every kind of test raises, and leaves each kind its own outcomes."""

from __future__ import annotations

import importlib.util
import re
from typing import Any

import pytest

WIDE = ("--portable-errors", "--portable-errors-receiver=with-project", "test_shop.py")


def told(result: pytest.RunResult) -> list[str]:
    """What the summary says of defects, who met them, and of totals."""
    lines = (re.sub(r"^(\d+  \S+).*", r"\1", line).strip() for line in result.outlines)
    return [
        line
        for line in lines
        if re.match(r"\d+  \S|met by|checked |portable errors: no exception", line)
    ]


class TestPytestsOwnKinds:
    def test_what_xfail_and_skip_say_holds_for_defects(self, run: Any) -> None:
        source = """
def lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

@pytest.mark.xfail
def test_xfail(): lossy()

@pytest.mark.xfail(strict=True)
def test_strict(): lossy()

@pytest.mark.xfail(strict=True)
def test_passes_strict():
    with pytest.raises(Whole): raise Whole("a")

@pytest.mark.xfail(raises=KeyError)
def test_of_another_kind(): lossy()

@pytest.mark.skip
def test_skipped(): lossy()

def test_skips():
    with pytest.raises(Whole): raise Whole("a")
    pytest.skip("here")

@pytest.mark.parametrize("kind", [Whole, NotFound])
def test_each(kind):
    with pytest.raises(kind): raise kind("bob")
"""
        result = run(source, *WIDE)
        result.assert_outcomes(xfailed=2, failed=3, skipped=2, passed=1)
        assert told(result) == [
            "1  shop.errors.NotFound",
            (
                "met by test_shop.py::test_each[NotFound], test_shop.py::test_of_another_kind, "
                "test_shop.py::test_strict and 1 more"
            ),
            "checked 2 classes, 6 exceptions: 1 whole, 1 lossy",
        ]

    def test_a_fixture_that_raises_stays_an_error_of_pytest(self, run: Any) -> None:
        """What fixtures raise is not checked: only the body of a test is watched."""
        source = """
@pytest.fixture
def fails_first(): raise NotFound("a")

@pytest.fixture
def fails_last():
    yield
    raise NotFound("b")

def test_never_runs(fails_first): pass

def test_runs(fails_last):
    with pytest.raises(Whole): raise Whole("a")

def test_meets_a_defect(fails_last):
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
"""
        result = run(source, *WIDE)
        result.assert_outcomes(errors=3, passed=1, failed=1)
        assert told(result) == [
            "1  shop.errors.PaymentError",
            "met by test_shop.py::test_meets_a_defect",
            "checked 2 classes, 2 exceptions: 1 whole, 1 lossy",
        ]

    def test_what_is_caught_in_a_thread_is_seen(self, run: Any) -> None:
        source = """
import threading

def test_thread():
    def body():
        with pytest.raises(NotFound): raise NotFound("bob")
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()

@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_thread_that_dies():
    def body(): raise PaymentError(7, "declined")
    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
"""
        result = run(source, *WIDE)
        result.assert_outcomes(failed=1, passed=1)
        assert told(result)[1:] == [
            "met by test_shop.py::test_thread",
            "checked 1 class, 1 exception: 0 whole, 1 lossy",
        ]

    def test_doctests_are_judged_by_what_their_code_raised(self, run: Any) -> None:
        """The exceptions by which doctest says that one failed are none of the project's."""
        source = '''
def shows_a_traceback():
    """
    >>> raise PaymentError(7, "declined")
    Traceback (most recent call last):
    shop.errors.PaymentError: order 7: declined
    """

def raises():
    """
    >>> raise NotFound("bob")
    """

def gives_something_else():
    """
    >>> 1 + 1
    3
    >>> raise Whole("a")
    """
'''
        result = run(source, *WIDE, "--doctest-modules")
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(
            ["*- portable errors -*", "shop.errors.NotFound arrives changed: message, args *"]
        )
        assert told(result) == [
            "1  shop.errors.NotFound",
            "met by test_shop.py::test_shop.raises",
            "checked 1 class, 1 exception: 0 whole, 1 lossy",
        ]
        everything = run(source, *WIDE, "--doctest-modules", "--doctest-continue-on-failure")
        assert told(everything)[-1] == "checked 2 classes, 2 exceptions: 1 whole, 1 lossy"

    @pytest.mark.skipif(
        pytest.version_tuple < (9,) and importlib.util.find_spec("pytest_subtests") is None,
        reason="subtests need pytest 9, or pytest-subtests",
    )
    def test_subtests(self, run: Any) -> None:
        source = """
def test_them(subtests):
    with subtests.test("escapes"): raise NotFound("a")
    with subtests.test("caught"):
        with pytest.raises(PaymentError): raise PaymentError(7, "declined")
    with subtests.test("fails"): assert 1 == 2
    with subtests.test("passes"): pass
"""
        result = run(source, *WIDE)
        assert result.ret == pytest.ExitCode.TESTS_FAILED
        assert told(result) == [
            "1  shop.errors.NotFound",
            "met by test_shop.py::test_them",
            "2  shop.errors.PaymentError",
            "met by test_shop.py::test_them",
            "checked 2 classes, 2 exceptions: 0 whole, 2 lossy",
        ]


def test_unittest(run: Any) -> None:
    """What escapes a test that is expected to fail is kept by unittest, and not seen."""
    source = """
import unittest

class TestIt(unittest.TestCase):
    def test_caught(self):
        with self.assertRaises(NotFound): raise NotFound("bob")

    def test_caught_in_a_call(self):
        def fails(): raise PaymentError(7, "declined")
        self.assertRaises(PaymentError, fails)

    def test_caught_by_its_message(self):
        with self.assertRaisesRegex(Whole, "a"): raise Whole("a")

    def test_escapes(self): raise NotFound("bob")

    @unittest.expectedFailure
    def test_expected(self): raise StepFailed("fetch", 3)

    @unittest.skip("not now")
    def test_skipped(self): raise StepFailed("fetch", 3)
"""
    result = run(source, *WIDE)
    result.assert_outcomes(failed=3, passed=1, skipped=1, xfailed=1)
    result.stdout.fnmatch_lines(
        ["E *shop.errors.NotFound: not found: bob", "*- portable errors -*", "*see the summary"]
    )
    assert told(result) == [
        "1  shop.errors.NotFound",
        "met by test_shop.py::TestIt::test_caught, test_shop.py::TestIt::test_escapes",
        "2  shop.errors.PaymentError",
        "met by test_shop.py::TestIt::test_caught_in_a_call",
        "checked 3 classes, 4 exceptions: 1 whole, 2 lossy",
    ]


@pytest.mark.parametrize(
    ("plugin", "mark"),
    [("pytest_asyncio", "@pytest.mark.asyncio"), ("anyio", "@pytest.mark.anyio")],
    ids=["pytest-asyncio", "anyio"],
)
def test_coroutines(run: Any, plugin: str, mark: str) -> None:
    pytest.importorskip(plugin)
    source = """
import asyncio

@pytest.fixture
def anyio_backend(): return "asyncio"

MARK
async def test_caught():
    await asyncio.sleep(0)
    with pytest.raises(NotFound): raise NotFound("bob")

MARK
async def test_escapes():
    await asyncio.sleep(0)
    raise PaymentError(7, "declined")

MARK
async def test_whole():
    with pytest.raises(Whole): raise Whole("a")
"""
    options = (
        ("-o", "asyncio_default_fixture_loop_scope=function") if plugin == "pytest_asyncio" else ()
    )
    result = run(
        source.replace("MARK", mark), *WIDE, *options, plugins=(plugin.removeprefix("pytest_"),)
    )
    result.assert_outcomes(failed=2, passed=1, warnings=result.parseoutcomes().get("warnings", 0))
    result.stdout.fnmatch_lines(
        ["*- portable errors -*", "shop.errors.PaymentError does not arrive: *"]
    )
    assert told(result) == [
        "1  shop.errors.NotFound",
        "met by test_shop.py::test_caught",
        "2  shop.errors.PaymentError",
        "met by test_shop.py::test_escapes",
        "checked 3 classes, 3 exceptions: 1 whole, 2 lossy",
    ]


def test_hypothesis(run: Any) -> None:
    """One test, however many examples; and a defect of an exception is no reason to look for a
    smaller example."""
    pytest.importorskip("hypothesis")
    source = """
from hypothesis import given, settings, strategies

tries = []

@settings(max_examples=5, database=None, deadline=None)
@given(strategies.integers())
def test_lossy(number):
    tries.append(number)
    with pytest.raises(NotFound): raise NotFound(number)

def test_tries():
    assert len(tries) == 5
"""
    result = run(source, *WIDE, plugins=("hypothesispytest",))
    result.assert_outcomes(failed=1, passed=1)
    assert told(result)[1:] == [
        "met by test_shop.py::test_lossy",
        "checked 1 class, 5 exceptions: 0 whole, 1 lossy",
    ]


RERUN = """
tries = []

@pytest.mark.flaky(reruns=2)
def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

@pytest.mark.flaky(reruns=2)
def test_passes_at_last():
    tries.append(None)
    if len(tries) < 3: raise PaymentError(7, "declined")
    with pytest.raises(Whole): raise Whole("a")
"""


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["alone", "shared out"])
def test_a_test_that_is_run_again_counts_as_it_ended(run: Any, options: tuple[str, ...]) -> None:
    pytest.importorskip("pytest_rerunfailures")
    if options:
        pytest.importorskip("xdist")
    result = run(RERUN, *WIDE, *options, "--tb=short", plugins=("rerunfailures",))
    assert {
        name: count for name, count in result.parseoutcomes().items() if name != "warnings"
    } == {"failed": 1, "passed": 1, "rerun": 4}
    assert told(result) == [
        "1  shop.errors.NotFound",
        "met by test_shop.py::test_lossy",
        "checked 2 classes, 2 exceptions: 1 whole, 1 lossy",
    ]
    (shown,) = [line for line in result.outlines if line.startswith("shop.errors.NotFound ")]
    assert "see the summary" not in shown, "only the last run is shown"
    result.stdout.fnmatch_lines(["  fix   add __reduce__ to shop.errors.NotFound*"])


def test_tests_in_processes_of_their_own(run: Any, pytester: pytest.Pytester) -> None:
    """One that is killed loses what it raised, and no more."""
    pytest.importorskip("pytest_forked")
    plain = ("--forked", "-p", "no:portable_errors")
    if run("def test_it(): pass\n", *plain, plugins=("pytest_forked",)).ret != 0:
        pytest.skip("this version of pytest-forked does not work with this version of pytest")
    source = """
import os, signal

def test_lossy():
    with pytest.raises(NotFound): raise NotFound("bob")

def test_lossy_again():
    with pytest.raises(NotFound): raise NotFound("al")

def test_whole():
    with pytest.raises(Whole): raise Whole("a")

def test_is_killed():
    with pytest.raises(PaymentError): raise PaymentError(7, "declined")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    result = run(source, *WIDE, "--forked", plugins=("pytest_forked",))
    result.assert_outcomes(failed=3, passed=1)
    assert told(result) == [
        "1  shop.errors.NotFound",
        "met by test_shop.py::test_lossy, test_shop.py::test_lossy_again",
        "checked 2 classes, 3 exceptions: 1 whole, 1 lossy",
    ]
