"""A new process imports what was written, and says what does not hold."""

from __future__ import annotations

import pickle
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.repair import proof
from pytest_portable_errors.repair.proof import Evidence, Proof, in_new_process
from pytest_portable_errors.repair.reducers import module_text

HOLDS = """\
class Holds(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b

    def __reduce__(self):
        return type(self), (self.args[0], self.b)


class Outer:
    class Inner(Exception):
        def __init__(self, a, b):
            super().__init__(a)

"""
LOST = """\
class Lost(Exception):
    def __init__(self, a, b):
        super().__init__(a)
        self.b = b
"""


def evidence(owner: str, **changes: Any) -> Evidence:
    asked: dict[str, Any] = {
        "owner": owner,
        "classes": (owner.replace(":", "."),),
        "payloads": (),
        "unrepaired": 0,
        "keeps_chain": False,
    }
    return Evidence(**{**asked, **changes})


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    (folder / "shop_of_proof").mkdir(parents=True)
    (folder / "shop_of_proof" / "__init__.py").write_text("")
    (folder / "shop_of_proof" / "errors.py").write_text(HOLDS + LOST)
    return folder


def proved(
    project: Path, *rows: Evidence, reducers: str = "", registered: frozenset[str] = frozenset()
) -> Proof:
    return in_new_process(rows, reducers, registered, folder=project, path=[str(project)])


def test_of_two_classes_the_one_that_is_still_lost_is_told(project: Path) -> None:
    done = proved(
        project, evidence("shop_of_proof.errors:Holds"), evidence("shop_of_proof.errors:Lost")
    )
    assert list(done.failures) == ["shop_of_proof.errors:Lost"]
    assert done.failures["shop_of_proof.errors:Lost"].startswith(
        "shop_of_proof.errors.Lost does not arrive: loads raised TypeError"
    )


def test_as_many_may_be_lost_as_were_when_the_fix_was_tried(project: Path) -> None:
    row = evidence("shop_of_proof.errors:Lost", unrepaired=99)
    assert proved(project, row).failures == {}


def test_what_is_given_up_may_be_lost(project: Path) -> None:
    source = HOLDS.replace(", self.b)", ", None)")
    (project / "shop_of_proof" / "errors.py").write_text(source)
    owner = "shop_of_proof.errors:Holds"
    assert list(proved(project, evidence(owner)).failures) == [owner]
    assert proved(project, evidence(owner, gives_up=("exc.b",))).failures == {}


def test_what_tests_raised_is_sent_again(project: Path) -> None:
    owner = "shop_of_proof.errors:Holds"
    names = b"cshop_of_proof.errors\nHolds\n(I1\nI2\ntR."
    assert proved(project, evidence(owner, payloads=(names,))).failures == {}
    fails = evidence(owner, payloads=(names.replace(b"I2\n", b""),))
    assert proved(project, fails).failures == {
        owner: "what a test raised cannot be rebuilt any more"
    }


def test_the_chain_has_to_arrive_where_the_fix_keeps_it(project: Path) -> None:
    with_cause = (
        b"cshop_of_proof.errors\nHolds\n(I1\nI2\ntR(dS'__cause__'\ncbuiltins\nKeyError\n(I1\ntRsb."
    )
    owner = "shop_of_proof.errors:Holds"
    assert proved(project, evidence(owner, payloads=(with_cause,))).failures == {}
    why = proved(project, evidence(owner, payloads=(with_cause,), keeps_chain=True)).failures[owner]
    assert "chain" in why or "cause" in why


def test_what_is_to_arrive_as_another_class_arrives_as_that_with_its_message(
    project: Path,
) -> None:
    owner = "shop_of_proof.errors:Lost"
    row = evidence(owner, becomes="builtins.ValueError")
    reducer = (
        "import copyreg\nfrom shop_of_proof.errors import Lost\n"
        "copyreg.pickle(Lost, lambda error: ({cls}, ({text},)))\n"
    )
    told = []
    for cls, text in [
        ("ValueError", "str(error)"),
        ("ValueError", "'another'"),
        ("OSError", "str(error)"),
    ]:
        (project / "reducers_of_proof.py").write_text(reducer.format(cls=cls, text=text))
        told.append(proved(project, row, reducers="reducers_of_proof").failures.get(owner, ""))
    assert told[0] == ""
    assert "message" in told[1]
    assert "type (exc: OSError)" in told[2]


# --- what makes a module fail


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("raise ValueError('no')", "raises ValueError: no"),
        ("import absent_library", "raises ModuleNotFoundError: No module named 'absent_library'"),
        ("raise SystemExit(3)", "raises SystemExit: 3"),
        ("def f(:", "raises SyntaxError: invalid syntax (errors.py, line 1)"),
    ],
)
def test_a_module_that_cannot_be_imported_is_told_with_its_error(
    project: Path, line: str, why: str
) -> None:
    (project / "shop_of_proof" / "errors.py").write_text(f"{line}\n{HOLDS}")
    (project / "beside.py").write_text(HOLDS)
    owner = "shop_of_proof.errors:Holds"
    done = proved(project, evidence(owner), evidence("beside:Holds"))
    assert done.failures == {owner: f"importing shop_of_proof.errors {why}"}


