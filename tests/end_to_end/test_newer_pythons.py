"""What Python 3.14 and 3.15 have changed under us: annotations, subinterpreters, forking."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors import check_round_trip
from pytest_portable_errors.receiver.described import subject_of
from pytest_portable_errors.run.capture import CapturedExceptions
from pytest_portable_errors.sender.serializers import Pickle

LOCK = threading.Lock()
since_3_15 = pytest.mark.skipif(sys.version_info < (3, 15), reason="Python 3.15 is needed")
since_3_14 = pytest.mark.skipif(sys.version_info < (3, 14), reason="Python 3.14 is needed")


class TestAnnotations:
    """Those that only type checkers resolve: Python evaluates them when they are asked for."""

    CHECKED = (
        "import dataclasses\nfrom typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from shop.models import Order\n\n"
        "class OrderError(Exception):\n"
        "    order: Order\n"
        "    def __init__(self, order: Order, lines: list[Order] | None = None) -> None:\n"
        "        super().__init__(f'order {order} failed')\n"
        "        self.order, self.lines = order, lines\n\n"
        "@dataclasses.dataclass\n"
        "class Refused(Exception):\n"
        "    order: Order\n"
        "    def __post_init__(self) -> None: super().__init__(f'{self.order} refused')\n"
    )
    SOURCE = "from shop.checked import OrderError\n\ndef test_it():\n    with pytest.raises(OrderError): raise OrderError(7)\n"

    @since_3_14
    def test_the_reason_and_the_fix_are_told(self, run: Any, shop: Path) -> None:
        (shop / "checked.py").write_text(self.CHECKED)
        result = run(self.SOURCE, "--portable-errors", "test_shop.py")
        result.stdout.fnmatch_lines(
            [
                "1  shop.checked.OrderError *",
                "   why: loads calls OrderError('order 7 failed') *",
                "   fix: add __reduce__ to shop.checked.OrderError, * (tried on * instances: arrives whole)",
            ]
        )

    @since_3_14
    def test_the_survey_builds_the_classes(self, run: Any, shop: Path) -> None:
        (shop / "checked.py").write_text(self.CHECKED)
        result = run(
            "", "--portable-errors", "--portable-errors-survey", "shop.checked", "test_shop.py"
        )
        result.stdout.fnmatch_lines_random(
            ["?  shop.checked.OrderError *", "?  shop.checked.Refused *"]
        )


MAKES_AN_INTERPRETER = """
try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters
interpreters.create()

class Kept(Exception):
    pass

class Changed(Exception):
    def __init__(self, reason): super().__init__(f"failed: {reason}")
"""


def run_script(script: str, *, cwd: Path) -> str:
    """What a script prints that runs in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=cwd, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_module_that_makes_a_subinterpreter_crashes_nobody(tmp_path: Path) -> None:
    """A fork of a process with one ends at once, or hangs."""
    (tmp_path / "makes_one.py").write_text(MAKES_AN_INTERPRETER)
    script = (
        "import sys; sys.path.insert(0, '.')\n"
        "from makes_one import Kept, Changed\n"
        "from pytest_portable_errors import check_round_trip\n"
        "for exc in (Kept('a'), Kept('b'), Changed('c')):\n"
        "    trip = check_round_trip(exc, receiver='with-project')\n"
        "    print(trip.stage.value, trip.arrived_whole)\n"
        "import os; os._exit(0)  # Python complains at its end of interpreters that are left\n"
    )
    done = run_script(script, cwd=tmp_path)
    assert done == "arrived True\narrived True\narrived False\n"


def test_forking_with_threads_is_an_error_for_nobody(run: Any) -> None:
    """From Python 3.12 on it warns, and in 3.15 the warning can be raised: nothing is forked in the
    test's process."""
    source = (
        "import threading\n"
        "@pytest.mark.portable_exception(receiver='with-project')\n"
        "def test_it():\n"
        "    done = threading.Event()\n"
        "    threading.Thread(target=done.wait, daemon=True).start()\n"
        "    with pytest.raises(Whole): raise Whole('a')\n"
        "    done.set()\n"
    )
    result = run(source, "-W", "error")
    result.assert_outcomes(passed=1)


VALUES = """
lazy import colorsys
MISSING = sentinel("MISSING")

class Held(Exception): pass

class Forgets:
    def __init__(self): self.kept, self.lost = 1, 2
    def __setstate__(self, state): self.kept = state["kept"]

def holding(value):
    exc = Held("a")
    exc.value = value
    return exc
"""


