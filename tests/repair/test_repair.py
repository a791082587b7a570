"""What a run has found is written, proved, and put back where it does not hold."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.diagnosis.findings import Fix
from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.diagnosis.reducers_text import BEGIN, END
from pytest_portable_errors.repair.plan import Place
from pytest_portable_errors.repair.proof import Evidence, Proof
from pytest_portable_errors.repair.proposals import Left
from pytest_portable_errors.repair.reducers import module_text, table_of
from pytest_portable_errors.repair.repair import Repair, repaired
from pytest_portable_errors.report.defect import Defect
from pytest_portable_errors.report.rows import Detail

SOURCE = """\
class A(Exception):
    def __init__(self, a):
        super().__init__()


class B(Exception):
    def __init__(self, b):
        super().__init__()
"""
METHOD = "def __reduce__(self):\n    return type(self), ()\n"
ADDED = "\n    def __reduce__(self):\n        return type(self), ()\n"


def detail(cls: str, fixes: Sequence[Fix], why: str = "") -> Detail:
    return Detail(
        cls=cls,
        cause="init-does-not-fit-args",
        how="raised",
        test="",
        headline="",
        why=why,
        fixes=[asdict(fix) for fix in fixes],
        file="",
        line=0,
        owner="",
        is_held=False,
        text="",
        trip={"evidence": []},
    )


def defect(cls: str, *fixes: Fix) -> Defect:
    return Defect(cls=cls, cause="init-does-not-fit-args", detail=detail(cls, fixes))


def method(name: str, file: str = "errors.py", **changes: Any) -> Defect:
    """A defect that a method repairs."""
    fix = {
        "owner": f"errors:{name}",
        "method": "__reduce__",
        "code": METHOD,
        "file": file,
        "recipe": "WithoutInit",
    }
    return defect(f"errors.{name}", Fix(title="", arrives_whole=True, **{**fix, **changes}))


def reducer(name: str, **changes: Any) -> Defect:
    """A defect that a reducer for a class of others repairs."""
    fix = {"owner": name.replace(".", ":"), "recipe": "WithChain"}
    return defect(name, Fix(title="", code="", arrives_whole=True, **{**fix, **changes}))


class Prover:
    """Stands for the new process: says what fails, and remembers what the files held then."""

    def __init__(self, folder: Path, *failing: str) -> None:
        self.folder, self.failing = folder, failing
        self.asked: list[tuple[list[str], str, list[str]]] = []
        self.seen: list[dict[str, str]] = []
        self.proof: dict[str, frozenset[str]] = {}
        self.does: Callable[[], None] = lambda: None

    def __call__(
        self, evidence: Sequence[Evidence], module: str, registered: frozenset[str]
    ) -> Proof:
        self.asked.append(([one.owner for one in evidence], module, sorted(registered)))
        self.seen.append(contents(self.folder))
        self.does()
        return Proof(failures=dict.fromkeys(self.failing, "it is lost"), **self.proof)


def contents(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = Path(os.path.realpath(tmp_path)) / "project"
    folder.mkdir()
    (folder / "errors.py").write_text(SOURCE)
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


Repairs = Callable[..., Repair]


@pytest.fixture
def prover(root: Path) -> Prover:
    return Prover(root)


@pytest.fixture
def repair(root: Path, prover: Prover) -> Repairs:
    def repair(*defects: Defect, **changes: Any) -> Repair:
        asked: dict[str, Any] = {
            "place": Place(
                root=root,
                reducers=root / "reducers.py",
                reducers_module="reducers",
                ini=root / "pytest.ini",
            ),
            "started": time.time() + 3600,
            "unsafe": False,
            "writes": True,
            "payloads": {},
            "prove": prover,
        }
        return repaired(defects, **{**asked, **changes})

    return repair


def test_fixes_are_written_and_then_proved(root: Path, repair: Repairs, prover: Prover) -> None:
    done = repair(method("A"), method("B"))
    after = SOURCE.replace("super().__init__()\n", f"super().__init__()\n{ADDED}")
    assert contents(root)["errors.py"] == after
    assert prover.seen[0]["errors.py"] == after
    assert prover.asked == [(["errors:A", "errors:B"], "", [])]
    assert (done.defects, done.fixed, done.left, done.files) == (2, 2, (), ("errors.py",))


def test_nothing_is_proved_where_there_is_nothing_to_write(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    before = contents(root)
    done = repair(defect("errors.A"))
    assert (done.fixed, len(done.left), done.files, prover.asked) == (0, 1, (), [])
    assert contents(root) == before


def test_a_diff_writes_nothing(root: Path, repair: Repairs, prover: Prover) -> None:
    before = contents(root)
    done = repair(method("A"), reducer("json.JSONDecodeError"), writes=False)
    assert contents(root) == before
    assert prover.asked == []
    assert (done.fixed, done.files) == (2, ("errors.py", "reducers.py"))
    assert "--- a/errors.py\n+++ b/errors.py\n@@ -1,6 +1,9 @@\n" in done.diff
    assert "--- /dev/null\n+++ b/reducers.py\n" in done.diff


# --- putting back


def test_the_only_fix_is_put_back_if_it_does_not_hold(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    before = contents(root)
    prover.failing = ("errors:A",)
    done = repair(method("A"))
    assert contents(root) == before
    assert prover.seen[0] != before, "the control: it was written"
    assert (done.fixed, done.files, done.diff) == (0, (), "")
    assert done.left == (
        Left("errors.A", "its fix does not hold where it was written: it is lost"),
    )


def test_of_two_the_one_that_holds_stays_and_is_proved_alone(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    prover.failing = ("errors:B",)
    done = repair(method("A"), method("B"))
    head, tail = SOURCE.split("\n\nclass B")
    assert contents(root)["errors.py"] == f"{head}{ADDED}\n\nclass B{tail}"
    assert [owners for owners, _, _ in prover.asked] == [["errors:A", "errors:B"], ["errors:A"]]
    assert (done.fixed, [left.cls for left in done.left]) == (1, ["errors.B"])


def test_a_module_of_reducers_that_was_new_goes(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    before = contents(root)
    prover.failing = ("json:JSONDecodeError",)
    done = repair(reducer("json.JSONDecodeError"))
    assert "reducers.py" in prover.seen[0]
    assert contents(root) == before
    assert (done.fixed, done.files, done.advice) == (0, (), ())


def test_a_line_of_the_settings_goes_with_its_fix(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    before = contents(root)
    prover.failing = ("errors:A",)
    repair(method("A", expect="errors.A -> errors.A without lock"))
    assert "without lock" in prover.seen[0]["pytest.ini"]
    assert contents(root) == before


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_all_is_put_back_where_the_proof_ends_early(
    root: Path, repair: Repairs, prover: Prover, error: type[BaseException]
) -> None:
    before = contents(root)

    def ends() -> None:
        raise error

    prover.does = ends
    with pytest.raises(error):
        repair(method("A"), reducer("json.JSONDecodeError"))
    assert len(prover.seen[0]) == len(before) + 1
    assert contents(root) == before


def test_what_somebody_edits_meanwhile_stays_and_is_told(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    prover.failing = ("errors:A",)

    def edits() -> None:
        (root / "errors.py").write_text("mine = 1\n")

    prover.does = edits
    done = repair(method("A"))
    assert contents(root)["errors.py"] == "mine = 1\n"
    assert done.fixed == 0
    assert done.advice == (
        "look at errors.py, which was not put back: errors.py has changed since the run began: run again",
    )


def test_a_file_that_cannot_be_written_is_left_and_the_others_are_written(
    root: Path, repair: Repairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "more.py").write_text(SOURCE)
    replace = os.replace

    def refuse(source: str, target: Path) -> None:
        if Path(target).name == "more.py":
            raise PermissionError(13, "Permission denied")
        replace(source, target)

    monkeypatch.setattr(os, "replace", refuse)
    done = repair(method("A"), method("B", file="more.py"))
    assert contents(root)["more.py"] == SOURCE
    assert (done.fixed, done.files) == (1, ("errors.py",))
    assert done.left == (Left("errors.B", "more.py cannot be written: Permission denied"),)
    assert sorted(path.name for path in root.iterdir()) == ["errors.py", "more.py", "pytest.ini"]


def test_a_module_of_reducers_that_cannot_be_tidied_is_no_endless_loop(
    root: Path, repair: Repairs, prover: Prover, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = Table(rebuilt=frozenset({"json.JSONDecodeError"}))
    text = module_text(None, table, "reducers")
    (root / "reducers.py").write_text(text)
    prover.proof = {"travelling": table.rebuilt}

    def refuse(source: str, target: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "replace", refuse)
    done = repair()
    assert (contents(root)["reducers.py"], done.files) == (text, ())


# --- what is left, and why


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"file": ""}, "its source lies outside of the project, or is in no file"),
        ({"file": "lib.zip/errors.py"}, "lib.zip/errors.py is not there: is it in an archive?"),
        ({"file": "../errors.py"}, "{root}/../errors.py lies outside of the project"),
        ({"owner": "errors:C"}, "C is not defined in it by a class statement"),
        (
            {"expect": "errors.A -> errors.A without a", "file": "errors.py"},
            "there is no file for settings: portable_errors_expect = errors.A -> errors.A without a",
        ),
    ],
)
def test_a_fix_that_cannot_be_written_is_left_with_its_reason(
    root: Path, repair: Repairs, prover: Prover, changes: dict[str, str], why: str
) -> None:
    (root / "lib.zip").write_text("PK")
    (root.parent / "errors.py").write_text(SOURCE)
    before = contents(root)
    place = Place(root=root, reducers=root / "reducers.py", reducers_module="reducers", ini=None)
    done = repair(method("A", **changes), place=place)
    assert done.left == (Left("errors.A", why.format(root=root)),)
    assert (contents(root), done.fixed, prover.asked) == (before, 0, [])


def test_settings_in_another_encoding_are_left(root: Path, repair: Repairs) -> None:
    (root / "pytest.ini").write_bytes(b"[pytest]\n# \xe9\n")
    done = repair(method("A", expect="errors.A -> errors.A without lock"))
    assert done.left == (Left("errors.A", "pytest.ini is not in UTF-8"),)
    assert (root / "errors.py").read_text() == SOURCE


def test_a_module_of_reducers_with_one_mark_is_left(root: Path, repair: Repairs) -> None:
    (root / "reducers.py").write_text(f"{BEGIN}\n")
    done = repair(reducer("json.JSONDecodeError"), method("A"))
    assert done.left == (Left("json.JSONDecodeError", "one of its two marks is missing"),)
    assert ((root / "reducers.py").read_text(), done.fixed) == (f"{BEGIN}\n", 1)


def test_a_module_of_reducers_in_another_encoding_is_left(root: Path, repair: Repairs) -> None:
    (root / "reducers.py").write_bytes(b"# coding: latin-1\n# \xe9\n")
    done = repair(reducer("json.JSONDecodeError"))
    assert done.left == (Left("json.JSONDecodeError", "it is not in UTF-8"),)


# --- where lines say which class is meant


def test_an_edit_further_up_does_not_move_the_lines_of_a_class_below(
    root: Path, repair: Repairs
) -> None:
    """The first class has no lines, and its method is as long as the second class is far away."""
    long = METHOD.replace("    return", "".join(f"    x = {n}\n" for n in range(5)) + "    return")
    twice = "\n\nif 0:\n    class A(Exception):\n        def f(self):\n            pass\n" + (
        "".join(f"        x{n} = 1\n" for n in range(7))
        + "else:\n    class A(Exception):\n        def f(self):\n            pass\n"
    )
    first = "class First(Exception):\n    x = 1\n"
    (root / "errors.py").write_text(first + twice)
    repair(method("First", code=long), method("A", lines=(18,)))
    text = (root / "errors.py").read_text()
    assert text.index("__reduce__", text.index("class A")) > text.index("else:")


# --- the module of reducers


def test_reducers_for_others_classes(root: Path, repair: Repairs, prover: Prover) -> None:
    done = repair(reducer("json.JSONDecodeError"), reducer("builtins.NameError", recipe="AndState"))
    table = table_of(contents(root)["reducers.py"])
    assert table.rebuilt == {"json.JSONDecodeError"}
    assert table.added == {"builtins.NameError"}
    assert prover.asked[0][1:] == ("reducers", ["builtins.NameError", "json.JSONDecodeError"])
    assert done.advice == ("others' classes: where your worker starts, import reducers",)


def test_a_second_run_changes_nothing(root: Path, repair: Repairs) -> None:
    repair(reducer("json.JSONDecodeError"))
    before = contents(root)
    status = (root / "reducers.py").stat()
    done = repair()
    assert (contents(root), done.files) == (before, ())
    assert (root / "reducers.py").stat().st_mtime_ns == status.st_mtime_ns


def test_a_class_that_has_learned_to_travel_is_taken_out(
    root: Path, repair: Repairs, prover: Prover
) -> None:
    names = frozenset({"json.JSONDecodeError", "shop.Gone", "shop.RaisedOnly", "shop.Needed"})
    table = Table(rebuilt=names, raised_only=frozenset({"shop.RaisedOnly"}))
    (root / "reducers.py").write_text(module_text(None, table, "reducers"))
    prover.proof = {
        "travelling": frozenset({"json.JSONDecodeError", "shop.RaisedOnly"}),
        "gone": frozenset({"shop.Gone"}),
    }
    done = repair()
    left = table_of(contents(root)["reducers.py"])
    assert left.rebuilt == {"shop.RaisedOnly", "shop.Needed"}
    assert (done.files, done.defects) == (("reducers.py",), 0)


def test_a_file_of_that_name_that_is_wholly_by_hand_is_left_alone(
    root: Path, repair: Repairs
) -> None:
    (root / "reducers.py").write_text("x = 1\n")
    done = repair(method("A"))
    assert (contents(root)["reducers.py"], done.files) == ("x = 1\n", ("errors.py",))
    repair(reducer("json.JSONDecodeError"))  # the control
    assert contents(root)["reducers.py"].startswith(f"x = 1\n\n\n{BEGIN}")
    assert END in contents(root)["reducers.py"]


def test_a_reducer_that_sends_a_base_is_written(root: Path, repair: Repairs) -> None:
    (root / "pytest.ini").write_text("[pytest]\n")
    done = repair(reducer("json.JSONDecodeError", expect="json.JSONDecodeError -> shop.errors.C"))
    assert done.left == ()
    assert '"json.JSONDecodeError": "shop.errors.C"' in contents(root)["reducers.py"]
    assert "json.JSONDecodeError -> shop.errors.C" in contents(root)["pytest.ini"]
