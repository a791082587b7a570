"""Many errors that hold one large graph: the run ends, each counts, and what was not looked at is
said."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import large_zoo
import pytest
from carriers_here import CARRIERS, is_here
from in_matrix import MATRIX

GRAPH = """
class Node:
    def __init__(self, number):
        self.name, self.near = f"node {number}", []

def graph():
    nodes = [Node(number) for number in range(1_000)]
    for number, node in enumerate(nodes):
        node.near.append(nodes[number // 2])
    return nodes

class HoldsError(Exception):
    pass

class Whole(HoldsError):
    pass

class Lossy(HoldsError):
    def __init__(self, message, code):
        super().__init__(message)
        self.code = code

class Unpicklable(HoldsError):
    def __init__(self, message):
        super().__init__(message)
        self.lines = (line for line in "ab")
"""
SOURCE = """
from shop.graphs import *

NODES = graph()

@pytest.mark.parametrize("number", range(24))
def test_it(number):
    with pytest.raises(HoldsError):
        exc = (Whole("m"), Lossy("m", number), Unpicklable("m"))[number % 3]
        exc.graph = NODES
        setattr(exc, f"extra_{number}", number)
        raise exc
"""
SETTINGS = ("-o", "portable_errors_receiver=with-project", "test_shop.py")


@pytest.fixture
def graphs(run: Any, pytester: pytest.Pytester) -> Any:
    def go(*options: str) -> pytest.RunResult:
        (pytester.path / "shop").mkdir(exist_ok=True)
        (pytester.path / "shop" / "graphs.py").write_text(GRAPH)
        result: pytest.RunResult = run(SOURCE, *options, *SETTINGS)
        return result

    return go


def test_no_outcome_changes_in_warn_mode_and_each_counts(graphs: Any) -> None:
    result = graphs("--portable-errors-mode=warn")
    result.assert_outcomes(passed=24)
    result.stdout.fnmatch_lines(
        [
            "1  shop.graphs.Lossy*broken everywhere*pickle*8 tests     shop/graphs.py:*",
            "2  shop.graphs.Unpicklable*broken everywhere*pickle*8 tests     shop/graphs.py:*",
            (
                "not looked at: judged by others of their class before them; "
                "portable_errors_thorough = true sends each (19 exceptions: *)"
            ),
            "checked 3 classes, 24 exceptions: 1 whole, 2 lossy",
        ]
    )


def test_the_tests_that_meet_a_defect_fail_in_error_mode(graphs: Any) -> None:
    graphs("--portable-errors").assert_outcomes(passed=8, failed=16)


def test_past_the_looks_of_a_run_they_are_told_of(graphs: Any, pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        "from pytest_portable_errors.judging import shapes\nshapes.LARGE_LOOKS = 1\n"
    )
    result = graphs("--portable-errors-mode=warn")
    result.assert_outcomes(passed=24)
    result.stdout.fnmatch_lines(
        [
            (
                "not looked at: past the first * of a class, or * of those that hold much; * "
                "(16 exceptions: shop.graphs.Lossy, shop.graphs.Unpicklable)"
            ),
            "*checked 1 class, 8 exceptions: 1 whole",
        ]
    )


def test_what_holds_little_is_looked_at_each_time(graphs: Any, pytester: pytest.Pytester) -> None:
    """The control."""
    pytester.makeconftest("import shop.graphs\nshop.graphs.graph = lambda: []\n")
    result = graphs("--portable-errors-mode=warn")
    result.stdout.no_fnmatch_line("*not looked at*")
    result.stdout.fnmatch_lines(["checked 3 classes, 24 exceptions: 1 whole, 2 lossy"])


KINDS = """
from large_zoo import KINDS, HoldsError

@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_it(kind):
    with pytest.raises(HoldsError):
        raise kind()
"""


class TestAnyKind:
    """What holds a million objects, 10,000 levels, a cycle, a module, the interpreter, or what
    changes while it is looked at."""

    @pytest.fixture(autouse=True)
    def zoo(self, shop: Path, pytester: pytest.Pytester) -> None:
        shutil.copy(large_zoo.__file__, pytester.path)

    def serializers(self, *names: str) -> str:
        return "portable_errors_serializers=" + " ".join(names)

    @pytest.mark.parametrize(
        "serializers",
        [
            pytest.param(("pickle",), marks=MATRIX),
            pytest.param(
                ("pickle", "cloudpickle", *filter(is_here, [row.name for row in CARRIERS])),
                marks=MATRIX,
            ),
        ],
        ids=["pickle", "every serializer"],
    )
    def test_warn_mode_ends_by_every_serializer(
        self, run: Any, serializers: tuple[str, ...]
    ) -> None:
        chosen = self.serializers(*serializers)
        result = run(KINDS, "--portable-errors-mode=warn", "-o", chosen, *SETTINGS)
        assert result.parseoutcomes() == {"passed": len(large_zoo.KINDS)}
        result.stdout.fnmatch_lines(
            [
                (
                    "not looked at: values past the 2,000 that are nearest to the surface (* "
                    "exceptions: large_zoo.HoldsError)"
                ),
                (
                    "not looked at: what the payload has past its first 7,500 opcodes (* "
                    "exceptions: large_zoo.HoldsError)"
                ),
                f"checked 1 class, {len(large_zoo.KINDS)} exceptions: 0 whole, 1 lossy",
            ]
        )

    @MATRIX
    def test_error_mode_fails_those_that_do_not_arrive(self, run: Any) -> None:
        result = run(
            KINDS,
            *("--portable-errors", "-rf"),
            *("-o", self.serializers("pickle", "cloudpickle")),
            *SETTINGS,
        )
        lossy = ("levels", "cycle", "grows", "grows_itself", "module", "interpreter")
        result.assert_outcomes(passed=len(large_zoo.KINDS) - len(lossy), failed=len(lossy))
        result.stdout.fnmatch_lines(
            [f"FAILED test_shop.py::test_it[[]{name}] - large_zoo.HoldsError *" for name in lossy]
        )