@since_3_15
@pytest.mark.parametrize(
    ("value", "arrives"),
    [
        ("frozendict(a=1, b=[MISSING])", "values15.Held arrives whole"),
        ("frozendict(a=Forgets())", "  - exc.value['a'].lost   2"),
        ("frozendict(a=[frozendict(b=Forgets())])", "  - exc.value['a'][0]['b'].lost   2"),
        ("MISSING", "values15.Held arrives whole"),
        (
            "sentinel('LOCAL')",
            "  why   exc.value (builtins.sentinel) cannot be pickled",
        ),
        (
            "frozendict(a=[lambda: 1])",
            "  why   exc.value['a'][0] (builtins.function) cannot be pickled",
        ),
        (
            "vars(sys.modules['values15'])['colorsys']",
            "  why   exc.value (builtins.module) cannot be pickled",
        ),
    ],
)
def test_values_of_python_3_15(value: str, arrives: str, tmp_path: Path) -> None:
    (tmp_path / "values15.py").write_text(VALUES)
    script = (
        "import sys; sys.path.insert(0, '.')\nfrom values15 import *\n"
        "from pytest_portable_errors import check_round_trip\n"
        f"exc = holding({value})\n"
        "print(check_round_trip(exc, serializer='pickle', receiver='with-project'))"
    )
    assert any(
        line.startswith(arrives) for line in run_script(script, cwd=tmp_path).splitlines()
    ), arrives


def test_what_the_compiler_tells_the_printer_is_pythons_own() -> None:
    """``SyntaxError._metadata``, which pickle does not carry."""
    with pytest.raises(SyntaxError) as caught:
        compile("clas Order:\n    pass\n", "orders.py", "exec")
    assert (sys.version_info < (3, 14)) is not hasattr(caught.value, "_metadata")
    assert check_round_trip(caught.value).arrived_whole


@since_3_14
@pytest.mark.parametrize(
    ("value", "path"),
    [
        ({"a": [1, LOCK]}, "exc.value['a'][1]"),
        ((1, {"b": {"c": LOCK}}), "exc.value[1]['b']['c']"),
        ([[[LOCK]]], "exc.value[0][0][0]"),
    ],
    ids=["dict", "tuple", "list"],  # not by their reprs, which have addresses
)
def test_the_path_is_the_one_that_pickle_itself_notes(value: object, path: str) -> None:
    """Since 3.14 pickle says in notes which item it was at, the innermost first: ``when serializing
    list item 1``."""
    exc = ValueError("holds")
    exc.value = value  # type: ignore[attr-defined]  # as a program might
    trip = check_round_trip(exc, serializer="pickle")
    assert trip.diagnosis is not None
    assert trip.diagnosis.evidence[0] == path
    with pytest.raises(TypeError) as caught:
        pickle.dumps(exc)
    notes = [note for note in caught.value.__notes__ if "item" in note]
    noted = "".join(f"[{re.sub(r'.* item ', '', note)}]" for note in reversed(notes))
    # the outermost are pickle's own: the state of the exception, and its key there
    assert noted.endswith(path.removeprefix("exc.value"))


@since_3_14
def test_thousands_of_notes_cost_nothing() -> None:
    """pickle puts a note for each level on its RecursionError."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(RecursionError) as caught:
        pickle.dumps(deep)
    assert len(caught.value.__notes__) > 1_000
    exc = ValueError("deep")
    exc.value = deep  # type: ignore[attr-defined]  # as a program might
    trip = check_round_trip(exc, serializer="pickle")
    assert trip.error is not None
    assert trip.error["type"] == "builtins.RecursionError"
    assert len(str(trip)) < 2_000
    # and as an exception that a test raises, which carries them: the record is cut
    noted = check_round_trip(caught.value.with_traceback(None), serializer="pickle")
    assert len(str(noted)) < 10_000


def test_forty_threads_are_seen_by_one_test() -> None:
    """Without a GIL nothing else is done; ``CapturedExceptions`` says why that is right."""
    captured = CapturedExceptions(serializers=(Pickle(),), traceback=False, outcomes=())
    shared = ValueError("shared")
    together = threading.Barrier(40)

    def raise_many(start: int) -> None:
        together.wait()
        for number in range(start, 400, 40):
            captured.see(ValueError(number))
            captured.see(shared)

    threads = [threading.Thread(target=raise_many, args=(start,)) for start in range(40)]
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(before)
    args = [
        subject_of(outgoing.sent)["args"]["items"][0]["text"] for (outgoing,) in captured.outgoing
    ]
    assert {text for text in args if text != "'shared'"} == {str(number) for number in range(400)}
    assert 1 <= args.count("'shared'") <= 40
    assert len(args) == 400 + args.count("'shared'")
