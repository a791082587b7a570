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
    assert lines[start + 1 : start + 10] == [
        "_________________________________ test_payment _________________________________",
        "shop.errors.PaymentError does not arrive: loads raised TypeError      [pickle and cloudpickle; receiver: with-project]",
        "",
        "  sent      shop.errors.PaymentError: order 7: declined        order_id=7 reason='declined'",
        "  received  nothing. TypeError: PaymentError.__init__() missing 1 required positional argument: 'reason'",
        "",
        "  why   loads calls PaymentError('order 7: declined') - the class with exc.args -",
        "        but __init__ takes (order_id, reason)    shop/errors.py:3",
        "=========================== short test summary info ============================",
    ]
    if pytest.version_tuple >= (8, 0):
        result.stdout.fnmatch_lines(["FAILED test_shop.py::test_payment - shop.errors.PaymentError does not arr*"])


CAPTURED = {
    "raises": "with pytest.raises(NotFound): raise NotFound('bob')",
    "raises with match": "with pytest.raises(NotFound, match='bob'): raise NotFound('bob')",
    "callable raises": "pytest.raises(NotFound, lambda: (_ for _ in ()).throw(NotFound('bob')))",
    "thread": "import threading\n    def body():\n        with pytest.raises(NotFound): raise NotFound('bob')\n"
    "    t = threading.Thread(target=body); t.start(); t.join()",
    "fixture's raise": "import contextlib\n    with contextlib.ExitStack() as s:\n        s.enter_context(pytest.raises(NotFound)); raise NotFound('bob')",
}


@pytest.mark.parametrize("body", CAPTURED.values(), ids=CAPTURED)
def test_what_pytest_raises_catches_is_captured(run: Any, body: str) -> None:
    result = run(f"{WITH_PROJECT}\n@portable\ndef test_it():\n    {body}\n")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["shop.errors.NotFound arrives changed: message, args *", "  + message * not found: not found: bob"])


