"""Every outcome that a test under the marker can have."""

from __future__ import annotations

from typing import Any

import pytest

WITH_PROJECT = "portable = pytest.mark.portable_exception(receiver='with-project')\n"


class TestOutcomes:
    def test_all_whole_passes(self, run: Any) -> None:
        source = (
            "@portable\ndef test_it():\n    for n in range(3):\n        with "
            "pytest.raises(Whole): raise Whole(n)\n"
        )
        run(WITH_PROJECT + source).assert_outcomes(passed=1)

    def test_the_default_receiver_lacks_the_project(self, run: Any) -> None:
        result = run(
            "@pytest.mark.portable_exception\ndef test_it():\n    with pytest.raises(Whole): "
            "raise Whole('a')\n"
        )
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            [
                "  received  nothing. ModuleNotFoundError: No module named 'shop'",
                "*arrives only where the project is installed*",
            ]
        )

    def test_nothing_captured_fails(self, run: Any) -> None:
        result = run("@pytest.mark.portable_exception\ndef test_it(): pass\n")
        result.assert_outcomes(failed=1)
        result.stdout.fnmatch_lines(
            ["captured no exception", "*write at_least=0 if that is meant*"]
        )

    def test_at_least_zero(self, run: Any) -> None:
        run("@pytest.mark.portable_exception(at_least=0)\ndef test_it(): pass\n").assert_outcomes(
            passed=1
        )

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
            [
                "E       assert 1 == 2",
                "*- portable errors -*",
                "shop.errors.NotFound arrives changed: message, args*",
            ]
        )
        result.stdout.fnmatch_lines(
            [
                "E       shop.errors.NotFound: not found: bob",
                "*- portable errors -*",
                "shop.errors.NotFound arrives changed*",
            ]
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
        result.stdout.fnmatch_lines(
            [
                "E *KeyError: 'k'",
                "*portable errors*",
                "no Whole escaped the test: raises=Whole expects one",
            ]
        )

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
            [
                "*NotFound arrives changed: message, args *[[]pickle:2; receiver: with-project]",
                "  reason  function",
            ]
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
        source = WITH_PROJECT + (
            "@portable\ndef test_it():\n    with pytest.raises(NotFound): raise "
            "NotFound('\\ud800\\x1b[31m')\n"
        )
        result = run(source, "--color=yes", "--junitxml=out.xml")
        assert any(line.startswith("\x1b[31m  - message") for line in result.outlines)
        assert "not found: \\ud800\\x1b[31m" in (pytester.path / "out.xml").read_text()
        assert "\x1b" not in run(source, "--color=no", "-q").stdout.str()