def test_a_module_that_ends_the_process_refuses_all(project: Path) -> None:
    (project / "ends.py").write_text(f"import os\n{HOLDS}\nos._exit(7)\n")
    rows = [evidence("shop_of_proof.errors:Holds"), evidence("ends:Holds")]
    why = "the process that was to prove it ended with 7: "
    assert proved(project, *rows).failures == {row.owner: why for row in rows}


@pytest.mark.parametrize(
    "noise",
    [
        "import sys; sys.stdout.buffer.write(b'\\xff\\0\\xfe')",
        "print('{}'); print('\\0portable-errors')",
        "import atexit; atexit.register(print, 'the end')",
        "import os, sys; sys.stdout = open(os.devnull, 'w')",
        "import sys; sys.stdin.read()",
    ],
)
def test_modules_may_print_and_replace_what_they_like(project: Path, noise: str) -> None:
    (project / "shop_of_proof" / "errors.py").write_text(f"{noise}\n{HOLDS}{LOST}")
    done = proved(
        project, evidence("shop_of_proof.errors:Holds"), evidence("shop_of_proof.errors:Lost")
    )
    assert list(done.failures) == ["shop_of_proof.errors:Lost"]


def test_it_takes_no_longer_than_it_may(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "slow.py").write_text(f"import time\ntime.sleep(60)\n{HOLDS}")
    monkeypatch.setattr(proof, "LONGEST", 1.0)
    begin = time.monotonic()
    done = proved(project, evidence("slow:Holds"))
    assert done.failures == {"slow:Holds": "the proof took more than 1 s"}
    assert time.monotonic() - begin < 30


def test_the_files_as_they_are_now_are_imported(project: Path) -> None:
    """Not this process's modules, and no file of compiled code that is as old to the second."""
    owner = "shop_of_proof.errors:Lost"
    assert list(proved(project, evidence(owner)).failures) == [owner]
    source = HOLDS.replace("Holds", "Lost")
    (project / "shop_of_proof" / "errors.py").write_text(source)
    assert proved(project, evidence(owner)).failures == {}


# --- the module of reducers


def written(project: Path, *names: str) -> frozenset[str]:
    table = Table(rebuilt=frozenset(names))
    (project / "reducers_of_proof.py").write_text(module_text(None, table, "reducers_of_proof"))
    return table.classes


def test_the_module_of_reducers_is_imported_first(project: Path) -> None:
    owner = "shop_of_proof.errors:Lost"
    registered = written(project, "shop_of_proof.errors.Lost")
    done = proved(project, evidence(owner), reducers="reducers_of_proof", registered=registered)
    assert (done.failures, done.travelling) == ({}, frozenset())
    assert list(proved(project, evidence(owner)).failures) == [owner]  # the control


def test_a_module_of_reducers_that_fails_is_told_of_each(project: Path) -> None:
    (project / "reducers_of_proof.py").write_text("x = y\n")
    owner = "shop_of_proof.errors:Holds"
    done = proved(project, evidence(owner), reducers="reducers_of_proof")
    why = "importing reducers_of_proof raises NameError: name 'y' is not defined"
    assert done.failures == {owner: why}


def test_which_classes_travel_without_it_and_which_are_gone(project: Path) -> None:
    registered = written(
        project,
        "shop_of_proof.errors.Holds",
        "shop_of_proof.errors.Lost",
        "shop_of_proof.errors.Outer.Inner",
        "shop_of_proof.errors.Gone",
        "absent_library.Absent",
        "shop_of_proof.absent.Absent",
        "builtins.KeyError",
    )
    done = proved(project, reducers="reducers_of_proof", registered=registered)
    assert done.travelling == {"shop_of_proof.errors.Holds", "builtins.KeyError"}
    assert done.gone == {"shop_of_proof.errors.Gone"}
    assert done.failures == {}


def test_a_class_in_a_class_is_built(project: Path) -> None:
    name = "shop_of_proof.errors.Outer.Inner"
    row = evidence("shop_of_proof.errors:Holds", classes=(name,))
    assert list(proved(project, row).failures) == ["shop_of_proof.errors:Holds"]


def test_the_control_the_class_in_the_class_is_lost(project: Path) -> None:
    code = (
        "import pickle\nfrom shop_of_proof.errors import Outer\n"
        "pickle.loads(pickle.dumps(Outer.Inner(1, 2)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=project, capture_output=True, check=False
    )
    assert b"missing 1 required positional argument" in done.stderr
    assert pickle.loads(pickle.dumps(KeyError(1))).args == (1,)


def test_a_script_of_the_project_is_not_taken_for_a_module_of_python_s(project: Path) -> None:
    for name in ("base64", "difflib", "queue", "subprocess"):
        (project / f"{name}.py").write_text("raise RuntimeError('a script')\n")
    done = proved(project, evidence("shop_of_proof.errors:Holds"))
    assert done.failures == {}
