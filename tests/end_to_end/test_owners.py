"""A defect is told under the class that owns it, whoever inherits or holds it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conftest import Run

FAMILY = """
class Base(Exception):
    def __init__(self, code, text):
        super().__init__(f"{code}: {text}")
        self.code = code


class Below(Base):
    pass


class Deeper(Below):
    pass


class Holds(Exception):
    def __init__(self, message, last):
        super().__init__(message, last)
        self.last = last
"""
RAISES = """
def test_below():
    with pytest.raises(Below): raise Below(1, "a")

def test_deeper():
    with pytest.raises(Deeper): raise Deeper(1, "a")

def test_holds():
    with pytest.raises(Holds): raise Holds("no luck", Below(1, "a"))
"""
TAKEN = (
    "--portable-errors",
    "--portable-errors-receiver=with-project",
    "--override-ini=portable_errors_checks=type message args attributes",
    "--portable-errors-report=report.json",
)


@pytest.fixture
def family(shop: Path) -> Path:
    (shop / "errors.py").write_text(FAMILY)
    return shop


def defects(folder: Path) -> dict[str, Any]:
    report = json.loads((folder / "report.json").read_text())
    return {defect["cls"].rpartition(".")[2]: defect["detail"] for defect in report["defects"]}


@pytest.mark.usefixtures("family")
def test_it_is_one_entry_with_the_others_named(run: Run, pytester: pytest.Pytester) -> None:
    result = run(RAISES, *TAKEN)
    result.stdout.fnmatch_lines(
        [
            "*= portable errors: 1 defect in 4 classes =*",
            "1  shop.errors.Base * shop/errors.py:3",
            "   the same in 3 more classes: shop.errors.Below, shop.errors.Deeper, shop.errors.Holds",
        ]
    )
    found = defects(pytester.path)
    assert {detail["owner"] for detail in found.values()} == {"shop.errors.Base"}
    assert {name for name in found if found[name]["is_held"]} == {"Holds"}


@pytest.mark.usefixtures("family")
def test_who_only_holds_it_is_not_changed(run: Run, family: Path) -> None:
    result = run(RAISES, *TAKEN, "--portable-errors-fix")
    result.stdout.fnmatch_lines(["portable errors: fixed 1 of 1 defect in 1 file"])
    written = (family / "errors.py").read_text()
    assert written.count("def __reduce__") == 1
    assert "def __reduce__" in written.partition("class Below")[0]
    assert run(RAISES, *TAKEN).ret == pytest.ExitCode.OK


def test_a_project_s_class_is_repaired_where_a_library_owns_the_defect(
    run: Run, shop: Path, pytester: pytest.Pytester
) -> None:
    """It is told apart from the library's, because it is repaired elsewhere."""
    (shop / "errors.py").write_text(
        "from subprocess import CalledProcessError\n\n\nclass Refused(CalledProcessError):\n"
        '    """It inherits an ``__init__`` that does not fit."""\n'
    )
    result = run(
        "def test_it():\n    with pytest.raises(Refused): raise Refused(3, 'cmd')\n", *TAKEN
    )
    result.stdout.fnmatch_lines(["1  shop.errors.Refused *"])


def test_a_generated_init_has_the_place_of_its_class(
    run: Run, shop: Path, pytester: pytest.Pytester
) -> None:
    (shop / "errors.py").write_text(
        "from dataclasses import dataclass\n\n\n@dataclass\nclass Unbalanced(Exception):\n"
        "    payee: str\n    difference: int\n"
    )
    result = run(
        "def test_it():\n    with pytest.raises(Unbalanced):\n"
        "        raise Unbalanced(payee='a', difference=1)\n",
        *TAKEN,
    )
    result.stdout.re_match_lines([r"1  shop\.errors\.Unbalanced .* shop/errors\.py:4$"])
