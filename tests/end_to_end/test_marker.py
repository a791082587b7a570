"""The ``portable_exception`` marker: what it captures, and every outcome that it can have."""

from __future__ import annotations

import sys
from typing import Any

import pytest

WITH_PROJECT = "portable = pytest.mark.portable_exception(receiver='with-project')\n"


def test_a_failing_run_whole(run: Any) -> None:
    result = run(
        """
@pytest.mark.portable_exception(receiver="with-project")
def test_payment():
    with pytest.raises(PaymentError):
        raise PaymentError(7, "declined")
"""
    )
    result.assert_outcomes(failed=1)
    lines = result.outlines
    start = next(n for n, line in enumerate(lines) if "FAILURES" in line)
    assert lines[start + 1 : start + 18] == [
        "_________________________________ test_payment _________________________________",
        (
            "shop.errors.PaymentError does not arrive: loads raised TypeError      [pickle and "
            "cloudpickle; receiver: with-project]"
        ),
        "",
        (
            "  sent      shop.errors.PaymentError: order 7: declined        order_id=7 "
            "reason='declined'"
        ),
        (
            "  received  nothing. TypeError: PaymentError.__init__() missing 1 required positional "
            "argument: 'reason'"
        ),
        "",
        "  why   loads calls PaymentError('order 7: declined') - the class with exc.args -",
        "        but __init__ takes (order_id, reason)    shop/errors.py:3",
        "  fix   add __reduce__ to shop.errors.PaymentError, which calls it with what it stored",
        "        (tried: arrives whole)",
        "        (tried on 4 instances)",
        "        (carries no chain, as plain pickle)",
        "        def __reduce__(self):",
        '            """Pickle the call that makes it again."""',
        "            return type(self), (self.order_id, self.reason), self.__dict__",
        "  more  python -m pytest_portable_errors explain init-does-not-fit-args",
        "=========================== short test summary info ============================",
    ]
    if pytest.version_tuple >= (8, 0):
        result.stdout.fnmatch_lines(
            ["FAILED test_shop.py::test_payment - shop.errors.PaymentError does not arr*"]
        )


CAPTURED = {
    "raises": "with pytest.raises(NotFound): raise NotFound('bob')",
    "raises with match": "with pytest.raises(NotFound, match='bob'): raise NotFound('bob')",
    "callable raises": "pytest.raises(NotFound, lambda: (_ for _ in ()).throw(NotFound('bob')))",
    "thread": "import threading\n    def body():\n        with pytest.raises(NotFound): raise "
    "NotFound('bob')\n"
    "    t = threading.Thread(target=body); t.start(); t.join()",
    "fixture's raise": (
        "import contextlib\n    with contextlib.ExitStack() as s:\n        "
        "s.enter_context(pytest.raises(NotFound)); raise NotFound('bob')"
    ),
}


@pytest.mark.parametrize("body", CAPTURED.values(), ids=CAPTURED)
def test_what_pytest_raises_catches_is_captured(run: Any, body: str) -> None:
    result = run(f"{WITH_PROJECT}\n@portable\ndef test_it():\n    {body}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "shop.errors.NotFound arrives changed: message, args *",
            "  + message * not found: not found: bob",
        ]
    )


@pytest.mark.skipif(
    pytest.version_tuple < (8, 4) or sys.version_info < (3, 11),
    reason="RaisesGroup is pytest 8.4, ExceptionGroup Python 3.11",
)
def test_raises_group_is_captured(run: Any) -> None:
    result = run(
        WITH_PROJECT
        + """
@portable
def test_it():
    with pytest.RaisesGroup(NotFound): raise ExceptionGroup("g", [NotFound("bob")])
"""
    )
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["ExceptionGroup arrives changed: members *"])


UNITTEST = """
import unittest
class TestIt(unittest.TestCase):
    @pytest.mark.portable_exception(receiver="with-project")
    def test_context(self):
        with self.assertRaises(NotFound): raise NotFound("bob")
    @pytest.mark.portable_exception(receiver="with-project")
    def test_callable(self):
        def body(): raise NotFound("bob")
        self.assertRaises(NotFound, body)
    @pytest.mark.portable_exception(receiver="with-project", raises=Whole)
    def test_escapes_and_is_portable(self):
        raise Whole("a")
    @pytest.mark.portable_exception(receiver="with-project", raises=NotFound)
    def test_escapes_and_is_not(self):
        raise NotFound("bob")
    @pytest.mark.portable_exception(receiver="with-project")
    def test_own_failure(self):
        raise NotFound("bob")
    @pytest.mark.portable_exception(receiver="with-project")
    def test_skip(self):
        self.skipTest("why not")
"""


def test_unittest(run: Any) -> None:
    result = run(UNITTEST, "-rA")
    result.assert_outcomes(failed=4, passed=1, skipped=1)
    result.stdout.fnmatch_lines(["*PASSED test_shop.py::TestIt::test_escapes_and_is_portable*"])


def test_async_tests(run: Any) -> None:
    result = run(
        WITH_PROJECT
        + """
@portable
@pytest.mark.asyncio
async def test_it():
    with pytest.raises(NotFound): raise NotFound("bob")

@pytest.mark.portable_exception(receiver="with-project", raises=Whole)
@pytest.mark.asyncio
async def test_escapes():
    raise Whole("a")
""",
        plugins=("asyncio",),
    )
    result.assert_outcomes(failed=1, passed=1)


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="subtests are pytest 9")
def test_subtests(run: Any) -> None:
    result = run(
        WITH_PROJECT
        + """
@portable
def test_caught(subtests):
    with subtests.test("one"):
        with pytest.raises(NotFound): raise NotFound("bob")

@portable
def test_escaped(subtests):
    with subtests.test("one"):
        raise Whole("a")
"""
    )
    result.stdout.fnmatch_lines(["*FAILED test_shop.py::test_caught*NotFound arrives changed*"])
    result.stdout.fnmatch_lines(["*SUBFAILED*test_escaped*"])


def test_markers_that_are_added_later(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
import pytest

def pytest_collection_modifyitems(items):
    items[0].add_marker(pytest.mark.portable_exception(receiver="with-project"))

@pytest.fixture
def marks(request):
    request.node.add_marker(pytest.mark.portable_exception(receiver="with-project"))
"""
    )
    body = "    with pytest.raises(NotFound): raise NotFound('bob')\n"
    run(
        f"def test_by_hook():\n{body}\ndef test_by_fixture(marks):\n{body}\ndef "
        f"test_plain():\n{body}"
    ).assert_outcomes(failed=2, passed=1)


def test_a_pytest_that_is_made_otherwise_is_told_and_not_failed(
    run: Any, pytester: pytest.Pytester
) -> None:
    pytester.makeconftest(
        "import pytest_portable_errors.run.capture_patch as patches\n"
        "patches._seeing_filled = lambda see: lambda original: original  # as if pytest no "
        "longer called it\n"
    )
    source = (
        WITH_PROJECT
        + "@portable\ndef test_it():\n    with pytest.raises(NotFound): raise NotFound('bob')\n"
    )
    result = run(source + "@portable\ndef test_escapes(): raise NotFound('bob')\n", "-W", "error")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        ["*portable errors: exceptions that pytest.raises catches were not seen, and not checked*"]
    )
    result.stdout.fnmatch_lines(["shop.errors.NotFound arrives changed: *"])
