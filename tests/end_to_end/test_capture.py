"""What ``portable_errors_capture`` has seen, each kind alone, and that nothing of it stays
behind."""

from __future__ import annotations

import json
import sys
from typing import Any

import pytest
from chosen_plugins import chosen

from pytest_portable_errors.run import handled

monitored = pytest.mark.skipif(
    sys.version_info < handled.NEEDS, reason="sys.monitoring is Python 3.12"
)

WAYS = """
import contextlib

class Way(Exception): pass

for name in (
    "ByRaises ByCallable ByUnittest ByUnittestCallable Escaped EscapedUnittest "
    "Handled InProject InThread InAsync Suppressed InAFuture InALibrary"
).split():
    globals()[name] = type(name, (Way,), {"__module__": __name__})

def go(cls): raise cls("a")

def swallow(cls):
    try: go(cls)
    except Way: return "swallowed"
"""
SOURCE = """
import asyncio, contextlib, threading, unittest
from concurrent.futures import ThreadPoolExecutor
from pluggy import _result
Result = getattr(_result, "Result", None) or _result._Result  # public since pluggy 1.3
from shop.ways import *

def test_raises():
    with pytest.raises(Way): go(ByRaises)

def test_callable(): pytest.raises(Way, go, ByCallable)

class TestUnit(unittest.TestCase):
    def test_with(self):
        with self.assertRaises(Way): go(ByUnittest)

    def test_callable(self): self.assertRaises(Way, go, ByUnittestCallable)

    def test_escapes(self): go(EscapedUnittest)

def test_escapes(): go(Escaped)

def test_handled():
    try: go(Handled)
    except Way as caught: assert caught.args == ("a",)

def test_in_project(): assert swallow(InProject) == "swallowed"

def test_in_a_thread():
    thread = threading.Thread(target=swallow, args=(InThread,))
    thread.start()
    thread.join()

def test_in_async_code():
    async def main():
        try: await other()
        except Way: return 7

    async def other():
        await asyncio.sleep(0)
        go(InAsync)

    assert asyncio.run(main()) == 7

def test_suppressed():
    with contextlib.suppress(Way): go(Suppressed)

def test_in_a_future():
    with ThreadPoolExecutor() as pool: assert type(pool.submit(go, InAFuture).exception()) is InAFuture

def test_in_a_library():
    assert type(Result.from_call(lambda: go(InALibrary)).exception) is InALibrary

def test_ends_of_iteration():
    numbers = iter(())
    try: next(numbers)
    except StopIteration: pass
    assert [number for number in (n for n in range(2))] == [0, 1]
"""
HANDLED = (
    {"Handled", "InProject", "InThread", "InAsync", "Suppressed"}
    if sys.version_info >= handled.NEEDS
    else set()
)
WITH_STATEMENTS = {"ByRaises", "ByUnittest"} if sys.version_info >= handled.NEEDS else set()
SEEN = {
    "raises": {"ByRaises", "ByCallable"},
    "unittest": {"ByUnittest", "ByUnittestCallable"},
    "escaped": {"Escaped", "EscapedUnittest"},
    "handled": HANDLED | WITH_STATEMENTS,
}
REPORTED = (
    "--portable-errors",
    "--portable-errors-report=found.json",
    "--portable-errors-receiver=with-project",
    "test_shop.py",
)


@pytest.fixture
def seen(run: Any, pytester: pytest.Pytester) -> Any:
    """Run that with these kinds; give the result and the classes that were met."""
    (pytester.path / "shop" / "ways.py").write_text(WAYS)

    def seen(source: str, kinds: str | None, *args: str) -> tuple[pytest.RunResult, dict[str, Any]]:
        setting = () if kinds is None else ("-o", f"portable_errors_capture={kinds}")
        result = run(source, *REPORTED, *setting, *args)
        return result, json.loads((pytester.path / "found.json").read_text())

    return seen


def names(document: dict[str, Any]) -> set[str]:
    return {cls.rpartition(".")[2] for cls in document["classes"]}