@pytest.mark.skipif(
    pytest.version_tuple < (8, 4) or sys.version_info < (3, 11), reason="RaisesGroup is pytest 8.4, ExceptionGroup Python 3.11"
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
"""
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


class TestOutcomes:
    def test_all_whole_passes(self, run: Any) -> None:
        source = "@portable\ndef test_it():\n    for n in range(3):\n        with pytest.raises(Whole): raise Whole(n)\n"
        run(WITH_PROJECT + source).assert_outcomes(passed=1)

    def test_the_default_receiver_lacks_the_project(self, run: Any) -> None:
        result = run("@pytest.mark.portable_exception\ndef test_it():\n    with pytest.raises(Whole): raise Whole('a')\n")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["  received  nothing. ModuleNotFoundError: No module named 'shop'", "*arrives only where the project is installed*"]
        )

    def test_nothing_captured_fails(self, run: Any) -> None:
        result = run("@pytest.mark.portable_exception\ndef test_it(): pass\n")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(["captured no exception", "*write at_least=0 if that is meant*"])

    def test_at_least_zero(self, run: Any) -> None:
        run("@pytest.mark.portable_exception(at_least=0)\ndef test_it(): pass\n").assert_outcomes(passed=1)

    @pytest.mark.parametrize("kind", ["Whole('a')", "ValueError('a')", "ValueError()"])
    def test_at_least_counts_distinct_objects(self, run: Any, kind: str) -> None:
        result = run(
            f"""
@pytest.mark.portable_exception(at_least=2, receiver="with-project")
def test_same_object_twice():
    with pytest.raises(Exception):
        with pytest.raises(Exception) as caught: raise {kind}
        raise caught.value

@pytest.mark.portable_exception(at_least=3, receiver="with-project")
def test_three_objects():
    for _ in range(3):
        with pytest.raises(Exception): raise {kind}
"""
        )
        result.assert_outcomes(failed=1, passed=1)
        result.stdout.fnmatch_lines(["captured 1 of at least 2 exceptions"])

    def test_a_tests_own_failure_stays_and_the_losses_are_a_section(self, run: Any) -> None:
        result = run(
            WITH_PROJECT
            + """
@portable
def test_assertion():
    with pytest.raises(NotFound): raise NotFound("bob")
    assert 1 == 2

@portable
def test_escapes():
    raise NotFound("bob")
"""
        )
        result.assert_outcomes(failed=2)
        result.stdout.fnmatch_lines(
            ["E       assert 1 == 2", "*- portable errors -*", "shop.errors.NotFound arrives changed: message, args*"]
        )
        result.stdout.fnmatch_lines(
            ["E       shop.errors.NotFound: not found: bob", "*- portable errors -*", "shop.errors.NotFound arrives changed*"]
        )

    def test_raises(self, run: Any) -> None:
        result = run(
            """
raising = lambda kind: pytest.mark.portable_exception(receiver="with-project", raises=kind)

@raising(Whole)
def test_whole(): raise Whole("a")

@raising((KeyError, Whole))
def test_tuple(): raise Whole("a")

@raising(NotFound)
def test_lossy(): raise NotFound("bob")

@raising(Whole)
def test_nothing(): pass

@raising(Whole)
def test_other(): raise KeyError("k")

@raising(AssertionError)
def test_assertion(): assert False
""",
            "-rA",
        )
        result.assert_outcomes(passed=3, failed=3)
        result.stdout.fnmatch_lines(["no Whole escaped the test: raises=Whole expects one"])
        result.stdout.fnmatch_lines(["E *KeyError: 'k'", "*portable errors*", "no Whole escaped the test: raises=Whole expects one"])

    def test_pytests_own_outcomes_are_never_captured(self, run: Any) -> None:
        result = run(
            """
portable = pytest.mark.portable_exception(receiver="with-project", raises=BaseException)

@portable
def test_skip(): pytest.skip("s")

@portable
def test_fail(): pytest.fail("f")

@portable
def test_xfail(): pytest.xfail("x")

@pytest.mark.portable_exception
def test_caught():
    with pytest.raises(pytest.fail.Exception): pytest.fail("f")
"""
        )
        result.assert_outcomes(skipped=1, failed=2, xfailed=1)
        result.stdout.fnmatch_lines(["captured no exception"])

    def test_xfail_skip_and_parametrize(self, run: Any) -> None:
        result = run(
            WITH_PROJECT
            + """
@pytest.mark.xfail
@portable
def test_xfails():
    with pytest.raises(NotFound): raise NotFound("bob")

@pytest.mark.xfail(strict=True)
@portable
def test_xpasses():
    with pytest.raises(Whole): raise Whole("bob")

@pytest.mark.skip
@portable
def test_skipped(): pass

@pytest.mark.parametrize("kind", [Whole, NotFound])
@portable
def test_each(kind):
    with pytest.raises(kind): raise kind("bob")
"""
        )
        result.assert_outcomes(xfailed=1, failed=2, skipped=1, passed=1)

    def test_arrives_as(self, run: Any) -> None:
        result = run(
            """
@pytest.mark.portable_exception(raises=StepFailed, arrives_as=RuntimeError)
def test_declared(): raise StepFailed("fetch", 3)

@pytest.mark.portable_exception(raises=StepFailed)
def test_undeclared(): raise StepFailed("fetch", 3)
"""
        )
        result.assert_outcomes(passed=1, failed=1)

    def test_the_closest_marker_wins_keyword_by_keyword(self, run: Any) -> None:
        result = run(
            """
pytestmark = pytest.mark.portable_exception(receiver="with-project", at_least=2, reason="module")

@pytest.mark.portable_exception(at_least=1)
class TestIt:
    def test_class(self):
        with pytest.raises(Whole): raise Whole("a")

    @pytest.mark.portable_exception(serializers=("pickle:2",), reason="function")
    def test_function(self):
        with pytest.raises(NotFound): raise NotFound("a")

def test_module():
    with pytest.raises(Whole): raise Whole("a")
"""
        )
        result.assert_outcomes(passed=1, failed=2)
        result.stdout.fnmatch_lines(
            ["*NotFound arrives changed: message, args *[[]pickle:2; receiver: with-project]", "  reason  function"]
        )
        result.stdout.fnmatch_lines(["captured 1 of at least 2 exceptions", "  reason  module"])

    def test_no_reference_is_kept(self, run: Any) -> None:
        result = run(
            """
import gc, weakref

class Thing: pass

@pytest.mark.portable_exception(receiver="with-project")
@pytest.mark.parametrize("kind", [ValueError, Whole])
def test_it(kind):
    def body():
        thing = Thing()
        seen.append(weakref.ref(thing))
        raise kind("a")
    seen = []
    with pytest.raises(kind) as caught: body()
    del caught
    gc.collect()
    assert seen[0]() is None
"""
        )
        result.assert_outcomes(passed=2)

    def test_patches_are_undone(self, run: Any) -> None:
        result = run(
            WITH_PROJECT
            + """
before = vars(pytest.ExceptionInfo)["fill_unfilled"]

@portable
def test_marked():
    assert vars(pytest.ExceptionInfo)["fill_unfilled"] is not before
    with pytest.raises(Whole): raise Whole("a")

def test_after():
    assert vars(pytest.ExceptionInfo)["fill_unfilled"] is before
"""
        )
        result.assert_outcomes(passed=2)

    def test_colour_junit_and_quiet(self, run: Any, pytester: pytest.Pytester) -> None:
        source = WITH_PROJECT + "@portable\ndef test_it():\n    with pytest.raises(NotFound): raise NotFound('\\ud800\\x1b[31m')\n"
        result = run(source, "--color=yes", "--junitxml=out.xml")
        assert any(line.startswith("\x1b[31m  - message") for line in result.outlines)
        assert "not found: \\ud800\\x1b[31m" in (pytester.path / "out.xml").read_text()
        assert "\x1b" not in run(source, "--color=no", "-q").stdout.str()


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
    run(f"def test_by_hook():\n{body}\ndef test_by_fixture(marks):\n{body}\ndef test_plain():\n{body}").assert_outcomes(failed=2, passed=1)


HOSTILE = """
class LyingClass(Exception):
    @property
    def __class__(self): raise RuntimeError

class NoAttributes(Exception):
    def __getattribute__(self, name): raise RuntimeError(name)

class NoModule(Exception): pass
NoModule.__module__ = []

class Meta(type):
    def __getattribute__(cls, name): raise RuntimeError(name)
class WithMeta(Exception, metaclass=Meta): pass

class BadArgs(Exception):
    args = property(lambda self: 1 / 0)

class BadSignature(Exception):
    def __init__(self, *args): super().__init__(1, 2)
BadSignature.__init__.__signature__ = "nonsense"

def no_self(): ...
class NoSelf(Exception): pass

class BadKey:
    def __str__(self): raise ValueError
    __repr__ = __str__

class Holds(Exception):
    def __init__(self): self.args = ({BadKey(): __import__("threading").Lock()},)

KINDS = {"kinds": [LyingClass, NoAttributes, NoModule, WithMeta, BadArgs, BadSignature, Holds]}
del LyingClass, NoAttributes, NoModule, WithMeta, Meta, BadArgs, BadSignature, Holds  # pytest looks at a module's classes

@pytest.mark.parametrize("kind", range(7))
@pytest.mark.portable_exception(receiver="with-project")
def test_hostile(kind):
    with pytest.raises(ValueError): raise ValueError("one that cannot be referenced weakly, first")
    with pytest.raises(Exception): raise KINDS["kinds"][kind]()

def test_after(): pass
"""


def test_a_hostile_exception_is_one_clear_failure(run: Any) -> None:
    result = run(HOSTILE)
    result.assert_outcomes(failed=7, passed=1)
    assert "INTERNALERROR" not in result.stdout.str()
    assert result.stdout.str().count("does not arrive") >= 7


def test_a_pytest_that_is_made_otherwise_is_told_and_not_failed(run: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "import pytest_portable_errors.sender.capture as capture\n"
        "capture._seeing_filled = lambda see: lambda original: original  # as if pytest no longer called it\n"
    )
    source = WITH_PROJECT + "@portable\ndef test_it():\n    with pytest.raises(NotFound): raise NotFound('bob')\n"
    result = run(source + "@portable\ndef test_escapes(): raise NotFound('bob')\n", "-W", "error")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*portable errors: exceptions that pytest.raises catches were not seen, and not checked*"])
    result.stdout.fnmatch_lines(["shop.errors.NotFound arrives changed: *"])


class TestMisuse:
    @pytest.mark.parametrize(
        ("marker", "message"),
        [
            ("'x'", "takes keywords only, got 'x': write @pytest.mark.portable_exception(raises=PaymentError)"),
            ("raise_=KeyError", "unknown keyword raise_=KeyError: did you mean raises?"),
            ("raises=KeyError()", "raises=KeyError(): expected an exception class or a tuple of them"),
            ("raises=()", "raises=(): expected an exception class or a tuple of them"),
            ("receiver='moon'", "receiver='moon': expected one of without-project, stdlib, with-project"),
            ("serializers='pickle'", "serializers='pickle': expected a tuple of names or Serializers, e.g. ('pickle', 'cloudpickle')"),
            ("serializers=('json',)", "unknown serializer 'json': expected one of pickle, cloudpickle, dill, *"),
            ("checks=('typo',)", "checks=('typo',): expected a tuple of some of type, message, *"),
            ("at_least=True", "at_least=True: expected how many exceptions: 0, 1, 2..."),
            ("reason=3", "reason=3: expected a text"),
            ("arrives_as=3", "arrives_as=3: expected an exception class, or its dotted name such as 'builtins.RuntimeError'"),
        ],
    )
    def test_is_an_error_at_collection_that_names_the_test(self, run: Any, marker: str, message: str) -> None:
        result = run(f"@pytest.mark.portable_exception({marker})\ndef test_it(): pass\n")
        result.assert_outcomes(errors=1)
        assert result.ret == 2
        message = message.replace("[", "[[]")
        result.stdout.fnmatch_lines([f"test_shop.py::test_it: @pytest.mark.portable_exception: {message}"])

    def test_a_class_as_the_only_argument_swallows_the_test_and_that_is_found(self, run: Any) -> None:
        result = run("@pytest.mark.portable_exception(Whole)\ndef test_it(): pass\n\ndef test_other(): pass\n")
        result.assert_outcomes(errors=1)
        result.stdout.fnmatch_lines(
            [
                "test_shop.py::test_it: @pytest.mark.portable_exception(Whole) marked the class and swallowed the test; write @pytest.mark.portable_exception(raises=Whole)"
            ]
        )

    def test_the_marker_is_registered(self, run: Any) -> None:
        result = run("@pytest.mark.portable_exception\ndef test_it():\n    with pytest.raises(ValueError): int('x')\n", "--strict-markers")
        result.assert_outcomes(passed=1)
        assert "portable_exception(*, raises, arrives_as" in run("", "--markers").stdout.str()
