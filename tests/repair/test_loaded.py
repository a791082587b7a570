"""Reducers of the project's module are used as if registered, and nothing is registered."""

from __future__ import annotations

import copyreg
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_portable_errors.diagnosis.reducers_table import Table
from pytest_portable_errors.diagnosis.reducers_text import BEGIN, END, generated_part
from pytest_portable_errors.repair.loaded import reducers_in
from pytest_portable_errors.repair.reducers import NotOurs, module_text

ERROR = json.JSONDecodeError("m", "doc", 0)
TABLE = Table(
    rebuilt=frozenset({"json.decoder.JSONDecodeError", "absent_library.Absent"}),
    becomes={"builtins.KeyError": "builtins.RuntimeError"},
)


def test_classes_are_known_by_their_names() -> None:
    reducers = reducers_in(module_text(None, TABLE, "m"), "m.py")
    reduced = reducers[json.JSONDecodeError](ERROR)
    assert isinstance(reduced, tuple)
    assert reduced[0] == ValueError.__new__
    assert (reduced[1][0], reduced[2]["doc"]) == (json.JSONDecodeError, "doc")
    becomes = reducers[KeyError](KeyError("a"))
    assert isinstance(becomes, tuple)
    assert becomes[1] == (RuntimeError, "'a'")
    assert ValueError not in reducers, "the control: another class"
    assert reducers.get(ValueError) is None
    assert (len(reducers), list(reducers)) == (3, [])


def test_nothing_is_registered() -> None:
    before = dict(copyreg.dispatch_table)
    reducers_in(module_text(None, TABLE, "m"), "m.py")
    assert copyreg.dispatch_table == before
    scope: dict[str, object] = {}
    exec(generated_part(TABLE), scope)
    try:  # the control: who imports the module registers
        assert json.JSONDecodeError in copyreg.dispatch_table
    finally:
        copyreg.dispatch_table.clear()
        copyreg.dispatch_table.update(before)


def test_no_library_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lib_of_reducers.py").write_text("class Lost(Exception):\n    pass\n")
    monkeypatch.syspath_prepend(tmp_path)
    table = Table(rebuilt=frozenset({"lib_of_reducers.Lost"}))
    reducers = reducers_in(module_text(None, table, "m"), "m.py")
    assert "lib_of_reducers" not in sys.modules
    lost = __import__("lib_of_reducers").Lost
    monkeypatch.delitem(sys.modules, "lib_of_reducers")
    assert lost in reducers, "the control: it is known as soon as somebody else imports it"


@pytest.mark.parametrize("name", ["lib.Outer.Lost", "lib.<locals>.Lost"])
def test_a_class_is_named_by_its_qualified_name(name: str) -> None:
    module, _, qualname = name.partition(".")
    cls = type("Lost", (Exception,), {"__module__": module, "__qualname__": qualname})
    text = module_text(None, Table(rebuilt=frozenset({name})), "m")
    assert cls in reducers_in(text, "m.py")
    other = module_text(None, Table(rebuilt=frozenset({"lib.Lost"})), "m")
    assert cls not in reducers_in(other, "m.py")


def test_a_class_of_a_module_that_nobody_finds_is_known_by_its_public_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """cryptography's VerificationError says that it is of a module of Rust's."""
    source = "class Lost(Exception):\n    __module__ = 'lib_of_reducers._rust.errors'\n"
    (tmp_path / "lib_of_reducers.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "lib_of_reducers", raising=False)
    lost = __import__("lib_of_reducers").Lost
    table = Table(becomes={"lib_of_reducers.Lost": "builtins.LookupError"})
    reducers = reducers_in(module_text(None, table, "m"), "m.py")
    reduced: Any = reducers[lost](lost("m"))
    assert reduced[1] == (LookupError, "m")
    unfound = type("Lost", (Exception,), {"__module__": "lib_of_reducers._rust.errors"})
    assert unfound not in reducers, "another class of that name"


def test_what_is_written_by_hand_is_not_run() -> None:
    text = f"raise SystemExit\n{generated_part(TABLE)}raise SystemExit\n"
    assert KeyError in reducers_in(text, "m.py")


@pytest.mark.parametrize("text", ["", "x = 1\n", module_text(None, Table(), "m")])
def test_without_classes_there_are_no_reducers(text: str) -> None:
    assert reducers_in(text, "m.py") == {}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("def reduce_exception", "def reduce_it"),
        ("import types\n", ""),
        ("register()\n#", "raise ValueError\n#"),
    ],
)
def test_a_generated_part_that_was_broken_by_hand_is_refused(old: str, new: str) -> None:
    text = module_text(None, TABLE, "m")
    assert old in text
    with pytest.raises(NotOurs, match="its generated part cannot be run: "):
        reducers_in(text.replace(old, new), "m.py")


def test_a_mark_that_is_missing_is_told() -> None:
    with pytest.raises(NotOurs, match="one of its two marks is missing"):
        reducers_in(f"{BEGIN}\n", "m.py")
    with pytest.raises(NotOurs, match="one of its two marks is missing"):
        reducers_in(f"{END}\n", "m.py")