@pytest.mark.parametrize("kinds", ["raises", "unittest", "escaped", "handled", None])
def test_each_kind_alone_sees_its_own(seen: Any, kinds: str | None) -> None:
    result, document = seen(SOURCE, kinds)
    result.assert_outcomes(passed=12, failed=2)  # the two that are meant to fail
    assert names(document) == (
        SEEN[kinds] if kinds else SEEN["raises"] | SEEN["unittest"] | SEEN["escaped"]
    )
    assert document["totals"]["exceptions"] == len(names(document)), "each object once"
    needs = (
        "*portable_errors_capture = handled needs Python 3.12: exceptions that only except "
        "clauses catch were not seen"
    )
    if kinds == "handled" and sys.version_info < handled.NEEDS:
        result.stdout.fnmatch_lines([needs])
    else:
        result.stdout.no_fnmatch_line(needs)


def test_all_together_see_each_object_once_and_so_do_workers(seen: Any) -> None:
    pytest.importorskip("xdist")
    _, alone = seen(SOURCE, "raises unittest escaped handled")
    _, parallel = seen(SOURCE, "raises unittest escaped handled", "-n", "2")
    for document in (alone, parallel):
        assert names(document) == set.union(*SEEN.values())
        assert document["totals"]["exceptions"] == len(names(document))


def test_a_marked_test_sees_the_same_kinds(seen: Any) -> None:
    source = """
from shop.ways import *
@pytest.mark.portable_exception
def test_it():
    with pytest.raises(Way): go(ByRaises)
"""
    seen(source, "raises")[0].assert_outcomes(passed=1)
    result, _ = seen(source, "unittest")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["captured no exception"])


HOSTILE = """
class Hostile(Exception):
    def __str__(self): raise SystemExit("no")
    def __repr__(self): raise SystemExit("no")
    def __reduce__(self):
        try: raise LookupError
        except LookupError: raise SystemExit("no")

class Fine(Exception):
    def __reduce__(self):
        try: raise LookupError("while pickled")
        except LookupError: return Fine, self.args

def test_hostile():
    done = []
    try: raise Hostile
    except Hostile: done.append("except")
    finally: done.append("finally")
    assert done == ["except", "finally"]

def test_escapes(): raise Fine("a")
"""


@monitored
def test_exceptions_that_cannot_be_described_disturb_nothing(seen: Any) -> None:
    result, document = seen(HOSTILE, "escaped handled", "--portable-errors-mode=warn")
    result.assert_outcomes(passed=1, failed=1)
    assert names(document) == {"Hostile", "Fine"}, (
        "and not what their own code catches while we look"
    )


MAIN = """
import sys
import pytest

def state():
    case = __import__("unittest").TestCase()
    monitoring = getattr(sys, "monitoring", None)
    return (
        dict(vars(pytest.ExceptionInfo)),
        vars(type(case.assertRaises(Exception)))["__exit__"],
        [monitoring.get_tool(number) for number in range(6)] if monitoring else None,
        [monitoring.get_events(number) for number in range(6) if monitoring.get_tool(number)] if monitoring else None,
    )

if others and hasattr(sys, "monitoring"):
    sys.monitoring.use_tool_id(sys.monitoring.COVERAGE_ID, "coverage")
    sys.monitoring.set_events(sys.monitoring.COVERAGE_ID, sys.monitoring.events.LINE)
before = state()
ini = "portable_errors_capture=raises unittest escaped handled"
codes = [pytest.main(["-q", *options, "--portable-errors", "--portable-errors-mode=warn", "-o", ini, "test_shop.py"]) for _ in range(2)]
assert state() == before
print("left as it was", *map(int, codes))
"""


@pytest.mark.parametrize("others", [False, True], ids=["", "with another tool"])
def test_everything_is_as_it_was_after_the_run(
    pytester: pytest.Pytester, shop: Any, others: bool
) -> None:
    (shop / "ways.py").write_text(WAYS)
    pytester.makepyfile(test_shop=f"import pytest\n{SOURCE}", main=MAIN)
    result = pytester.runpython_c(
        f"others = {others}; options = {chosen()!r}; exec(open('main.py').read())"
    )
    result.stdout.fnmatch_lines(["left as it was 1 1"])


@monitored
def test_inside_a_watched_test_the_tool_is_registered_and_after_it_is_not(seen: Any) -> None:
    source = """
import sys
def ours(): return [n for n in range(6) if sys.monitoring.get_tool(n) == "pytest-portable-errors"]

@pytest.fixture
def around():
    assert ours() == []
    yield
    assert ours() == []

def test_it(around): assert len(ours()) == 1
"""
    seen(source, "handled")[0].assert_outcomes(passed=1)
